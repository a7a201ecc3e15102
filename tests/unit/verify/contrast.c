/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/contrast.h"

#include "pki.h"
#include "tap.h"

static const struct contrast *
field(const struct contrasts *contrasts, const char *name)
{
	for (size_t i = 0; i < contrasts->count; i++)
		if (strcmp(contrasts->list[i].field, name) == 0)
			return &contrasts->list[i];
	return NULL;
}

TEST(clients,
	"clients differ by what can decide: time, purpose, issuer; not by serial or key bytes")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct pki_cert *ca =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=CA", .ca = true });
	const struct pki_cert *one =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=alice", .issuer = ca });
	const struct pki_cert *twin =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=alice", .issuer = ca });
	const struct pki_cert *other = pki_issue(pki, &(struct pki_spec){ .subject = "CN=alice",
							      .issuer = ca,
							      .days_from = -20,
							      .days = 10,
							      .extended_key_usage = "serverAuth" });
	struct client a = { .name = "a", .chain = &one->cert, .chain_length = 1 };
	struct client b = { .name = "b", .chain = &twin->cert, .chain_length = 1 };
	struct contrasts contrasts = {};

	contrast_clients(arena, &a, &b, PKI_NOW, &contrasts);
	CHECK(contrasts.count == 0);
	b.chain = &other->cert;
	contrast_clients(arena, &a, &b, PKI_NOW, &contrasts);
	CHECK(contrasts.count == 2);
	CHECK(field(&contrasts, "validity") != NULL);
	CHECK_TEXT(field(&contrasts, "validity")->a, "valid now");
	CHECK(strstr(field(&contrasts, "validity")->b, "expired at 2026-05-22") != NULL);
	CHECK(field(&contrasts, "extended key usage") != NULL);
	CHECK_TEXT(field(&contrasts, "extended key usage")->b, "serverAuth");
}

TEST(verifiers, "verifiers differ by their settings, each with the reason why it matters")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct verifier a = { .mode = MODE_REQUIRED, .engine = "openssl", .depth.value = -1 };
	struct verifier b = a;
	struct contrasts contrasts = {};

	contrast_verifiers(arena, &a, &b, &contrasts);
	CHECK(contrasts.count == 0);
	b.depth.value = 1;
	b.crl_check = CRL_CHECK_CHAIN;
	b.ignored_ca_errors[20] = b.ignored_ca_errors[21] = true;
	contrast_verifiers(arena, &a, &b, &contrasts);
	CHECK(contrasts.count == 3);
	CHECK_TEXT(field(&contrasts, "depth")->a, "no limit");
	CHECK_TEXT(field(&contrasts, "depth")->b, "1");
	CHECK_TEXT(field(&contrasts, "revocation")->b, "chain");
	CHECK_TEXT(field(&contrasts, "errors ignored at CAs")->b, "20, 21");
	CHECK(field(&contrasts, "depth")->why != NULL);
}

TAP_MAIN()
