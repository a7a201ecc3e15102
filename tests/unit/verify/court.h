/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A court: one verifier, its trust and one client, put together by hand for tests of the judgement.
 * Everything that is not set is as a sound server has it: no limit of depth, no CRLs, level 2.
 */
#pragma once

#include "pki.h"
#include "verify/verify.h"

enum { COURT_MAX = 64 };

struct court {
	struct pki *pki;
	struct judge *judge;
	struct arena *arena;
	struct verifier verifier;
	struct trusted anchors[COURT_MAX];
	const struct crl *crls[COURT_MAX];
	struct trust trust;
	struct cert sent[COURT_MAX];
	struct client client;
	int64_t at;
	const struct verdict *verdict;
};

static inline void
court_end(struct court *court)
{
	judge_free(court->judge);
	arena_free(court->arena);
	pki_free(court->pki);
}

static inline struct court
court_begin(void)
{
	struct court court = {
		.pki = pki_new(),
		.judge = judge_new(),
		.arena = arena_new(),
		.verifier = { .name = "test",
			.mode = MODE_REQUIRED,
			.engine = "openssl",
			.depth = { .value = -1 },
			.security_level = 2 },
		.at = PKI_NOW,
	};

	court.trust.loads = true;
	return court;
}

static inline struct trusted *
court_trust(struct court *court, const struct pki_cert *cert)
{
	struct trusted *trusted = &court->anchors[court->trust.anchor_count++];

	trusted->cert = &cert->cert;
	return trusted;
}

static inline void
court_crl(struct court *court, const struct crl *crl)
{
	court->crls[court->trust.crl_count++] = crl;
}

static inline void
court_send(struct court *court, const struct pki_cert *cert)
{
	court->sent[court->client.chain_length++] = cert->cert;
}

/* Judges and gives the failures of the best path: "validity@1 depth@2"; "" where there are none. */
static inline const char *
court_judge(struct court *court)
{
	CLEANUP(buffer_free) struct buffer text = {};
	const struct path *best;

	court->trust.anchors = court->anchors;
	court->trust.crls = court->crls;
	court->client.chain = court->sent;
	court->client.name = "accept/test.pem";
	trust_seal(&court->trust);
	court->verdict = judge_client(court->judge, court->arena, &court->verifier, &court->trust,
		&court->client, court->at);
	if (court->verdict->path_count == 0)
		return "no path";
	best = &court->verdict->paths[0];
	buffer_add_text(&text, "");
	for (unsigned i = 0; i < best->failure_count; i++)
		buffer_addf(&text, "%s%s@%u", i > 0 ? " " : "", best->failures[i].rule,
			best->failures[i].depth);
	return arena_strndup(
		court->arena, text.data != NULL ? (const char *)text.data : "", text.length);
}

/* The verdict must have this error of OpenSSL's at this depth (0: accepted), and the best path
 * these failures. */
#define JUDGED(court, wanted_error, wanted_depth, wanted_rules)                              \
	do {                                                                                 \
		const char *rules_ = court_judge(court);                                     \
		if ((court)->verdict->error != (wanted_error) ||                             \
			(court)->verdict->depth != (wanted_depth))                           \
			printf("# error %d at %u: %s; rules: %s\n", (court)->verdict->error, \
				(court)->verdict->depth, (court)->verdict->text, rules_);    \
		CHECK((court)->verdict->error == (wanted_error));                            \
		CHECK((court)->verdict->depth == (wanted_depth));                            \
		CHECK((court)->verdict->accepted == ((wanted_error) == 0));                  \
		CHECK_TEXT(rules_, wanted_rules);                                            \
	} while (0)

/* Where our own judgement must be the library's as well. */
#define JUDGED_ALIKE(court, wanted_error, wanted_depth, wanted_rules)    \
	do {                                                             \
		JUDGED(court, wanted_error, wanted_depth, wanted_rules); \
		if ((court)->verdict->difference != NULL)                \
			printf("# %s\n", (court)->verdict->difference);  \
		CHECK((court)->verdict->difference == NULL);             \
		CHECK(!(court)->verdict->undetermined);                  \
	} while (0)

#define ISSUE(...) pki_issue(court.pki, &(struct pki_spec){ __VA_ARGS__ })
#define COURT      CLEANUP(court_end) struct court court = court_begin()

/* root → inter → alice, everything sound; each test changes a part. */
#define ROOT(...) \
	const struct pki_cert *root = ISSUE(.subject = "CN=Root,O=Lab", .ca = true, ##__VA_ARGS__)
#define INTER(...)                     \
	const struct pki_cert *inter = \
		ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root, ##__VA_ARGS__)
#define LEAF(...)                     \
	const struct pki_cert *leaf = \
		ISSUE(.subject = "CN=alice,O=Lab", .issuer = inter, ##__VA_ARGS__)
#define SETTLED                             \
	do {                                \
		court_trust(&court, root);  \
		court_trust(&court, inter); \
		court_send(&court, leaf);   \
	} while (0)
