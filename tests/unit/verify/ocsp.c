/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of OCSP, sound and not: what we make of each, beside what libcrypto makes of it. */
#include "ocsp_town.h"

#include <unistd.h>

#include "tap.h"
#include "verify/revocation/crl.h"
#include "x509/crl_list.h"

enum { RANDOM_ANSWERS = 3'000 };

TEST(good, "good, signed by the CA by its name, by its key, and with SHA-2 identifiers")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter
	};

	HEARD(&answer, "good", "none", 0);
	answer.by_key = true;
	HEARD(&answer, "good", "none", 0);
	answer.without_certificates = true;
	HEARD(&answer, "good", "none", 0);
	answer.singles[0].sha256 = true;
	CHECK_TEXT(
		ocsp_word_name(
			hear(&town, answer_make(town.court.arena, &answer, town.court.at))->word),
		"good");
	answer.singles[0].sha256 = false;
	answer.singles[0].sha384 = true;
	CHECK_TEXT(
		ocsp_word_name(
			hear(&town, answer_make(town.court.arena, &answer, town.court.at))->word),
		"good");
}

TEST(revoked, "revoked: error 23 at the leaf, whatever is forgiven")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter
	};

	answer.singles[0].status = V_OCSP_CERTSTATUS_REVOKED;
	answer.singles[0].reason = 1;
	town.court.verifier.ocsp.missing_ok = true;
	HEARD(&answer, "revoked", "none", 1);
	CHECK(town.court.verdict->error == X509_V_ERR_CERT_REVOKED &&
		town.court.verdict->depth == 0);
	CHECK(town.court.verdict->paths[0].ocsp[0].single.reason == 1);
}

TEST(unknown, "the responder does not know it: 75, which is not forgiven either")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter
	};

	answer.singles[0].status = V_OCSP_CERTSTATUS_UNKNOWN;
	town.court.verifier.ocsp.missing_ok = true;
	HEARD(&answer, "unknown", "none", 2);
	CHECK(town.court.verdict->error == X509_V_ERR_OCSP_CERT_UNKNOWN);
}

TEST(other, "an answer about another certificate, or by a CA of the same name, is none")
{
	TOWN;
	struct answer answer = { .singles = { GOOD(town.bob) }, .count = 1, .signer = town.inter };

	HEARD(&answer, "not-asked", "none", -1);
	CHECK(town.court.verdict->error == X509_V_ERR_OCSP_VERIFY_NEEDED);
	answer.singles[0] = GOOD(town.alice);
	answer.singles[0].issuer = town.twin;
	HEARD(&answer, "not-asked", "none", -1);
}

TEST(several, "of several answers the one about the certificate counts")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.bob), GOOD(town.alice) }, .count = 2, .signer = town.inter
	};

	HEARD(&answer, "good", "none", 0);
	answer.singles[0].status = V_OCSP_CERTSTATUS_REVOKED;
	HEARD(&answer, "good", "none", 0);
	answer.singles[1].status = V_OCSP_CERTSTATUS_REVOKED;
	HEARD(&answer, "revoked", "none", 1);
}

TEST(contradiction, "of two answers about it the worse counts; libcrypto takes the first")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice), GOOD(town.alice) }, .count = 2, .signer = town.inter
	};

	answer.singles[1].status = V_OCSP_CERTSTATUS_REVOKED;
	HEARD(&answer, "revoked", "none", 0);
}

TEST(delegate, "a delegate of the CA may sign, with OCSPSigning and from the CA alone")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.delegate
	};

	HEARD(&answer, "good", "none", 0);
	answer.by_key = true;
	HEARD(&answer, "good", "none", 0);
	answer.without_certificates = true;
	HEARD(&answer, "undetermined", "signer-unauthorised", -1);
	answer.without_certificates = false;
	answer.signer = town.no_usage;
	HEARD(&answer, "undetermined", "signer-unauthorised", -1);
	answer.signer = town.any_usage;
	HEARD(&answer, "undetermined", "signer-unauthorised", -1);
	answer.signer = town.of_root;
	HEARD(&answer, "undetermined", "signer-unauthorised", -1);
	answer.signer = town.expired;
	HEARD(&answer, "undetermined", "signer-unauthorised", -1);
	answer.signer = town.other;
	HEARD(&answer, "undetermined", "signer-unauthorised", -1);
	CHECK(town.court.verdict->error == X509_V_ERR_OCSP_VERIFY_FAILED);
	/* RFC 5280 4.2.1.12 wants a key usage that goes with it; libcrypto does not look. */
	answer.signer = town.no_sign;
	HEARD(&answer, "undetermined", "signer-unauthorised", 0);
}

TEST(same_name, "a CA of the same name with another key may not sign")
{
	TOWN;
	struct answer answer = { .singles = { GOOD(town.alice) }, .count = 1, .signer = town.twin };

	HEARD(&answer, "undetermined", "signer-unauthorised", -1);
	answer.without_certificates = true;
	HEARD(&answer, "undetermined", "signature", -1);
}

TEST(revoked_delegate, "a delegate on the CA's list may not sign, unless it is not to be checked")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.delegate
	};

	court_crl(&town.court, pki_crl(town.court.pki, &(struct pki_crl_spec){ .issuer = town.inter,
							       .revoked = town.delegate }));
	HEARD(&answer, "undetermined", "signer-unauthorised", 0);
}

TEST(lost_list,
	"a delegate of whom a list cannot tell any more may not sign, and is not called revoked")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.delegate
	};
	struct span der = pki_crl(
		town.court.pki, &(struct pki_crl_spec){ .issuer = town.inter, .revoked = town.bob })
				  ->der;
	FILE *file = tmpfile();
	struct crl_reading reading = {};
	struct crl_fault fault;
	struct crl_list *list;
	struct crl crl;

	answer_must(file != NULL && fwrite(der.data, 1, der.length, file) == der.length &&
			    fflush(file) == 0,
		"a file");
	reading.source = crl_source_file(dup(fileno(file)));
	answer_must(crl_list_read(&reading, &crl, &list, &fault) == 0, "a list in parts");
	court_crl(&town.court, &crl);
	answer_must(ftruncate(fileno(file), (off_t)der.length - 1) == 0, "a file that is cut");
	HEARD(&answer, "undetermined", "signer-unauthorised", 0);
	CHECK(strstr(town.court.verdict->text, crl_lost_text) != NULL);
	CHECK(strstr(town.court.verdict->text, "it is revoked") == NULL);
	crl_list_free(list);
	answer_must(fclose(file) == 0, "a file that is closed");
}

TEST(signature, "a changed answer is not believed, and cannot be forgiven into a good one")
{
	TOWN;
	struct answer answer = { .singles = { GOOD(town.alice) },
		.count = 1,
		.signer = town.inter,
		.broken_signature = true };

	HEARD(&answer, "undetermined", "signature", -1);
	town.court.verifier.ocsp.missing_ok = true;
	(void)court_judge(&town.court);
	CHECK(town.court.verdict->accepted);
}

TEST(window, "early, stale, just within the skew, and with times the wrong way round")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter
	};

	answer.singles[0].from = HOUR, answer.singles[0].to = 2 * HOUR;
	HEARD(&answer, "undetermined", "not-yet-valid", -1);
	answer.singles[0].from = 200;
	HEARD(&answer, "good", "none", 0);
	answer.singles[0].from = -2 * HOUR, answer.singles[0].to = -HOUR;
	HEARD(&answer, "undetermined", "stale", -1);
	answer.singles[0].to = -200;
	HEARD(&answer, "good", "none", 0);
	answer.singles[0].from = 100, answer.singles[0].to = -100;
	HEARD(&answer, "undetermined", "stale", -1);
}

TEST(stale_revoked, "what was revoked stays so; what was on hold need not")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter
	};

	answer.singles[0].status = V_OCSP_CERTSTATUS_REVOKED;
	answer.singles[0].from = -2 * HOUR, answer.singles[0].to = -HOUR;
	HEARD(&answer, "revoked", "none", -1);
	answer.singles[0].reason = 6;
	HEARD(&answer, "undetermined", "stale", -1);
}

TEST(undated, "without nextUpdate a stored answer is good for a day, or for what is allowed")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter
	};

	answer.singles[0].to = 0;
	HEARD(&answer, "good", "none", 0);
	answer.singles[0].from = -48 * HOUR;
	HEARD(&answer, "undetermined", "stale", 0);
	town.court.verifier.ocsp.has_max_age = true;
	town.court.verifier.ocsp.max_age = 72 * HOUR;
	HEARD(&answer, "good", "none", 0);
	town.court.verifier.ocsp.max_age = 24 * HOUR;
	HEARD(&answer, "undetermined", "stale", 0);
}

TEST(critical, "a critical extension that nobody knows: RFC 6960 4.4; libcrypto does not look")
{
	TOWN;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter, .critical = true
	};

	HEARD(&answer, "undetermined", "critical-extension", 0);
	answer.critical = false;
	answer.singles[0].critical = true;
	HEARD(&answer, "undetermined", "critical-extension", 0);
}

TEST(refusal, "tryLater is no answer")
{
	TOWN;
	struct answer answer = { .signer = town.inter, .refusal = OCSP_RESPONSE_STATUS_TRYLATER };

	HEARD(&answer, "undetermined", "refused", -1);
	CHECK(town.court.verdict->error == X509_V_ERR_OCSP_VERIFY_NEEDED);
}

TEST(chain, "the whole chain needs an answer for each but the anchor")
{
	TOWN;
	const struct pki_cert *leaf;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter
	};

	/* Inter is no anchor now. */
	town.court.trust.anchor_count = 1;
	court_send(&town.court, town.inter);
	town.court.verifier.ocsp.check = CRL_CHECK_CHAIN;
	leaf = town.alice;
	CHECK(hear(&town, answer_make(town.court.arena, &answer, town.court.at)) != NULL && leaf);
	CHECK(town.court.verdict->paths[0].ocsp_count == 2);
	CHECK(!town.court.verdict->accepted && town.court.verdict->depth == 1);
	CHECK(town.court.verdict->error == X509_V_ERR_OCSP_VERIFY_NEEDED);
	town.court.verifier.ocsp.check = CRL_CHECK_LEAF;
	CHECK(hear(&town, answer_make(town.court.arena, &answer, town.court.at)) != NULL);
	CHECK(town.court.verdict->accepted);
}

/* A responder in this process: what libcrypto reads of our request decides. */
static struct {
	const struct town *town;
	enum { LIVE_SOUND, LIVE_NO_NONCE, LIVE_OTHER_NONCE, LIVE_DOWN, LIVE_NOISE } manner;
	unsigned calls;
} live;

static int
live_ask(struct arena *arena, const struct ocsp_call *call, struct span *ret, const char **ret_why)
{
	const unsigned char *at = call->request.data;
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &at, (long)call->request.length);
	struct town town = *live.town;
	struct answer answer = {
		.singles = { GOOD(town.alice) }, .count = 1, .signer = town.inter
	};
	OCSP_CERTID *wanted = OCSP_cert_to_id(NULL, town.alice->x509, town.inter->x509);
	ASN1_OCTET_STRING *nonce;

	live.calls++;
	answer_must(request != NULL && at == call->request.data + call->request.length,
		"a request that libcrypto reads");
	answer_must(OCSP_request_onereq_count(request) == 1 &&
			    OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)),
				    wanted) == 0,
		"a request for alice");
	nonce = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(
		request, OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1)));
	answer_must(nonce->length == 2 + OCSP_NONCE_SIZE, "a nonce");
	if (live.manner == LIVE_SOUND)
		answer.nonce = span_of(
			arena_dup(arena, nonce->data + 2, OCSP_NONCE_SIZE), OCSP_NONCE_SIZE);
	if (live.manner == LIVE_OTHER_NONCE)
		answer.nonce = span_of("01234567890123456789012345678901", OCSP_NONCE_SIZE);
	*ret = live.manner == LIVE_NOISE ? span_of("noise", 5)
					 : answer_make(arena, &answer, town.court.at);
	*ret_why = "nobody is there";
	OCSP_CERTID_free(wanted);
	OCSP_REQUEST_free(request);
	return live.manner == LIVE_DOWN ? -1 : 0;
}

static const struct ocsp_opinion *
hear_live(struct town *town, int manner)
{
	town->desk = (struct ocsp_desk){ .ask = live_ask };
	town->court.verifier.ocsp.responder = "http://responder.example/";
	live.town = town;
	live.manner = manner;
	live.calls = 0;
	judge_free(town->court.judge);
	town->court.judge = judge_new();
	judge_use_ocsp(town->court.judge, &town->desk);
	(void)court_judge(&town->court);
	(void)court_judge(&town->court);
	return &town->court.verdict->paths[0].ocsp[0];
}

TEST(live, "a responder is asked once, with a nonce that must not be another in its answer")
{
	TOWN;

	CHECK(hear_live(&town, LIVE_SOUND)->word == OCSP_WORD_GOOD);
	CHECK(live.calls == 1);
	CHECK(hear_live(&town, LIVE_NO_NONCE)->word == OCSP_WORD_GOOD);
	CHECK(hear_live(&town, LIVE_OTHER_NONCE)->fault == OCSP_FAULT_NONCE);
	CHECK(hear_live(&town, LIVE_NOISE)->fault == OCSP_FAULT_DAMAGED);
	CHECK(hear_live(&town, LIVE_DOWN)->fault == OCSP_FAULT_SILENT);
	CHECK(live.calls == 1);
	/* Nor about somebody else. */
	town.court.sent[0] = town.bob->cert;
	(void)court_judge(&town.court);
	CHECK(!town.court.verdict->accepted && live.calls == 1);
	town.court.sent[0] = town.alice->cert;
	(void)court_judge(&town.court);
	CHECK(town.court.verdict->error == X509_V_ERR_OCSP_VERIFY_NEEDED);
	town.court.verifier.ocsp.nonce_demanded = true;
	CHECK(hear_live(&town, LIVE_NO_NONCE)->fault == OCSP_FAULT_NONCE);
	CHECK(hear_live(&town, LIVE_SOUND)->word == OCSP_WORD_GOOD);
}

TEST(refused_anyway, "of a client that is refused anyway no responder hears")
{
	TOWN;

	town.court.at = town.court.at + INT64_C(20) * 366 * 24 * HOUR;
	town.desk = (struct ocsp_desk){ .ask = live_ask };
	town.court.verifier.ocsp.responder = "http://responder.example/";
	live.calls = 0;
	judge_use_ocsp(town.court.judge, &town.desk);
	(void)court_judge(&town.court);
	CHECK(!town.court.verdict->accepted && live.calls == 0);
}

TEST(library, "by a server's library OCSP comes after it: no URL is a fault by itself")
{
	TOWN;

	town.court.verifier.by_standard = false;
	JUDGED(&town.court, X509_V_ERR_OCSP_VERIFY_NEEDED, 0, "ocsp@0");
	CHECK(town.court.verdict->paths[0].ocsp[0].fault == OCSP_FAULT_NO_URL);
	town.court.verifier.ocsp.no_url_ok = true;
	JUDGED(&town.court, 0, 0, "");
	town.court.verifier.ocsp.no_url_ok = false;
	town.court.verifier.ocsp.responder = "http://responder.example/";
	JUDGED(&town.court, 0, 0, "");
	town.court.verifier.ocsp.responder = "ldap://responder.example/";
	JUDGED(&town.court, X509_V_ERR_OCSP_VERIFY_NEEDED, 0, "ocsp@0");
	CHECK(town.court.verdict->paths[0].ocsp[0].fault == OCSP_FAULT_BAD_URL);
}

/* Answers at random: where we and libcrypto differ, it is for one of the reasons that are known. */

static uint64_t state;

static unsigned
draw(unsigned below)
{
	state = state * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)(state >> 33) % below;
}

static struct answer
draw_answer(const struct town *from)
{
	struct town town = *from;
	const struct pki_cert *const signers[] = { town.inter, town.inter, town.delegate,
		town.delegate, town.no_usage, town.any_usage, town.no_sign, town.expired,
		town.of_root, town.other, town.twin, town.root };
	static const int64_t froms[] = { -HOUR, -HOUR, -48 * HOUR, 200, HOUR };
	static const int64_t tos[] = { HOUR, HOUR, 0, -200, -HOUR, 100 * HOUR };
	struct answer answer = { .count = 1 + draw(3),
		.signer = signers[draw(COUNT_OF(signers))],
		.by_key = draw(2) == 0,
		.without_certificates = draw(4) == 0,
		.broken_signature = draw(12) == 0,
		.critical = draw(16) == 0 };

	for (size_t i = 0; i < answer.count; i++)
		answer.singles[i] =
			(struct answer_single){ .cert = draw(3) == 0 ? town.bob : town.alice,
				.issuer = draw(10) == 0 ? town.twin : town.inter,
				.status = (int)draw(3),
				.reason = draw(2) == 0 ? -1 : 6,
				.from = froms[draw(COUNT_OF(froms))],
				.to = tos[draw(COUNT_OF(tos))],
				.critical = draw(24) == 0 };
	return answer;
}

/*
 * Where the standard and libcrypto part: it takes the first of several answers and wants all of
 * them to be of one issuer; it looks at no critical extension, no key usage of a delegate, and no
 * age without nextUpdate; and it forgets what was revoked once the answer is old.
 */
static bool
is_known_difference(const struct town *town, const struct answer *answer)
{
	const struct answer_single *first = NULL;
	size_t about = 0;

	for (size_t i = 0; i < answer->count; i++) {
		const struct answer_single *single = &answer->singles[i];

		if (single->issuer != town->inter)
			return true;
		if (single->cert != town->alice)
			continue;
		about++;
		if (first == NULL)
			first = single;
	}
	if (first == NULL)
		return false;
	return about > 1 || answer->critical || first->critical ||
	       answer->signer == town->no_sign || (first->to == 0 && first->from < -24 * HOUR) ||
	       (first->status == V_OCSP_CERTSTATUS_REVOKED && first->to < 0);
}

static int
status_of(const struct ocsp_opinion *opinion)
{
	switch (opinion->word) {
	case OCSP_WORD_GOOD:
		return V_OCSP_CERTSTATUS_GOOD;
	case OCSP_WORD_REVOKED:
		return V_OCSP_CERTSTATUS_REVOKED;
	case OCSP_WORD_UNKNOWN:
		return V_OCSP_CERTSTATUS_UNKNOWN;
	default:
		return -1;
	}
}

TEST(random, "3,000 answers at random: as libcrypto has it, or else for a known reason")
{
	TOWN;
	size_t differences = 0, believed = 0;

	state = 6960;
	for (unsigned i = 0; i < RANDOM_ANSWERS; i++) {
		struct answer answer = draw_answer(&town);
		struct span der = answer_make(town.court.arena, &answer, town.court.at);
		const struct ocsp_opinion *opinion = hear(&town, der);
		int ours = status_of(opinion);
		int theirs = answer_libcrypto(
			der, town.alice->x509, town.inter->x509, town.store, town.chain);

		believed += theirs >= 0;
		if (ours == theirs)
			continue;
		differences++;
		if (!is_known_difference(&town, &answer))
			printf("# %u: ours %d (%s), libcrypto's %d\n", i, ours, opinion->text,
				theirs);
		CHECK(is_known_difference(&town, &answer));
		CHECK(ours != V_OCSP_CERTSTATUS_GOOD || theirs != V_OCSP_CERTSTATUS_REVOKED);
	}
	printf("# %zu believed by libcrypto, %zu differ for known reasons\n", believed,
		differences);
	CHECK(believed > RANDOM_ANSWERS / 20);
}

TAP_MAIN()
