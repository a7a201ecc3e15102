/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client sends cannot keep any engine busy, and what is not looked at to its end is
 * undetermined. Time is the processor's, for this process alone, with room for sanitizers: without
 * a bound each of these takes from many times as long to for ever.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <time.h>

#include "court.h"
#include "tap.h"
#include "verify/engine.h"

enum {
	SECONDS = 10, /* of the processor, for one engine */
	CAS = 60,
	POLICIES = 1'000,
	NAMES = 300,
	PATH_LENGTH = 30,
	COSTLY_CAS = 30,
	COSTLY_BITS = 3'072,
	/* As many signatures as one such key may be asked for, and a few by keys that cost little.
	 */
	COSTLY_CHECKS = 150,
};

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* "begin" with so many items between, each of a number. */
static const char *
many(struct arena *arena, const char *begin, const char *item, unsigned count)
{
	CLEANUP(buffer_free) struct buffer text = {};

	buffer_add_text(&text, begin);
	for (unsigned i = 0; i < count; i++) {
		buffer_add_text(&text, i > 0 ? "," : "");
		for (const char *at = item; *at != '\0'; at++) {
			if (*at == '#')
				buffer_addf(&text, "%u", i);
			else
				buffer_add(&text, at, 1);
		}
	}
	return arena_strndup(arena, (const char *)text.data, text.length);
}

/* Two names that certify each other crosswise; or a ladder with two CAs on each rung, of the same
 * name and key. Every signature is good, and no path repeats itself. */
enum shape { CROSSWISE, LADDER };

struct crowd {
	enum shape shape;
	const struct pki_cert *rungs[CAS / 2 + 1]; /* who has the name and key of each */
};

static struct crowd
crowd_begin(struct court *court, enum shape shape)
{
	struct crowd crowd = { .shape = shape };
	size_t count = shape == LADDER ? COUNT_OF(crowd.rungs) : 2;

	for (size_t i = 0; i < count; i++)
		crowd.rungs[i] = pki_issue(court->pki,
			&(struct pki_spec){
				.subject = arena_printf(court->arena, "CN=CA %zu,O=Lab", i),
				.ca = true });
	court_send(court, pki_issue(court->pki, &(struct pki_spec){ .subject = "CN=alice",
							.issuer = crowd.rungs[0],
							.alt_names = "DNS:alice.lab.example" }));
	return crowd;
}

/* Each CA has what extra says, and one alternative name besides. */
static void
send_crowd(struct court *court, enum shape shape, const struct pki_spec *extra)
{
	struct crowd crowd = crowd_begin(court, shape);
	struct pki_spec spec = *extra;

	spec.ca = true;
	for (unsigned i = 0; i < CAS; i++) {
		unsigned rung = shape == LADDER ? i / 2 : i % 2;

		spec.key_of = crowd.rungs[rung];
		spec.subject = arena_printf(court->arena, "CN=CA %u,O=Lab", rung);
		spec.issuer = crowd.rungs[shape == LADDER ? rung + 1 : 1 - rung];
		spec.alt_names = arena_printf(court->arena, "DNS:ca%u.lab.example%s", i,
			extra->alt_names != NULL ? extra->alt_names : "");
		court_send(court, pki_issue(court->pki, &spec));
	}
}

/* One judgement; false, with a line that says so, where it takes too long. */
static bool
ends_soon(struct court *court, const char *name)
{
	double began = seconds(), took;

	(void)court_judge(court);
	took = seconds() - began;
	if (took >= SECONDS)
		printf("# %s: %.2f s, %s\n", name, took, court->verdict->text);
	return took < SECONDS;
}

static bool
all_end_soon(struct court *court)
{
	const struct engine *engine;
	bool all = true;

	for (size_t i = 0; (engine = engine_at(i)) != NULL; i++) {
		court->verifier.engine = engine->name;
		all = ends_soon(court, engine->name) && all;
		if (court->verdict->accepted)
			printf("# %s accepts\n", engine->name);
		all = all && !court->verdict->accepted;
	}
	return all;
}

static bool
is_undetermined_by_standard(struct court *court)
{
	bool is_soon;

	court->verifier.by_standard = true;
	is_soon = ends_soon(court, "by RFC 5280");
	return is_soon && !court->verdict->accepted && court->verdict->undetermined;
}

/* On a ladder, which no rule against loops makes shorter, the standard comes to its bound. */
static bool
crowd_ends_soon(enum shape shape, const struct pki_spec *extra)
{
	COURT;

	send_crowd(&court, shape, extra);
	return all_end_soon(&court) && (shape != LADDER || is_undetermined_by_standard(&court));
}

TEST(crowd, "many CAs, and no anchor")
{
	CHECK(crowd_ends_soon(CROSSWISE, &(struct pki_spec){}));
	CHECK(crowd_ends_soon(LADDER, &(struct pki_spec){}));
}

TEST(policies, "each with a thousand policies")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	CHECK(crowd_ends_soon(
		LADDER, &(struct pki_spec){
				.policies = many(arena, "", "1.3.6.1.4.1.99999.#", POLICIES) }));
}

TEST(mappings, "each with a thousand mappings of policies")
{
	COURT;

	send_crowd(&court, LADDER,
		&(struct pki_spec){ .policies = "2.5.29.32.0",
			.policy_mappings = many(court.arena, "",
				"1.3.6.1.4.1.99999.#:1.3.6.1.4.1.99998.#", POLICIES) });
	CHECK(is_undetermined_by_standard(&court));
}

TEST(constraints, "each with hundreds of names, and of constraints that none of them meets")
{
	COURT;

	send_crowd(&court, LADDER,
		&(struct pki_spec){ .name_constraints = many(court.arena, "critical,",
					    "excluded;DNS:no#.example", NAMES),
			.alt_names = many(court.arena, ",", "DNS:host#.lab.example", NAMES) });
	CHECK(is_undetermined_by_standard(&court));
}

/* One path without fault, on which every name is to be compared with every constraint above it. */
static void
send_long_path(struct court *court)
{
	const char *constraints =
		many(court->arena, "critical,", "excluded;DNS:no#.example", NAMES);
	const char *names = many(court->arena, "", "DNS:host#.lab.example", NAMES);
	const struct pki_cert *cas[PATH_LENGTH], *anchor, *issuer;

	issuer = anchor =
		pki_issue(court->pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	court_trust(court, anchor);
	for (unsigned i = 0; i < PATH_LENGTH; i++) {
		issuer = pki_issue(court->pki,
			&(struct pki_spec){
				.subject = arena_printf(court->arena, "CN=CA %u,O=Lab", i),
				.ca = true,
				.issuer = issuer,
				.name_constraints = constraints,
				.alt_names = names });
		cas[i] = issuer;
	}
	court_send(court, pki_issue(court->pki,
				  &(struct pki_spec){ .subject = "CN=alice", .issuer = issuer }));
	for (unsigned i = PATH_LENGTH; i-- > 0;)
		court_send(court, cas[i]);
}

TEST(comparisons,
	"a sound path with more to compare than is compared: nobody says that it is sound")
{
	static const char *const models[] = { "nss", "go", "jsse", "boringssl" };
	COURT;

	send_long_path(&court);
	for (size_t i = 0; i < COUNT_OF(models); i++) {
		court.verifier.engine = models[i];
		CHECK(ends_soon(&court, models[i]));
		CHECK(!court.verdict->accepted && court.verdict->undetermined);
	}
	CHECK(is_undetermined_by_standard(&court));
}

/* A public key of RSA whose exponent is as long as its modulus; nobody has the other half. */
static EVP_PKEY *
costly_key(unsigned number)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = BN_new(), *exponent = BN_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *parameters = NULL;
	EVP_PKEY *key = NULL;
	bool is_made = BN_set_bit(modulus, COSTLY_BITS - 1) == 1 && BN_add_word(modulus, 1) == 1 &&
		       BN_set_bit(modulus, COSTLY_BITS - 2) == 1 &&
		       BN_set_bit(exponent, COSTLY_BITS - 2) == 1 &&
		       BN_add_word(exponent, 2 * number + 1) == 1;

	is_made = is_made && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
		  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1 &&
		  (parameters = OSSL_PARAM_BLD_to_param(builder)) != NULL &&
		  EVP_PKEY_fromdata_init(context) == 1 &&
		  EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	BN_free(modulus);
	BN_free(exponent);
	EVP_PKEY_CTX_free(context);
	return is_made ? key : NULL;
}

/* Of two names that issue each other, so that each of one may have issued each of the other; nobody
 * did, and it takes all of them to find out. */
TEST(keys, "keys that take libcrypto long")
{
	static const char *const names[] = { "CN=A", "CN=B" };
	struct pki_cert signer = { .key = EVP_RSA_gen(COSTLY_BITS) };
	COURT;

	CHECK(signer.key != NULL);
	court_send(&court, ISSUE(.subject = "CN=alice", .issuer_name = names[0], .signer = &signer,
				   .authority_key_id = PKI_AKI_NONE));
	for (unsigned i = 0; i < COSTLY_CAS; i++) {
		struct pki_cert costly = { .key = costly_key(i) };

		CHECK(costly.key != NULL);
		court_send(
			&court, ISSUE(.subject = names[i % 2], .issuer_name = names[1 - i % 2],
					.ca = true, .key_of = &costly, .signer = &signer,
					.subject_key_id = "-", .authority_key_id = PKI_AKI_NONE));
		EVP_PKEY_free(costly.key);
	}
	CHECK(is_undetermined_by_standard(&court));
	CHECK(signature_cache_count(judge_signatures(court.judge)) <= COSTLY_CHECKS);
	EVP_PKEY_free(signer.key);
}

TAP_MAIN()
