/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random graphs of CAs: our own judgement must be OpenSSL's, path for path where there is one path
 * only.
 *
 * The differences that may be, and why:
 * - we accept and OpenSSL refuses, where several paths exist: it takes the first issuer that fits
 * by name and key identifier and does not go back.
 *
 * By RFC 5280 itself more may be, where OpenSSL is stricter or laxer than it; standard_limits and
 * library_limits are the whole list.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "court.h"
#include "seeded.h"
#include "tap.h"
#include "verify/rule.h"

enum {
	GRAPHS = 300,
	SECONDS = 5, /* for one graph */
	NAMES = 4,
	KEYS = 6,
	CAS = 7,
	SEED = 20261123,
	CROWDS = 120, /* graphs with several clients each */
	CROWD = 10,
};

/* The CAs of the last graph, whose keys issue. */
static const struct pki_cert *issuers[KEYS];

static void
random_faults(struct pki_spec *spec)
{
	if (chance(8))
		spec->days_from = -100, spec->days = 50;
	if (chance(3))
		spec->days_from = 5;
	if (chance(15))
		spec->authority_key_id = PKI_AKI_NONE;
	if (chance(4))
		spec->authority_key_id = PKI_AKI_WRONG;
	if (chance(4))
		spec->authority_key_id = PKI_AKI_ISSUER_SERIAL;
	if (chance(4))
		spec->unknown_critical = true;
	if (chance(4))
		spec->broken_signature = true;
	if (chance(4))
		spec->digest = "SHA1";
	if (chance(4))
		spec->extended_key_usage = chance(50) ? "serverAuth" : "anyExtendedKeyUsage";
	if (chance(4))
		spec->key_usage =
			chance(50) ? "critical,keyEncipherment,cRLSign" : "critical,keyCertSign";
}

static void
random_ca_faults(struct pki_spec *spec)
{
	static const char *const constraints[] = { "critical,CA:FALSE", "-",
		"critical,CA:TRUE,pathlen:0", "critical,CA:TRUE,pathlen:1" };
	static const char *const names[] = { "critical,permitted;DNS:lab.example",
		"critical,excluded;DNS:lab.example", "critical,permitted;email:.example" };

	if (chance(15))
		spec->basic_constraints = ONE_OF(constraints);
	if (chance(8))
		spec->name_constraints = ONE_OF(names);
	if (chance(4))
		spec->version = 1;
	if (chance(4))
		spec->subject_key_id = "-";
}

static void
random_crls(struct court *court, const struct pki_cert *const *keys, const struct pki_cert *revoked)
{
	court->verifier.crl_check = CRL_CHECK_LEAF + below(2);
	court->verifier.crl_missing_ok = chance(30);
	for (unsigned i = 0; i < KEYS; i++) {
		struct pki_crl_spec spec = { .issuer = keys[i] };

		if (chance(10))
			continue;
		if (chance(8))
			spec.days_from = -100;
		if (chance(4))
			spec.days_from = 3;
		if (chance(8))
			spec.signer = keys[below(KEYS)];
		if (chance(20))
			spec.authority_key_id = PKI_AKI_NONE;
		if (chance(8))
			spec.revoked = revoked;
		if (chance(4))
			spec.unknown_critical = true;
		if (chance(8))
			spec.scope = chance(50) ? "critical,onlyCA:TRUE" : "critical,onlyuser:TRUE";
		court_crl(court, pki_crl(court->pki, &spec));
	}
}

/* Certificates of few names and few keys, issued crosswise, in the store, sent, or both. */
static void
random_court(struct court *court)
{
	static const char *const names[NAMES] = { "CN=A", "CN=B,O=Lab", "CN=C", "CN=D" };
	const struct pki_cert *keys[KEYS], *leaf, *last = NULL;
	struct pki_spec leaf_spec = { .subject = "CN=a.lab.example",
		.alt_names = chance(30) ? "DNS:a.lab.example,email:a@lab.example" : NULL };

	for (unsigned i = 0; i < KEYS; i++)
		keys[i] = pki_issue(
			court->pki, &(struct pki_spec){ .subject = names[i % NAMES], .ca = true });
	memcpy(issuers, keys, sizeof(keys));
	leaf_spec.issuer = keys[below(KEYS)];
	random_faults(&leaf_spec);
	leaf = pki_issue(court->pki, &leaf_spec);
	court_send(court, leaf);
	for (unsigned i = 0; i < CAS; i++) {
		unsigned subject = below(KEYS);
		struct pki_spec spec = {
			.subject = names[subject % NAMES], .ca = true, .key_of = keys[subject]
		};
		const struct pki_cert *cert;

		spec.issuer = chance(40) ? keys[subject] : keys[below(KEYS)];
		if (chance(30))
			random_faults(&spec);
		if (chance(30))
			random_ca_faults(&spec);
		cert = pki_issue(court->pki, &spec);
		last = cert;
		if (chance(75))
			court_trust(court, cert);
		if (chance(50))
			court_send(court, cert);
	}
	if (chance(10))
		court_trust(court, leaf);
	court->verifier.partial_chain = chance(20);
	court->verifier.depth.value = (int)below(5) - 1;
	court->verifier.security_level = (int)below(3);
	if (chance(40))
		random_crls(court, keys, chance(50) ? leaf : last);
}

/* With one path only the library's error must be one of those that we found on it. */
static bool
error_is_found(const struct verdict *verdict)
{
	const struct path *path = &verdict->paths[0];

	for (unsigned i = 0; i < path->failure_count; i++) {
		const struct failure *failure = &path->failures[i];

		if (failure->error == verdict->error && failure->depth == verdict->depth)
			return true;
		/* A CA without keyCertSign is first an invalid CA to OpenSSL. */
		if (failure->error == 32 && verdict->error == 79 &&
			failure->depth == verdict->depth)
			return true;
		/* A path that is too long and lacks its anchor: OpenSSL stops at the depth. */
		if (failure->error == 22 && (verdict->error == 20 || verdict->error == 2))
			return true;
		/* Two CAs that certify each other: OpenSSL goes round until its depth ends. */
		if ((failure->error == 2 || failure->error == 20) && verdict->error == 22)
			return true;
	}
	return false;
}

static bool
agrees(const struct verdict *verdict)
{
	if (verdict->difference != NULL)
		return !verdict->accepted && verdict->path_count > 1;
	if (verdict->accepted || verdict->path_count != 1)
		return true;
	return error_is_found(verdict);
}

struct limit {
	const char *rule, *why;
};

/* By these OpenSSL refuses what RFC 5280 accepts. */
static const struct limit library_limits[] = {
	{ "key-identifier", "an authority key identifier must fit; 6.1 does not ask for it" },
	{ "extended-key-usage", "anyExtendedKeyUsage is not taken for clientAuth, and an anchor's "
				"usages bind" },
	{ "name-constraints", "a common name is taken for a DNS name" },
	{ "revocation", "the anchor itself must be on no list" },
	{ "basic-constraints", "an anchor of version 1 must be a root" },
};

/* By these RFC 5280 refuses what OpenSSL accepts. */
static const struct limit standard_limits[] = {
	{ "basic-constraints", "a root of version 3 without basicConstraints passes with "
			       "keyCertSign (check_ca)" },
	{ "revocation", "a list about a leaf that is its own anchor is not asked who signed it" },
};

static bool
is_limit(const struct limit *limits, size_t count, const char *rule)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(limits[i].rule, rule) == 0)
			return true;
	return false;
}

/* Whether nothing but these rules is against some path. */
static bool
only_limits(const struct verdict *verdict, const struct verifier *verifier,
	const struct limit *limits, size_t count)
{
	for (size_t i = 0; i < verdict->path_count; i++) {
		const struct path *path = &verdict->paths[i];
		bool found = false;

		for (unsigned j = 0; j < path->failure_count && !found; j++)
			found = !failure_is_forgiven(verifier, &path->failures[j]) &&
				!is_limit(limits, count, path->failures[j].rule);
		if (!found)
			return true;
	}
	return false;
}

/* The verdict by RFC 5280 beside the library's about the same graph. */
static bool
standard_agrees(struct court *court, unsigned *ret_differences)
{
	const struct verdict *library = court->verdict, *standard;

	court->verifier.by_standard = true;
	(void)court_judge(court);
	standard = court->verdict;
	court->verdict = library;
	if (standard->undetermined)
		return false;
	if (standard->accepted == library->accepted)
		return true;
	(*ret_differences)++;
	if (!standard->accepted)
		return only_limits(
			standard, &court->verifier, standard_limits, COUNT_OF(standard_limits));
	/* OpenSSL goes for the issuer first, and takes a trusted leaf where it finds none. */
	if (standard->paths[0].length == 1)
		return true;
	return library->path_count > 1 ||
	       only_limits(library, &court->verifier, library_limits, COUNT_OF(library_limits));
}

TEST(graphs, "our judgement of random graphs is OpenSSL's")
{
	unsigned accepted = 0, differences = 0, standard_differences = 0, bad = 0;
	const char *first = getenv("RANDOM_FIRST");
	unsigned from = first != NULL ? (unsigned)atoi(first) : 0;
	const char *last = getenv("RANDOM_COUNT");
	unsigned count = last != NULL ? (unsigned)atoi(last) : GRAPHS;

	for (unsigned i = from; i < from + count; i++) {
		CLEANUP(court_end) struct court court = court_begin();
		const char *rules;
		time_t begin = time(NULL);

		seeded_begin(SEED + i * UINT64_C(0x9e3779b97f4a7c15));
		random_court(&court);
		rules = court_judge(&court);
		accepted += court.verdict->accepted;
		differences += court.verdict->difference != NULL;
		CHECK(time(NULL) - begin <= SECONDS);
		if (agrees(court.verdict) && standard_agrees(&court, &standard_differences))
			continue;
		bad++;
		printf("# graph %u: %s, error %d at %u, %zu paths, best: %s; %s\n", i,
			court.verdict->accepted ? "accepted" : "refused", court.verdict->error,
			court.verdict->depth, court.verdict->path_count, rules,
			court.verdict->difference != NULL ? court.verdict->difference : "alike");
	}
	printf("# %u graphs: %u accepted, %u differences that may be, %u by the standard\n", count,
		accepted, differences, standard_differences);
	CHECK(bad == 0);
	CHECK(accepted * 20 > count && accepted * 20 < 19 * count);
}

static bool
is_same(const struct verdict *brief, const struct verdict *full)
{
	return brief->accepted == full->accepted && brief->undetermined == full->undetermined &&
	       brief->error == full->error && brief->depth == full->depth &&
	       strcmp(brief->text, full->text) == 0 && strcmp(brief->engine, full->engine) == 0;
}

/* One of many clients: what is sent of CAs is sent by all. */
static const struct cert *
crowd_member(struct court *court)
{
	struct pki_spec spec = { .subject = chance(90) ? "CN=somebody" : "CN=C",
		.issuer = issuers[below(KEYS)],
		.alt_names = chance(30) ? "DNS:a.lab.example" : NULL,
		.policies = chance(20) ? "1.2.3.4" : NULL,
		.policy_constraints = chance(10) ? "requireExplicitPolicy:0" : NULL };

	if (chance(40))
		random_faults(&spec);
	return &pki_issue(court->pki, &spec)->cert;
}

/* Each client by a judge that knows of those before it, and by one that knows of none. */
static unsigned
judge_crowd(struct court *court, unsigned *ret_accepted)
{
	unsigned different = 0;

	for (unsigned i = 0; i < CROWD; i++) {
		struct judge *other = judge_new();
		const struct client client = { .name = "client",
			.chain = crowd_member(court),
			.chain_length = 1,
			.shared = court->sent + 1,
			.shared_count = court->client.chain_length - 1 };
		const struct verdict *brief = judge_briefly(court->judge, court->arena,
			&court->verifier, &court->trust, &client, court->at);
		const struct verdict *full = judge_client(
			other, court->arena, &court->verifier, &court->trust, &client, court->at);

		*ret_accepted += full->accepted;
		different += !is_same(brief, full);
		judge_free(other);
	}
	return different;
}

TEST(crowds, "a client among many gets the verdict that it gets alone")
{
	unsigned accepted = 0, different = 0;

	for (unsigned i = 0; i < CROWDS; i++) {
		CLEANUP(court_end) struct court court = court_begin();

		seeded_begin(SEED + (i + 1) * UINT64_C(0xd1342543de82ef95));
		random_court(&court);
		court.verifier.by_standard = chance(80);
		(void)court_judge(&court);
		different += judge_crowd(&court, &accepted);
	}
	printf("# %u clients: %u accepted\n", CROWDS * CROWD, accepted);
	CHECK(different == 0);
	CHECK(accepted * 20 > CROWDS * CROWD && accepted * 20 < 19 * CROWDS * CROWD);
}

TAP_MAIN()
