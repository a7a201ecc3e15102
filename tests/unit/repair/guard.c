/* SPDX-License-Identifier: Apache-2.0 */
/* What a repair may never do: a test for each line of the list that breaks it. */
#include "repair/guard.h"

#include <openssl/x509_vfy.h>

#include "pki.h"
#include "tap.h"
#include "world/place.h"

enum { SOURCES = 2, CLIENTS = 2, CELLS = CLIENTS };

/* A service with two verifiers, as it is and as a plan would leave it; at first the plan changes
 * nothing. */
struct bench {
	struct place place;
	struct pki *pki;
	struct arena *arena;
	struct world *world;
	struct diagnosis diagnosis;
	struct plan plan;
	struct trust_source sources[SOURCES];
	struct verifier verifiers[2][2];
	struct service services[2];
	struct trust trusts[2][2];
	const struct trust *trust_lists[2][2];
	struct client clients[CLIENTS];
	struct cell cells[2][CELLS];
	struct change change;
	const struct pki_cert *root, *other;
};

static void
bench_end(struct bench *bench)
{
	world_free(bench->plan.overlay);
	judge_free(bench->diagnosis.judge);
	stores_free(bench->diagnosis.stores);
	world_free(bench->world);
	arena_free(bench->arena);
	pki_free(bench->pki);
	place_close(&bench->place);
}

static void
bench_begin(struct bench *bench)
{
	bench->pki = pki_new();
	bench->arena = arena_new();
	place_open(&bench->place);
	bench->world = place_world(&bench->place);
	bench->diagnosis.arena = bench->arena;
	bench->diagnosis.stores = stores_new();
	bench->diagnosis.judge = judge_new();
	bench->diagnosis.material =
		(struct material){ .arena = bench->arena, .stores = bench->diagnosis.stores };
	bench->plan.overlay = world_overlay(bench->world);
	bench->root = pki_issue(bench->pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	bench->other =
		pki_issue(bench->pki, &(struct pki_spec){ .subject = "CN=Other", .ca = true });
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < 2; j++) {
			bench->verifiers[i][j] = (struct verifier){ .name = "the site",
				.mode = MODE_REQUIRED,
				.crl_check = CRL_CHECK_CHAIN,
				.security_level = 2,
				.sources = &bench->sources[j],
				.source_count = 1 };
			bench->trusts[i][j].loads = true;
			bench->trust_lists[i][j] = &bench->trusts[i][j];
		}
		bench->services[i] = (struct service){
			.world = bench->world, .verifiers = bench->verifiers[i], .verifier_count = 2
		};
	}
	bench->sources[0] = (struct trust_source){ .path = "/first.pem" };
	bench->sources[1] = (struct trust_source){ .path = "/second.pem" };
	for (size_t i = 0; i < CLIENTS; i++) {
		bench->clients[i] =
			(struct client){ .name = i == 0 ? "accept/a.pem" : "reject/b.pem",
				.must_be_accepted = i == 0 };
		for (size_t j = 0; j < 2; j++)
			bench->cells[j][i] = (struct cell){ .client = &bench->clients[i],
				.verifier = &bench->verifiers[j][0],
				.concerns = true };
	}
	bench->change = (struct change){ .diagnosis = &bench->diagnosis,
		.plan = &bench->plan,
		.before = &bench->services[0],
		.after = &bench->services[1],
		.cells_before = bench->cells[0],
		.cells_after = bench->cells[1],
		.cell_count = CELLS,
		.trusts_before = bench->trust_lists[0],
		.trusts_after = bench->trust_lists[1] };
}

#define BENCH                                                    \
	CLEANUP(bench_end) struct bench bench = { .pki = NULL }; \
	bench_begin(&bench)

/* The rule that the change breaks: "" where it breaks none. */
static const char *
broken(struct bench *bench)
{
	const char *text = guard_check(&bench->change);
	const char *open = text != NULL ? strrchr(text, '(') : NULL;

	return text == NULL   ? ""
	       : open == NULL ? text
			      : arena_strndup(bench->arena, open + 1, strlen(open) - 2);
}

/* Before and after: 0 and 1. */
static void
trust_cert(struct bench *bench, int when, size_t verifier, const struct cert *cert)
{
	struct trust *trust = &bench->trusts[when][verifier];
	struct trusted *grown =
		arena_alloc(bench->arena, (trust->anchor_count + 1) * sizeof(*grown));

	if (trust->anchor_count > 0)
		memcpy(grown, trust->anchors, trust->anchor_count * sizeof(*grown));
	grown[trust->anchor_count++].cert = cert;
	trust->anchors = grown;
}

static void
trust_crl(struct bench *bench, int when, const struct crl *crl)
{
	struct trust *trust = &bench->trusts[when][0];
	const struct crl **grown =
		arena_alloc(bench->arena, (trust->crl_count + 1) * sizeof(*grown));

	if (trust->crl_count > 0)
		memcpy(grown, trust->crls, trust->crl_count * sizeof(*grown));
	grown[trust->crl_count++] = crl;
	trust->crls = grown;
}

static void
put_pem(struct bench *bench, const char *name, const char *label, struct span der)
{
	CLEANUP(mem_freep) char *pem = pki_pem(label, der);
	CLEANUP(fd_close)
	int fd = open(place_path(&bench->place, name), O_WRONLY | O_CREAT | O_APPEND, 0644);

	place_must(fd >= 0 && write(fd, pem, strlen(pem)) == (ssize_t)strlen(pem), name);
}

/* A CRL that stands in the first verifier's file, and that the server held. */
static void
hold_crl(struct bench *bench, const struct crl *crl)
{
	put_pem(bench, "first.pem", "X509 CRL", crl->der);
	trust_crl(bench, 0, crl);
}

static void
vouch(struct bench *bench, const char *path)
{
	struct err err = { 0 };

	place_must(material_add_path(&bench->diagnosis.material, bench->world, path, &err) == 0,
		err.message);
}

TEST(nothing, "a change that changes nothing breaks no rule")
{
	BENCH;

	for (int when = 0; when < 2; when++)
		trust_cert(&bench, when, 0, &bench.root->cert);
	CHECK_TEXT(broken(&bench), "");
}

TEST(verifiers, "no verifier comes or goes")
{
	BENCH;

	bench.services[1].verifier_count = 1;
	CHECK_TEXT(broken(&bench), "same-verifiers");
	bench.services[1].verifier_count = 2;
	bench.services[0].verifier_count = 1;
	CHECK_TEXT(broken(&bench), "same-verifiers");
}

TEST(mode, "the verify mode stays, at the last verifier as at the first")
{
	static const enum verify_mode modes[] = { MODE_NONE, MODE_OPTIONAL, MODE_OPTIONAL_NO_CA };
	BENCH;

	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		bench.verifiers[1][1].mode = modes[i];
		CHECK_TEXT(broken(&bench), "verify-mode");
	}
}

TEST(purpose, "a certificate for servers, or for anything, does not begin to do")
{
	BENCH;

	bench.verifiers[1][0].purpose = PURPOSE_ANY;
	CHECK_TEXT(broken(&bench), "purpose");
	bench.verifiers[1][0].purpose = PURPOSE_SERVER;
	CHECK_TEXT(broken(&bench), "purpose");
}

TEST(crl_check, "no CRL check is dropped, narrowed, or made to forgive a missing list")
{
	BENCH;

	bench.verifiers[1][1].crl_check = CRL_CHECK_NONE;
	CHECK_TEXT(broken(&bench), "crl-check");
	bench.verifiers[1][1].crl_check = CRL_CHECK_LEAF;
	CHECK_TEXT(broken(&bench), "crl-check");
	bench.verifiers[1][1].crl_check = CRL_CHECK_CHAIN;
	bench.verifiers[1][1].crl_missing_ok = true;
	CHECK_TEXT(broken(&bench), "crl-check");
}

TEST(ocsp, "OCSP is asked as before, save for whom: of that the CA's signature makes nothing")
{
	struct ocsp_policy *before, *after;
	BENCH;

	before = &bench.verifiers[0][1].ocsp;
	after = &bench.verifiers[1][1].ocsp;
	*before = (struct ocsp_policy){ .check = CRL_CHECK_LEAF, .nonce_demanded = true };
	*after = *before;
	after->responder = "http://responder.example/";
	after->responder_overrides = true;
	CHECK_TEXT(broken(&bench), "");
	before->responder = "http://old.example/";
	CHECK_TEXT(broken(&bench), "ocsp"); /* what certificates name counted */
	before->responder_overrides = true;
	CHECK_TEXT(broken(&bench), "");
	before->signer_unchecked = after->signer_unchecked = true;
	CHECK_TEXT(broken(&bench), "ocsp");
	before->signer_unchecked = false;
	after->responder = before->responder;
	CHECK_TEXT(broken(&bench), "ocsp");
	after->signer_unchecked = false;
	CHECK_TEXT(broken(&bench), "");
	after->responder = NULL;
	CHECK_TEXT(broken(&bench), "ocsp");
	after->responder = before->responder;
	after->nonce_demanded = false;
	CHECK_TEXT(broken(&bench), "ocsp");
	after->nonce_demanded = true;
	after->check = CRL_CHECK_NONE;
	CHECK_TEXT(broken(&bench), "ocsp");
}

TEST(errors, "no verify error begins to be ignored: not an unknown issuer, not the time, not a "
	     "revocation")
{
	static const int errors[] = { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED,
		X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CERT_REVOKED };
	BENCH;

	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		bench.verifiers[1][0].ignored_leaf_errors[errors[i]] = true;
		CHECK_TEXT(broken(&bench), "ignored-errors");
		bench.verifiers[1][0].ignored_leaf_errors[errors[i]] = false;
		bench.verifiers[1][1].ignored_ca_errors[errors[i]] = true;
		CHECK_TEXT(broken(&bench), "ignored-errors");
		bench.verifiers[1][1].ignored_ca_errors[errors[i]] = false;
	}
	bench.verifiers[1][0].ignores_all_leaf_errors = true;
	CHECK_TEXT(broken(&bench), "ignored-errors");
	bench.verifiers[1][0].ignores_all_leaf_errors = false;
	bench.verifiers[1][0].ignores_all_ca_errors = true;
	CHECK_TEXT(broken(&bench), "ignored-errors");
}

TEST(security_level, "the security level is not lowered; to raise it breaks no rule")
{
	BENCH;

	bench.verifiers[1][1].security_level = 1;
	CHECK_TEXT(broken(&bench), "security-level");
	bench.verifiers[1][1].security_level = 3;
	CHECK_TEXT(broken(&bench), "");
}

TEST(partial_chain, "intermediates do not become anchors")
{
	BENCH;

	bench.verifiers[1][0].partial_chain = true;
	CHECK_TEXT(broken(&bench), "partial-chain");
	bench.verifiers[0][0].partial_chain = true;
	CHECK_TEXT(broken(&bench), "");
}

TEST(sent_by_client, "what nothing vouches for is not trusted, whoever sent it")
{
	BENCH;

	trust_cert(&bench, 1, 0, &bench.other->cert);
	CHECK_TEXT(broken(&bench), "known-good-anchors");
}

TEST(impostor, "an impostor with the name of a known-good CA is not trusted")
{
	const struct pki_cert *impostor;
	BENCH;

	put_pem(&bench, "good.pem", "CERTIFICATE", bench.root->der);
	vouch(&bench, "/good.pem");
	impostor = pki_issue(bench.pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	trust_cert(&bench, 1, 0, &bench.root->cert);
	CHECK_TEXT(broken(&bench), "");
	trust_cert(&bench, 1, 0, &impostor->cert);
	CHECK_TEXT(broken(&bench), "known-good-anchors");
}

TEST(stored, "what stood in a verifier's own file may be trusted there, and not at another one")
{
	BENCH;

	put_pem(&bench, "first.pem", "CERTIFICATE", bench.other->der);
	trust_cert(&bench, 1, 0, &bench.other->cert);
	CHECK_TEXT(broken(&bench), "");
	trust_cert(&bench, 1, 1, &bench.other->cert);
	CHECK_TEXT(broken(&bench), "known-good-anchors");
}

TEST(system_bundle,
	"a system's bundle does not become the store of client CAs, though it be vouched for")
{
	const struct cert **many;
	BENCH;

	many = arena_alloc(bench.arena, 200 * sizeof(*many));
	trust_cert(&bench, 0, 0, &bench.root->cert);
	trust_cert(&bench, 1, 0, &bench.root->cert);
	for (size_t i = 0; i < 200; i++) {
		const struct pki_cert *ca = pki_issue(
			bench.pki, &(struct pki_spec){
					   .subject = arena_printf(bench.arena, "CN=Public %zu", i),
					   .ca = true,
					   .key_of = bench.root });

		put_pem(&bench, "bundle.pem", "CERTIFICATE", ca->der);
		many[i] = &ca->cert;
	}
	vouch(&bench, "/bundle.pem");
	for (size_t i = 0; i < 50; i++)
		trust_cert(&bench, 1, 0, many[i]);
	CHECK_TEXT(broken(&bench), "");
	for (size_t i = 50; i < 200; i++)
		trust_cert(&bench, 1, 0, many[i]);
	CHECK_TEXT(broken(&bench), "system-bundle");
}

static const struct crl *
crl_of(struct bench *bench, const struct pki_crl_spec *spec)
{
	struct pki_crl_spec whole = *spec;

	if (whole.issuer == NULL)
		whole.issuer = bench->root;
	return pki_crl(bench->pki, &whole);
}

/* Both held by a server that trusts the root; what the plan makes of the first is the second. */
static const char *
exchange(struct bench *bench, const struct pki_crl_spec *old, const struct pki_crl_spec *new)
{
	trust_cert(bench, 0, 0, &bench->root->cert);
	trust_cert(bench, 1, 0, &bench->root->cert);
	hold_crl(bench, crl_of(bench, old));
	if (new != NULL)
		trust_crl(bench, 1, crl_of(bench, new));
	return broken(bench);
}

TEST(older_crl, "a list with a lower number does not take the place of a newer one")
{
	BENCH;

	CHECK_TEXT(exchange(&bench, &(struct pki_crl_spec){ .number = 256 },
			   &(struct pki_crl_spec){ .number = 255, .days = 300 }),
		"older-crl");
}

TEST(newer_crl, "a list with a higher number does")
{
	BENCH;

	CHECK_TEXT(exchange(&bench, &(struct pki_crl_spec){ .number = 255 },
			   &(struct pki_crl_spec){ .number = 256 }),
		"");
}

TEST(lost_crl, "a list is not taken away")
{
	BENCH;

	CHECK_TEXT(exchange(&bench, &(struct pki_crl_spec){ .number = 3 }, NULL), "older-crl");
}

TEST(forged_crl, "a list that the CA did not sign takes no place, whatever its number")
{
	BENCH;

	CHECK_TEXT(exchange(&bench, &(struct pki_crl_spec){ .number = 3 },
			   &(struct pki_crl_spec){ .number = 9, .broken_signature = true }),
		"older-crl");
}

TEST(forged_before, "a list that the CA did not sign does not stand in the way of a genuine one")
{
	BENCH;

	CHECK_TEXT(
		exchange(&bench, &(struct pki_crl_spec){ .number = 99, .broken_signature = true },
			&(struct pki_crl_spec){ .number = 2 }),
		"");
}

TEST(two_lists, "where an older list stands beside the newer one, both may stay")
{
	const struct crl *lists[2];
	BENCH;

	lists[0] = crl_of(&bench, &(struct pki_crl_spec){ .number = 1 });
	lists[1] = crl_of(&bench, &(struct pki_crl_spec){ .number = 2 });
	for (size_t i = 0; i < 2; i++) {
		trust_cert(&bench, (int)i, 0, &bench.root->cert);
		hold_crl(&bench, lists[i]);
		trust_crl(&bench, 1, lists[i]);
	}
	CHECK_TEXT(broken(&bench), "");
	bench.trusts[1][0].crl_count = 1;
	CHECK_TEXT(broken(&bench), "older-crl");
}

TEST(unloaded_crl, "a newer list counts although the server could not load the file it stands in")
{
	BENCH;

	CHECK_TEXT(exchange(&bench, &(struct pki_crl_spec){ .number = 7 },
			   &(struct pki_crl_spec){ .number = 6 }),
		"older-crl");
	bench.trusts[0][0].loads = false;
	bench.trusts[0][0].crl_count = 0;
	CHECK_TEXT(broken(&bench), "older-crl");
}

static const char *
edit_access(struct bench *bench, mode_t from, mode_t to, uid_t owner, gid_t group)
{
	place_file(&bench->place, "first.pem", "");
	place_access(&bench->place, "first.pem", from, getuid(), getgid());
	overlay_set_owner(bench->plan.overlay, "/first.pem", owner, group);
	overlay_set_mode(bench->plan.overlay, "/first.pem", to);
	return broken(bench);
}

TEST(writing, "permission to write is given to nobody")
{
	static const mode_t modes[] = { 0664, 0662, 0666, 04644, 02644 };

	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		BENCH;

		CHECK_TEXT(edit_access(&bench, 0644, modes[i], getuid(), getgid()),
			"open-permissions");
	}
}

TEST(reading, "reading is given to one group, never to everybody")
{
	{
		BENCH;
		CHECK_TEXT(edit_access(&bench, 0600, 0640, getuid(), 33), "");
	}
	{
		BENCH;
		CHECK_TEXT(edit_access(&bench, 0640, 0644, getuid(), getgid()), "open-permissions");
	}
	{
		BENCH;
		CHECK_TEXT(edit_access(&bench, 0644, 0640, getuid(), getgid()), "");
	}
}

TEST(owners, "a store is given to no user, and to no group that could write it then")
{
	{
		BENCH;
		CHECK_TEXT(edit_access(&bench, 0640, 0640, 33, getgid()), "open-permissions");
	}
	{
		BENCH;
		CHECK_TEXT(edit_access(&bench, 0660, 0660, getuid(), 33), "open-permissions");
	}
}

TEST(known_access, "owner and mode that a known-good version had may be had back, and no others")
{
	struct file_version version = { .path = "/first.pem",
		.identity = { .owner = 33, .group = 34, .mode = 0664 } };
	struct material_file file = { .path = "/first.pem", .version = &version };

	for (uid_t owner = 33; owner < 35; owner++) {
		BENCH;

		bench.diagnosis.material.files = &file;
		bench.diagnosis.material.file_count = 1;
		CHECK_TEXT(edit_access(&bench, 0600, 0664, owner, 34),
			owner == 33 ? "" : "open-permissions");
	}
}

TEST(created, "a new file is writable by nobody else")
{
	BENCH;

	overlay_write(bench.plan.overlay, "/new.pem", span_of("x", 1));
	CHECK_TEXT(broken(&bench), "");
	overlay_set_mode(bench.plan.overlay, "/new.pem", 0666);
	CHECK_TEXT(broken(&bench), "open-permissions");
}

TEST(let_in, "who must be refused, and is, stays out; who was in already is no reason to stop")
{
	BENCH;

	bench.cells[1][1].accepted = true;
	CHECK_TEXT(broken(&bench), "let-in");
	CHECK(strstr(guard_check(&bench.change), "reject/b.pem") != NULL);
	CHECK(strstr(guard_check(&bench.change), "the site would let it in") != NULL);
	CHECK(strstr(guard_check(&bench.change), "or have its CA revoke it") != NULL);
	bench.verifiers[0][0].crl_check = bench.verifiers[1][0].crl_check = CRL_CHECK_NONE;
	CHECK(strstr(guard_check(&bench.change), "it checks no CRL") != NULL);
	bench.cells[0][1].accepted = true;
	CHECK_TEXT(broken(&bench), "");
}

TEST(shut_out, "who must get in, and does, still does; who did not is no reason to stop")
{
	BENCH;

	CHECK_TEXT(broken(&bench), "");
	bench.cells[0][0].accepted = true;
	CHECK_TEXT(broken(&bench), "shut-out");
	CHECK(strstr(guard_check(&bench.change), "accept/a.pem") != NULL);
	bench.cells[1][0].accepted = true;
	CHECK_TEXT(broken(&bench), "");
}

TAP_MAIN()
