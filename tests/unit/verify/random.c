/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random graphs of CAs: our own judgement must be OpenSSL's, path for path where there is one path
 * only.
 *
 * The differences that may be, and why:
 * - we accept and OpenSSL refuses, where several paths exist: it takes the first issuer that fits
 * by name and key identifier and does not go back.
 */
#include <stdlib.h>

#include "court.h"
#include "tap.h"

enum { GRAPHS = 300, NAMES = 4, KEYS = 6, CAS = 7, SEED = 20261123 };

static uint64_t state;

/* xorshift64*: the same on every machine. */
static unsigned
below(unsigned limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % limit;
}

static bool
chance(unsigned percent)
{
	return below(100) < percent;
}

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
		spec->basic_constraints = constraints[below(COUNT_OF(constraints))];
	if (chance(8))
		spec->name_constraints = names[below(COUNT_OF(names))];
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

TEST(graphs, "our judgement of random graphs is OpenSSL's")
{
	unsigned accepted = 0, differences = 0, bad = 0;
	const char *first = getenv("RANDOM_FIRST");
	unsigned from = first != NULL ? (unsigned)atoi(first) : 0;
	const char *last = getenv("RANDOM_COUNT");
	unsigned count = last != NULL ? (unsigned)atoi(last) : GRAPHS;

	for (unsigned i = from; i < from + count; i++) {
		CLEANUP(court_end) struct court court = court_begin();
		const char *rules;

		state = SEED + i * UINT64_C(0x9e3779b97f4a7c15);
		random_court(&court);
		rules = court_judge(&court);
		accepted += court.verdict->accepted;
		differences += court.verdict->difference != NULL;
		if (agrees(court.verdict))
			continue;
		bad++;
		printf("# graph %u: %s, error %d at %u, %zu paths, best: %s; %s\n", i,
			court.verdict->accepted ? "accepted" : "refused", court.verdict->error,
			court.verdict->depth, court.verdict->path_count, rules,
			court.verdict->difference != NULL ? court.verdict->difference : "alike");
	}
	printf("# %u graphs: %u accepted, %u differences that may be\n", count, accepted,
		differences);
	CHECK(bad == 0);
	CHECK(accepted * 20 > count && accepted * 20 < 19 * count);
}

TAP_MAIN()
