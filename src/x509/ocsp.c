/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/ocsp.h"

#include <string.h>

#include "base/moment.h"
#include "x509/envelope.h"

/* RFC 6960 appendix B: id-pkix-ocsp. */
#define ID_OCSP       "\x2b\x06\x01\x05\x05\x07\x30\x01"
#define ID_OCSP_BASIC ID_OCSP "\x01"

/* RFC 6960 4.2.2: all times are GeneralizedTime. */
static int64_t
read_time(struct der *der)
{
	if (der_peek(der) != DER_GENERALIZED_TIME)
		der_fail(der, "no GeneralizedTime where RFC 6960 wants one");
	return der->fault == NULL ? der_time(der) : 0;
}

static int64_t
read_wrapped_time(struct der *der, unsigned number)
{
	struct der_element element = der_expect(der, DER_CONTEXT_CONSTRUCTED(number));
	struct der inside = der_enter(&element);
	int64_t moment = read_time(&inside);

	der_leave(der, &inside);
	return moment;
}

/* Single answers. */

static void
read_archive_cutoff(struct der *value, bool, void *owner)
{
	struct ocsp_single *single = owner;

	single->has_archive_cutoff = true;
	single->archive_cutoff = read_time(value);
}

static const struct extension_row single_rows[] = {
	EXTENSION_ROW(ID_OCSP "\x03", "CrlID", NULL, true),
	EXTENSION_ROW(ID_OCSP "\x06", "ArchiveCutoff", read_archive_cutoff, true),
};
static const struct extension_table single_table = { single_rows, COUNT_OF(single_rows) };

static void
read_id(struct der *der, struct ocsp_id *ret)
{
	struct der_element sequence = der_expect(der, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);

	ret->algorithm = envelope_algorithm_oid(&inside);
	ret->name_hash = der_expect(&inside, DER_OCTET_STRING).content;
	ret->key_hash = der_expect(&inside, DER_OCTET_STRING).content;
	ret->serial = der_integer(&inside);
	der_leave(der, &inside);
}

static void
read_revoked(struct der *der, struct ocsp_single *single)
{
	struct der_element info = der_expect(der, DER_CONTEXT_CONSTRUCTED(1));
	struct der inside = der_enter(&info);

	single->status = OCSP_STATUS_REVOKED;
	single->revoked_at = read_time(&inside);
	if (der_peek(&inside) == DER_CONTEXT_CONSTRUCTED(0)) {
		struct der_element wrapped = der_next(&inside);
		struct der reason = der_enter(&wrapped);

		single->reason = envelope_reason(&reason);
		der_leave(&inside, &reason);
	}
	der_leave(der, &inside);
}

static void
read_status(struct der *der, struct ocsp_single *single)
{
	struct der_element element;

	if (der_peek(der) == DER_CONTEXT_CONSTRUCTED(1)) {
		read_revoked(der, single);
		return;
	}
	/* Without a known one it is worth nothing. */
	single->status = OCSP_STATUS_UNKNOWN;
	element = der_next(der);
	if (element.tag == DER_CONTEXT(0))
		single->status = OCSP_STATUS_GOOD;
	else if (element.tag != DER_CONTEXT(2))
		der_fail(der, "a status that RFC 6960 4.2.1 does not know");
	if (element.content.length != 0)
		der_fail(der, "a status that holds something where it is NULL");
}

bool
ocsp_single_next(struct der *cursor, struct ocsp_single *ret)
{
	struct der_element sequence;
	struct der inside;

	if (der_at_end(cursor))
		return false;
	*ret = (struct ocsp_single){ .next_update = MOMENT_NEVER, .reason = REASON_NONE };
	sequence = der_expect(cursor, DER_SEQUENCE);
	inside = der_enter(&sequence);
	read_id(&inside, &ret->id);
	read_status(&inside, ret);
	ret->this_update = read_time(&inside);
	if (der_peek(&inside) == DER_CONTEXT_CONSTRUCTED(0))
		ret->next_update = read_wrapped_time(&inside, 0);
	(void)envelope_extensions(&inside, 1, &single_table, ret, &ret->unknown_critical);
	der_leave(cursor, &inside);
	return cursor->fault == NULL;
}

/* The response. */

/* An OCTET STRING within the extension (RFC 9654 2.1); older responders write its bytes alone. */
static void
read_nonce(struct der *value, bool, void *owner)
{
	struct ocsp_response *response = owner;
	struct der inside = der_of(value->bytes);
	struct der_element element = der_optional(&inside, DER_OCTET_STRING);
	bool is_wrapped = element.tag != 0 && der_at_end(&inside) && inside.fault == NULL;

	response->has_nonce = true;
	response->nonce = is_wrapped ? element.content : value->bytes;
	if (response->nonce.length > OCSP_MAX_NONCE)
		der_fail(value, "a nonce longer than RFC 9654 allows");
	else
		value->offset = value->bytes.length;
}

/* RFC 6960 4.4.8: says how certificates are answered for that were never issued. */
static const struct extension_row response_rows[] = {
	EXTENSION_ROW(ID_OCSP "\x02", "Nonce", read_nonce, true),
	EXTENSION_ROW(ID_OCSP "\x09", "ExtendedRevoke", NULL, true),
};
static const struct extension_table response_table = { response_rows, COUNT_OF(response_rows) };

static void
read_responder(struct der *der, struct ocsp_response *response)
{
	unsigned tag = der_peek(der);
	struct der_element element = der_next(der);
	struct der inside = der_enter(&element);

	if (tag == DER_CONTEXT_CONSTRUCTED(1)) {
		response->responder_name = envelope_name(&inside);
	} else if (tag == DER_CONTEXT_CONSTRUCTED(2)) {
		response->responder_key = der_expect(&inside, DER_OCTET_STRING).content;
		if (response->responder_key.length != OCSP_KEY_HASH_SIZE)
			der_fail(&inside, "a responder's key hash that is no SHA-1");
	} else {
		der_fail(&inside, "a responder that is named by neither name nor key");
	}
	der_leave(der, &inside);
}

static void
read_singles(struct der *tbs, struct ocsp_response *response)
{
	struct der_element sequence = der_expect(tbs, DER_SEQUENCE);
	struct der singles = der_enter(&sequence);
	struct ocsp_single single;

	response->singles = sequence.content;
	while (ocsp_single_next(&singles, &single))
		if (++response->single_count > OCSP_MAX_SINGLES)
			der_fail(&singles, "more answers than anyone asks for at once");
	der_leave(tbs, &singles);
}

/* ResponseData, field by field. */
static void
read_tbs(struct der *tbs, struct ocsp_response *response)
{
	(void)envelope_version(tbs, 0, "a version above 1");
	read_responder(tbs, response);
	response->produced_at = read_time(tbs);
	read_singles(tbs, response);
	(void)envelope_extensions(tbs, 1, &response_table, response, &response->unknown_critical);
}

static void
read_certificates(struct der *der, struct ocsp_response *response)
{
	struct der_element element = der_optional(der, DER_CONTEXT_CONSTRUCTED(0));
	struct der inside = der_enter(&element);
	struct der_element sequence;
	struct der certificates;

	if (element.tag == 0)
		return;
	sequence = der_expect(&inside, DER_SEQUENCE);
	response->certificates = sequence.content;
	certificates = der_enter(&sequence);
	while (!der_at_end(&certificates)) {
		(void)der_expect(&certificates, DER_SEQUENCE);
		if (++response->certificate_count > OCSP_MAX_CERTIFICATES)
			der_fail(&certificates, "more certificates than anyone needs");
	}
	der_leave(&inside, &certificates);
	der_leave(der, &inside);
}

static void
read_basic(struct der *der, struct ocsp_response *response)
{
	struct der_element sequence = der_expect(der, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	struct der_element data = der_expect(&inside, DER_SEQUENCE);
	struct der tbs = der_enter(&data);

	response->tbs = data.whole;
	read_tbs(&tbs, response);
	der_leave(&inside, &tbs);
	response->signature_algorithm = envelope_algorithm(&inside);
	response->signature = der_bits(&inside, NULL);
	read_certificates(&inside, response);
	der_leave(der, &inside);
}

/* [0] EXPLICIT ResponseBytes. */
static void
read_bytes(struct der *der, struct ocsp_response *response)
{
	struct der_element wrapped = der_expect(der, DER_CONTEXT_CONSTRUCTED(0));
	struct der inside = der_enter(&wrapped);
	struct der_element sequence = der_expect(&inside, DER_SEQUENCE);
	struct der bytes = der_enter(&sequence);
	struct der_element octets;
	struct der basic;

	if (!der_oid_is(der_oid(&bytes), ID_OCSP_BASIC, sizeof(ID_OCSP_BASIC) - 1))
		der_fail(&bytes, "a type of response that is not id-pkix-ocsp-basic");
	octets = der_expect(&bytes, DER_OCTET_STRING);
	basic = der_enter(&octets);
	read_basic(&basic, response);
	der_leave(&bytes, &basic);
	der_leave(&inside, &bytes);
	der_leave(der, &inside);
}

static const char *const answer_names[] = {
	[OCSP_SUCCESSFUL] = "successful",
	[OCSP_MALFORMED_REQUEST] = "malformedRequest",
	[OCSP_INTERNAL_ERROR] = "internalError",
	[OCSP_TRY_LATER] = "tryLater",
	[OCSP_SIGNATURE_REQUIRED] = "sigRequired",
	[OCSP_UNAUTHORIZED] = "unauthorized",
};

const char *
ocsp_answer_name(enum ocsp_answer answer)
{
	return answer_names[answer];
}

static void
read_response(struct der *der, struct ocsp_response *response)
{
	struct der_element whole = der_expect(der, DER_SEQUENCE);
	struct der inside = der_enter(&whole);
	struct span answer = der_expect(&inside, DER_ENUMERATED).content;

	if (answer.length != 1 || answer.data[0] >= COUNT_OF(answer_names) ||
		answer_names[answer.data[0]] == NULL) {
		der_fail(&inside, "a response status that RFC 6960 4.2.1 does not know");
	} else {
		response->answer = (enum ocsp_answer)answer.data[0];
		/* RFC 6960 4.2.1: an error has no bytes; what comes all the same is not read. */
		if (response->answer == OCSP_SUCCESSFUL)
			read_bytes(&inside, response);
		else
			(void)der_optional(&inside, DER_CONTEXT_CONSTRUCTED(0));
	}
	der_leave(der, &inside);
	if (!der_at_end(der))
		der_fail(der, "something follows the response");
}

int
ocsp_read(struct span bytes, struct ocsp_response *ret, const char **ret_fault, size_t *ret_offset)
{
	struct der der = der_of(bytes);

	*ret = (struct ocsp_response){ .der = bytes, .answer = OCSP_INTERNAL_ERROR };
	if (bytes.length > OCSP_MAX_SIZE)
		der_fail(&der, "larger than any OCSP response");
	read_response(&der, ret);
	*ret_fault = der.fault;
	*ret_offset = der.fault_offset;
	if (der.fault != NULL)
		return -1;
	ret->fingerprint = digest_of(bytes);
	return 0;
}

bool
ocsp_certificate_next(struct der *cursor, struct cert *ret)
{
	const char *fault;
	size_t offset;

	while (!der_at_end(cursor)) {
		struct der_element element = der_next(cursor);

		if (cursor->fault == NULL && cert_read(element.whole, ret, &fault, &offset) == 0)
			return true;
	}
	return false;
}
