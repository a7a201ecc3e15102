/* SPDX-License-Identifier: Apache-2.0 */
/* A client is expected where its CA is at home, and no repair carries that CA elsewhere. */
#include "diagnosis/concerns.h"

#include "diagnosis/town.h"
#include "tap.h"

#define SECOND_STORE "/etc/pki/second/ca.pem"
#define TWO_SERVERS(outer)                                                             \
	"http {\n" outer "ssl_verify_client on; ssl_verify_depth 2;\n"                 \
	"server { listen 127.0.0.1:1 ssl; ssl_client_certificate /etc/pki/ca.pem; }\n" \
	"server { listen 127.0.0.1:2 ssl; ssl_client_certificate " SECOND_STORE "; }\n}\n"

/* Bob of a second PKI, at a second server. */
static void
settle_bob(struct town *town, const char *config)
{
	const struct pki_cert *bob = town_issue(
		town, &(struct pki_spec){ .subject = "CN=bob,O=Away", .issuer = town->other });

	town_put(town, TOWN_CONFIG, config);
	town_put(town, SECOND_STORE, TOWN_PEM(town, town->other));
	town_client(town, "accept/bob", bob, "");
	town_write(arena_printf(town->arena, "%s/clients/reject/mallory.pem", town->place.root),
		TOWN_PEM(town, town->root));
	town_vouch(town, "all.pem", TOWN_PEM(town, town->root, town->inter, town->other));
}

TEST(two_homes, "two servers with CAs of their own are both healthy")
{
	TOWN;

	settle_bob(&town, TWO_SERVERS(""));
	CHECK_TEXT(town_findings(&town), "");
}

TEST(shared_list, "a CRL that both inherit makes nobody at home at the other")
{
	const struct crl *lists[3];
	const char *text = "";
	TOWN;

	settle_bob(&town, TWO_SERVERS("ssl_crl " TOWN_CRLS ";"));
	lists[0] = pki_crl(town.pki, &(struct pki_crl_spec){ .issuer = town.root });
	lists[1] = pki_crl(town.pki, &(struct pki_crl_spec){ .issuer = town.inter });
	lists[2] = pki_crl(town.pki, &(struct pki_crl_spec){ .issuer = town.other });
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		text = arena_printf(town.arena, "%s%s", text, town_crl_pem(&town, lists[i]));
	town_put(&town, TOWN_CRLS, text);
	CHECK_TEXT(town_findings(&town), "");
}

TEST(same_name, "of two stores of one name, the directory above says which a copy stands for")
{
	TOWN;

	settle_bob(&town, TWO_SERVERS(""));
	place_directory(&town.place, "good/pki");
	place_directory(&town.place, "good/second");
	town_vouch(&town, "pki/ca.pem", TOWN_PEM(&town, town.root, town.inter));
	town_vouch(&town, "second/ca.pem", TOWN_PEM(&town, town.other));
	town_put(&town, SECOND_STORE, "");
	CHECK_TEXT(town_findings(&town),
		"store.empty critical proved accept/alice.pem accept/bob.pem");
	for (size_t i = 0; i < town.diagnosis->item_count; i++)
		if (town.diagnosis->items[i].remedy != NULL)
			CHECK(span_find(town.diagnosis->items[i].remedy->bytes, "MII", 0) !=
				SIZE_MAX);
}

TEST(supposed, "of the CAs that are known, only those of the store are supposed to send clients")
{
	TOWN;

	town.request.clients_directory = NULL;
	town_vouch(&town, "all.pem", TOWN_PEM(&town, town.root, town.inter, town.other));
	CHECK_TEXT(town_findings(&town), "");
}

TEST(unknown, "a client of a CA that no store knows is expected at the one verifier there is")
{
	const struct pki_cert *bob;
	TOWN;

	bob = ISSUE(.subject = "CN=bob,O=Away", .issuer = town.other);
	town_client(&town, "accept/bob", bob, "");
	town_write(arena_printf(town.arena, "%s/clients/reject/mallory.pem", town.place.root),
		TOWN_PEM(&town, town.root));
	town_vouch(&town, "all.pem", TOWN_PEM(&town, town.other));
	CHECK_TEXT(town_findings(&town), "chain.unknown-ca critical proved accept/bob.pem");
}

TAP_MAIN()
