/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/revocation/ocsp.h"

#include <assert.h>
#include <openssl/rand.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#define OID_OCSP        "\x2b\x06\x01\x05\x05\x07\x30\x01"
#define OID_TLS_FEATURE "\x2b\x06\x01\x05\x05\x07\x01\x18"

enum { TLS_FEATURE_STATUS_REQUEST = 5, GENERAL_NAME_URI = 6 };

const struct rule rule_ocsp = {
	.name = "ocsp",
	.change = "get an answer about it from a responder of its CA that is valid",
	.cost = CHANGE_LIST,
};

/* One question to a responder, and what came of it. */
struct ocsp_asked {
	struct ocsp_asked *older;
	const char *url, *proxy;
	struct digest cert, issuer_key;
	struct ocsp_stored answer;
	struct span nonce;
	const char *why; /* no answer came; or NULL */
};

static const char *const word_names[] = {
	[OCSP_WORD_GOOD] = "good",
	[OCSP_WORD_REVOKED] = "revoked",
	[OCSP_WORD_UNKNOWN] = "unknown",
	[OCSP_WORD_NONE] = "undetermined",
	[OCSP_WORD_UNASKED] = "not-asked",
};

static const char *const fault_names[] = {
	[OCSP_FAULT_NONE] = "none",
	[OCSP_FAULT_NO_URL] = "no-responder-url",
	[OCSP_FAULT_BAD_URL] = "bad-responder-url",
	[OCSP_FAULT_RESOLVER] = "no-resolver",
	[OCSP_FAULT_SILENT] = "unreachable",
	[OCSP_FAULT_REFUSED] = "refused",
	[OCSP_FAULT_DAMAGED] = "damaged",
	[OCSP_FAULT_OTHER] = "other-certificate",
	[OCSP_FAULT_SIGNER] = "signer-unauthorised",
	[OCSP_FAULT_SIGNATURE] = "signature",
	[OCSP_FAULT_NONCE] = "nonce",
	[OCSP_FAULT_EARLY] = "not-yet-valid",
	[OCSP_FAULT_STALE] = "stale",
	[OCSP_FAULT_CRITICAL] = "critical-extension",
};

static_assert(COUNT_OF(fault_names) == OCSP_FAULT__COUNT);

const char *
ocsp_word_name(enum ocsp_word word)
{
	return word_names[word];
}

const char *
ocsp_fault_name(enum ocsp_fault fault)
{
	return fault_names[fault];
}

/* Printable ASCII, of a length that a responder's URL has: it is shown, and asked. */
static const char *
take_url(struct arena *arena, struct span text)
{
	if (text.length == 0 || text.length > OCSP_MAX_URL)
		return NULL;
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return NULL;
	return arena_strndup(arena, (const char *)text.data, text.length);
}

const char *
ocsp_certificate_url(struct arena *arena, const struct cert *cert)
{
	struct der descriptions = der_of(cert->authority_info_access);

	while (!der_at_end(&descriptions)) {
		struct der_element sequence = der_expect(&descriptions, DER_SEQUENCE);
		struct der inside = der_enter(&sequence);
		struct span method = der_oid(&inside);
		struct der_element location = der_next(&inside);

		if (inside.fault == NULL && location.tag == DER_CONTEXT(GENERAL_NAME_URI) &&
			der_oid_is(method, OID_OCSP, sizeof(OID_OCSP) - 1))
			return take_url(arena, location.content);
	}
	return NULL;
}

/* After "http://": an address needs no resolver, a name does. */
static bool
host_is_address(const char *url)
{
	const char *host = url + strlen("http://");
	size_t length = strcspn(host, ":/");

	return host[0] == '[' || strspn(host, "0123456789.") == length;
}

const char *
ocsp_responder_url(struct arena *arena, const struct ocsp_policy *policy, const struct cert *cert,
	enum ocsp_fault *ret_fault)
{
	const char *named = policy->responder_overrides ? NULL : ocsp_certificate_url(arena, cert);
	const char *url = named != NULL ? named : policy->responder;

	*ret_fault = OCSP_FAULT_NONE;
	if (url == NULL)
		*ret_fault = OCSP_FAULT_NO_URL;
	else if (strncasecmp(url, "http://", strlen("http://")) != 0)
		*ret_fault = OCSP_FAULT_BAD_URL;
	/* ngx_ssl_ocsp looks up the one that is configured when it starts. */
	else if (named != NULL && policy->without_resolver && !host_is_address(url))
		*ret_fault = OCSP_FAULT_RESOLVER;
	return url;
}

static bool
must_staple(const struct cert *cert)
{
	struct der extensions = der_of(cert->extensions);
	struct cert_extension extension;

	while (cert_extension_next(&extensions, &extension)) {
		struct der value = der_of(extension.value);
		struct der_element sequence;
		struct der features;

		if (!der_oid_is(extension.oid, OID_TLS_FEATURE, sizeof(OID_TLS_FEATURE) - 1))
			continue;
		sequence = der_expect(&value, DER_SEQUENCE);
		features = der_enter(&sequence);
		while (!der_at_end(&features))
			if (der_unsigned(&features) == TLS_FEATURE_STATUS_REQUEST)
				return features.fault == NULL;
	}
	return false;
}

/* Stored answers. */

/* Which of two opinions of one certificate says more. */
static unsigned
weight_of(const struct ocsp_opinion *opinion)
{
	switch (opinion->word) {
	case OCSP_WORD_REVOKED:
		return 5;
	case OCSP_WORD_GOOD:
		return 4;
	case OCSP_WORD_UNKNOWN:
		return 3;
	case OCSP_WORD_NONE:
		return opinion->has_single ? 2 : 1;
	case OCSP_WORD_UNASKED:
		break;
	}
	return 0;
}

static void
take_better(struct ocsp_opinion *best, const struct ocsp_opinion *other)
{
	if (weight_of(other) > weight_of(best))
		*best = *other;
}

/* One that speaks of other certificates is no answer here, and no fault. */
static void
weigh_stored(const struct question *question, struct ocsp_opinion *best)
{
	const struct ocsp_desk *desk = question->judge->desk;

	for (size_t i = 0; desk != NULL && i < desk->stored_count; i++) {
		struct ocsp_opinion opinion = *best;

		ocsp_weigh(question, &desk->stored[i], (struct span){}, &opinion);
		if (opinion.fault != OCSP_FAULT_OTHER)
			take_better(best, &opinion);
	}
}

/* Answers of responders. */

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A responder that gave no answer is not asked again, about others either: each would cost its
 * time.
 */
static struct ocsp_asked *
find_asked(const struct question *question, const char *url, const struct ocsp_opinion *opinion)
{
	for (struct ocsp_asked *asked = question->judge->asked; asked != NULL; asked = asked->older)
		if (strcmp(asked->url, url) == 0 &&
			is_same_text(asked->proxy, question->verifier->ocsp.proxy) &&
			(asked->why != NULL ||
				(digest_equal(&asked->cert, &opinion->cert->fingerprint) &&
					digest_equal(
						&asked->issuer_key, &opinion->issuer->key_digest))))
			return asked;
	return NULL;
}

/* SHA-1 identifiers, as nginx and httpd send them: RFC 5019 2.1.1, and all responders know them. */
static struct ocsp_asked *
ask(const struct question *question, const char *url, const struct ocsp_opinion *opinion)
{
	struct judge *judge = question->judge;
	struct ocsp_asked *asked = arena_alloc(judge->arena, sizeof(*asked));
	CLEANUP(buffer_free) struct buffer request = {};
	uint8_t nonce[OCSP_NONCE_SIZE];
	const char *proxy = question->verifier->ocsp.proxy;
	struct span answer;
	size_t offset;

	asked->url = arena_strdup(judge->arena, url);
	asked->proxy = proxy != NULL ? arena_strdup(judge->arena, proxy) : NULL;
	asked->cert = opinion->cert->fingerprint;
	asked->issuer_key = opinion->issuer->key_digest;
	asked->older = judge->asked;
	judge->asked = asked;
	judge->asked_count++;
	if (RAND_bytes(nonce, sizeof(nonce)) == 1)
		asked->nonce =
			span_of(arena_dup(judge->arena, nonce, sizeof(nonce)), sizeof(nonce));
	ocsp_request_write(&request, OCSP_HASH_SHA1, opinion->cert, opinion->issuer, asked->nonce);
	asked->answer.source = asked->url;
	if (judge->desk->ask(judge->arena,
		    &(struct ocsp_call){ asked->url, asked->proxy, buffer_span(&request) }, &answer,
		    &asked->why) < 0)
		return asked;
	asked->why = NULL;
	(void)ocsp_read(answer, &asked->answer.response, &asked->answer.fault, &offset);
	return asked;
}

static void
weigh_asked(const struct examination *examination, const char *url, struct ocsp_opinion *best)
{
	const struct question *question = examination->question;
	struct ocsp_asked *asked = find_asked(question, url, best);
	struct ocsp_opinion opinion = *best;

	if (asked == NULL && question->judge->asked_count >= OCSP_MAX_QUERIES) {
		examination->path->bounded = true;
		return;
	}
	if (asked == NULL)
		asked = ask(question, url, best);
	if (asked->why == NULL) {
		ocsp_weigh(question, &asked->answer, asked->nonce, &opinion);
	} else {
		opinion.word = OCSP_WORD_NONE;
		opinion.fault = OCSP_FAULT_SILENT;
		opinion.text = asked->why;
		opinion.source = asked->url;
	}
	take_better(best, &opinion);
}

static const char *
url_text(const struct question *question, enum ocsp_fault fault, const char *url)
{
	switch (fault) {
	case OCSP_FAULT_NO_URL:
		return "it names no OCSP responder, and none is configured (RFC 5280 4.2.2.1)";
	case OCSP_FAULT_RESOLVER:
		return arena_printf(question->arena,
			"the server has no resolver to look up the responder %s", url);
	default:
		return arena_printf(
			question->arena, "the responder %s is not reached by plain http", url);
	}
}

/* What is set so that no answer can come needs no asking. */
static void
weigh_live(const struct examination *examination, struct ocsp_opinion *best)
{
	const struct question *question = examination->question;
	const struct ocsp_desk *desk = question->judge->desk;
	enum ocsp_fault fault;
	const char *url =
		ocsp_responder_url(question->arena, &question->verifier->ocsp, best->cert, &fault);
	bool may_ask = desk != NULL && desk->ask != NULL;
	bool decided = best->word != OCSP_WORD_UNASKED;

	if (fault == OCSP_FAULT_NONE) {
		if (may_ask)
			weigh_asked(examination, url, best);
		return;
	}
	/* A server would ask; nobody who gives stored answers alone does. */
	if (question->verifier->by_standard && !may_ask)
		return;
	if (decided || (fault == OCSP_FAULT_NO_URL && question->verifier->ocsp.no_url_ok))
		return;
	best->word = OCSP_WORD_NONE;
	best->fault = fault;
	best->source = url;
	best->text = url_text(question, fault, url);
}

static int
error_of(const struct ocsp_opinion *opinion)
{
	if (opinion->word == OCSP_WORD_REVOKED)
		return X509_V_ERR_CERT_REVOKED;
	if (opinion->word == OCSP_WORD_UNKNOWN)
		return X509_V_ERR_OCSP_CERT_UNKNOWN;
	return opinion->response != NULL && opinion->fault != OCSP_FAULT_REFUSED
		       ? X509_V_ERR_OCSP_VERIFY_FAILED
		       : X509_V_ERR_OCSP_VERIFY_NEEDED;
}

static void
check_cert(struct examination *examination, struct ocsp_opinion *opinion)
{
	const struct question *question = examination->question;
	bool has_desk = question->judge->desk != NULL;
	struct failure *failure;

	opinion->word = OCSP_WORD_UNASKED;
	opinion->text = "no responder was asked";
	opinion->must_staple = must_staple(opinion->cert);
	weigh_stored(question, opinion);
	if (opinion->word != OCSP_WORD_GOOD && opinion->word != OCSP_WORD_REVOKED)
		weigh_live(examination, opinion);
	if (opinion->word == OCSP_WORD_GOOD)
		return;
	/* Whoever gives answers wants them to be there; a server is not asked for its responders
	 * unless it is wanted. */
	if (opinion->word == OCSP_WORD_UNASKED && !(has_desk && question->verifier->by_standard))
		return;
	if (opinion->word == OCSP_WORD_UNASKED)
		opinion->text = "no answer of OCSP speaks of it (RFC 6960 3.2)";
	failure = path_fail(
		examination, &rule_ocsp, opinion->depth, error_of(opinion), "%s", opinion->text);
	if (failure != NULL)
		failure->ocsp = opinion;
}

/* Up to what the path ends in: nobody answers for that (ngx_ssl_ocsp_validate_next; httpd passes
 * over what is self-issued). A supposed leaf has no serial number to ask about. */
void
ocsp_check_path(struct examination *examination)
{
	const struct question *question = examination->question;
	struct path *path = examination->path;
	enum crl_check wanted = question->verifier->ocsp.check;
	struct ocsp_opinion *opinions;
	unsigned end;

	if (wanted == CRL_CHECK_NONE || path->length < 2)
		return;
	end = wanted == CRL_CHECK_LEAF ? 1 : path->length - 1;
	opinions = arena_alloc(question->arena, end * sizeof(opinions[0]));
	for (unsigned i = question->supposed_issuer != NULL; i < end; i++) {
		struct ocsp_opinion *opinion = &opinions[path->ocsp_count++];

		opinion->depth = i;
		opinion->cert = path->certs[i];
		opinion->issuer = path->certs[i + 1];
		check_cert(examination, opinion);
	}
	path->ocsp = opinions;
}

void
ocsp_hear(const struct question *question, struct verdict *verdict)
{
	struct path *best = verdict->path_count > 0 ? &verdict->paths[0] : NULL;
	struct examination examination = { question, best };
	unsigned from = best != NULL ? best->failure_count : 0;

	if (best == NULL || !verdict->accepted)
		return;
	ocsp_check_path(&examination);
	for (unsigned i = from; verdict->accepted && i < best->failure_count; i++) {
		const struct failure *failure = &best->failures[i];

		if (failure_is_forgiven(question->verifier, failure))
			continue;
		verdict->accepted = false;
		verdict->rule = failure->rule;
		verdict->error = failure->error;
		verdict->depth = failure->depth;
		verdict->text = failure->text;
	}
	verdict->undetermined |= best->bounded && !verdict->accepted;
}

void
judge_use_ocsp(struct judge *judge, const struct ocsp_desk *desk)
{
	judge->desk = desk;
}
