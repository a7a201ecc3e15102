/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/canonical.h"

#include <string.h>

static const char begin_line[] = "-----BEGIN CERTIFICATE-----",
		  end_line[] = "-----END CERTIFICATE-----", dashes[] = "-----";

enum { BEGIN = sizeof(begin_line) - 1, END = sizeof(end_line) - 1, DIGITS_A_LINE = 64 };

/*
 * The parameters of an AlgorithmIdentifier are of any type, and of a primitive one the library
 * looks at the content (crypto/asn1/tasn_dec.c, asn1_ex_c2i). A SEQUENCE it takes as it is; the
 * OBJECT IDENTIFIER of a curve that we know is a good one.
 */
static bool
parameters_are_plain(struct span algorithm, bool is_known_curve)
{
	struct der outer = der_of(algorithm);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE), parameters;
	struct der inside = der_enter(&sequence);

	(void)der_oid(&inside);
	if (der_at_end(&inside))
		return outer.fault == NULL && inside.fault == NULL;
	parameters = der_next(&inside);
	if (inside.fault != NULL)
		return false;
	return parameters.tag == DER_SEQUENCE || (parameters.tag == DER_OID && is_known_curve) ||
	       (parameters.tag == DER_NULL && parameters.content.length == 0);
}

static bool
key_is_plain(const struct cert *cert)
{
	const struct key_info *key = &cert->key;
	struct der outer = der_of(cert->spki);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);

	if (!(key->kind == KEY_RSA && key->bits > 0) &&
		!(key->kind == KEY_EC && key->curve != NULL) && key->kind != KEY_ED25519 &&
		key->kind != KEY_ED448)
		return false;
	return parameters_are_plain(der_next(&inside).whole, key->curve != NULL);
}

const char *
canonical_cert_doubt(const struct cert *cert)
{
	if (cert->has_unique_ids)
		return "a certificate has a unique identifier of its issuer or subject";
	if (!parameters_are_plain(cert->signature_algorithm, false) ||
		!span_equal(cert->inner_algorithm, cert->signature_algorithm))
		return "the signature algorithm of a certificate is unusual";
	if (!key_is_plain(cert))
		return "the key of a certificate is unusual";
	/* Of what is no text the library looks at the content, each type in its way. */
	if (cert->has_odd_names)
		return "a name has values that are no text, or empty";
	return NULL;
}

/* Comments: no line of them is a marker, nor a piece of one, however a reader cuts them; a NUL ends
 * a line, or the file, to some. */
static bool
comment_is_plain(struct span text, size_t from, size_t to)
{
	struct span comment = span_of(text.data + from, to - from);

	if (to > from && to < text.length && text.data[to - 1] != '\n')
		return false;
	return comment.length == 0 || (memchr(comment.data, 0, comment.length) == NULL &&
					      span_find(comment, dashes, 0) == SIZE_MAX);
}

/*
 * Whether the block is the DER in lines of 64 digits and nothing else. The certificate was decoded
 * from the digits in it, and nobody needs to look at these again: where the block is as long as it
 * has to be, its lines end where they have to, and the padding is what it has to be, every other
 * byte must be a digit, or fewer bytes had come out.
 */
static bool
body_is_plain(struct span text, const struct entry *entry, size_t eol)
{
	size_t length = entry->der.length, digits = (length + 2) / 3 * 4;
	size_t lines = (digits + DIGITS_A_LINE - 1) / DIGITS_A_LINE;
	size_t at = entry->offset + BEGIN + eol, padding = (3 - length % 3) % 3, end;

	if (entry->length != BEGIN + eol + digits + lines * eol + END)
		return false;
	for (size_t left = digits; left > 0; at += eol) {
		size_t here = left < DIGITS_A_LINE ? left : DIGITS_A_LINE;

		at += here;
		left -= here;
		if (span_line_end(text, at) != eol)
			return false;
	}
	end = at - eol;
	return (padding == 0 || text.data[end - 1] == '=') &&
	       (padding < 2 || text.data[end - 2] == '=') &&
	       memcmp(text.data + at, end_line, END) == 0;
}

static bool
block_is_plain(struct span text, const struct entry *entry)
{
	size_t end = entry->offset + entry->length, eol;

	if (end > text.length || entry->length < BEGIN + END ||
		memcmp(text.data + entry->offset, begin_line, BEGIN) != 0)
		return false;
	eol = span_line_end(text, entry->offset + BEGIN);
	return eol > 0 && body_is_plain(text, entry, eol) &&
	       (end == text.length || span_line_end(text, end) > 0);
}

/* As crypto/pem/pem_lib.c, PEM_read_bio_ex, reads it; what is between the blocks is passed over. */
const char *
canonical_doubt(const struct store *store)
{
	const char *doubt = store->state == STORE_PRESENT ? NULL : "it is no file that can be read";
	size_t at = 0;

	for (size_t i = 0; i < store->entry_count && doubt == NULL; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->kind != ENTRY_CERTIFICATE || entry->is_enclosed || entry->trust.present)
			return "there is something else than plain certificates";
		if (entry->offset < at || entry->offset > store->bytes.length ||
			!comment_is_plain(store->bytes, at, entry->offset))
			return "the text between the blocks may be more than comments";
		if (!block_is_plain(store->bytes, entry))
			return "a block is not in lines of 64 digits";
		at = entry->offset + entry->length;
		at += span_line_end(store->bytes, at);
		doubt = canonical_cert_doubt(&entry->cert);
	}
	if (doubt != NULL)
		return doubt;
	if (store->entry_count == 0)
		return "there is no certificate";
	return comment_is_plain(store->bytes, at, store->bytes.length)
		       ? NULL
		       : "the text between the blocks may be more than comments";
}

bool
canonical_load(const struct loader_task *task, struct loading *ret)
{
	size_t count = task->store->entry_count;

	if (canonical_doubt(task->store) != NULL)
		return false;
	memset(task->loaded, true, count * sizeof(*task->loaded));
	ret->loads = true;
	ret->error = NULL;
	ret->certificates = count;
	return true;
}
