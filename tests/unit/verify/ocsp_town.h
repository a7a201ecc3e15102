/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks and who answers in the tests of OCSP, and what both readers make of an answer. */
#pragma once

#include <time.h>

#include "answers.h"
#include "tap.h"

/* root → inter → alice, and who may or may not answer for inter. */
struct town {
	struct court court;
	const struct pki_cert *root, *inter, *alice, *bob, *twin;
	const struct pki_cert *delegate, *no_usage, *expired, *of_root, *other, *any_usage,
		*no_sign;
	struct ocsp_stored stored;
	struct ocsp_desk desk;
	X509_STORE *store;
	STACK_OF(X509) * chain;
};

static inline void
town_end(struct town *town)
{
	X509_STORE_free(town->store);
	sk_X509_free(town->chain);
	court_end(&town->court);
}

#define MAKE(...) pki_issue(town.court.pki, &(struct pki_spec){ __VA_ARGS__ })

static inline struct town
town_begin(void)
{
	struct town town = { .court = court_begin(), .store = X509_STORE_new() };

	town.court.at = time(NULL);
	town.root = MAKE(.subject = "CN=Root", .ca = true);
	town.inter = MAKE(.subject = "CN=Inter", .ca = true, .issuer = town.root);
	town.alice = MAKE(.subject = "CN=alice", .issuer = town.inter);
	town.bob = MAKE(.subject = "CN=bob", .issuer = town.inter);
	/* Another CA of the same name: its key is not that of Inter. */
	town.twin = MAKE(.subject = "CN=Inter", .ca = true, .issuer = town.root);
	town.delegate = MAKE(.subject = "CN=Delegate", .issuer = town.inter,
		.extended_key_usage = "OCSPSigning");
	town.no_usage = MAKE(.subject = "CN=NoUsage", .issuer = town.inter);
	town.any_usage = MAKE(.subject = "CN=AnyUsage", .issuer = town.inter,
		.extended_key_usage = "anyExtendedKeyUsage");
	town.no_sign = MAKE(.subject = "CN=NoSign", .issuer = town.inter,
		.key_usage = "critical,keyEncipherment", .extended_key_usage = "OCSPSigning");
	town.expired = MAKE(.subject = "CN=Expired", .issuer = town.inter,
		.extended_key_usage = "OCSPSigning", .days_from = -30, .days = 10);
	town.of_root = MAKE(.subject = "CN=OfRoot", .issuer = town.root,
		.extended_key_usage = "OCSPSigning");
	town.other = MAKE(.subject = "CN=Other", .ca = true);
	court_trust(&town.court, town.root);
	court_trust(&town.court, town.inter);
	court_send(&town.court, town.alice);
	town.court.verifier.by_standard = true;
	town.court.verifier.ocsp.check = CRL_CHECK_LEAF;
	town.chain = sk_X509_new_null();
	(void)sk_X509_push(town.chain, town.alice->x509);
	(void)sk_X509_push(town.chain, town.inter->x509);
	(void)sk_X509_push(town.chain, town.root->x509);
	(void)X509_STORE_add_cert(town.store, town.root->x509);
	return town;
}

#define TOWN CLEANUP(town_end) struct town town = town_begin()
#define GOOD(who)                                                                            \
	(struct answer_single)                                                               \
	{                                                                                    \
		.cert = (who), .issuer = town.inter, .from = -HOUR, .to = HOUR, .reason = -1 \
	}

/* What we make of these bytes; the best path's first opinion. */
static inline const struct ocsp_opinion *
hear(struct town *town, struct span der)
{
	size_t offset;

	town->stored = (struct ocsp_stored){ .source = "alice.ocsp" };
	(void)ocsp_read(der, &town->stored.response, &town->stored.fault, &offset);
	town->desk = (struct ocsp_desk){ .stored = &town->stored, .stored_count = 1 };
	judge_use_ocsp(town->court.judge, &town->desk);
	(void)court_judge(&town->court);
	return town->court.verdict->path_count > 0 && town->court.verdict->paths[0].ocsp_count > 0
		       ? &town->court.verdict->paths[0].ocsp[0]
		       : NULL;
}

/* The answer, judged by us and by libcrypto: words of ours, and libcrypto's status. */
#define HEARD(answer, wanted_word, wanted_fault, wanted_libcrypto)                         \
	do {                                                                               \
		struct span der_ = answer_make(town.court.arena, (answer), town.court.at); \
		const struct ocsp_opinion *opinion_ = hear(&town, der_);                   \
		int theirs_ = answer_libcrypto(                                            \
			der_, town.alice->x509, town.inter->x509, town.store, town.chain); \
		CHECK(opinion_ != NULL);                                                   \
		CHECK_TEXT(ocsp_word_name(opinion_->word), wanted_word);                   \
		CHECK_TEXT(ocsp_fault_name(opinion_->fault), wanted_fault);                \
		CHECK(theirs_ == (wanted_libcrypto));                                      \
		CHECK(town.court.verdict->accepted == (strcmp(wanted_word, "good") == 0)); \
	} while (0)
