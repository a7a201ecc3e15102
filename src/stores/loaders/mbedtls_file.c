/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mbedtls_x509_crt_parse_file of Mbed TLS (library/x509_crt.c, mbedtls_x509_crt_parse, with
 * library/pem.c, mbedtls_pem_read_buffer), by their rules: with "-----BEGIN CERTIFICATE-----"
 * anywhere the file is PEM. The next BEGIN and the next END make a block, wherever they stand; an
 * END that comes first ends the list. A block that cannot be decoded or parsed is counted and
 * passed over; a BEGIN without an END ends the list. The call returns the count of those that
 * failed, which many callers do not look at, and an error where none was good.
 */
#include <string.h>

#include "stores/key_point.h"
#include "stores/loader.h"
#include "stores/openssl_match.h"

static const char begin_mark[] = "-----BEGIN CERTIFICATE-----",
		  end_mark[] = "-----END CERTIFICATE-----";

static struct span
rest_from(struct span text, size_t offset)
{
	return span_of(text.data + offset, text.length - offset);
}

/* As far as the END's mark; false where there is none, or where the body does not begin on a new
 * line: nothing further is read then (library/pem.c, mbedtls_pem_read_buffer). */
static bool
block_next(struct span *rest, struct span *ret)
{
	size_t begin = span_find(*rest, begin_mark, 0), end = span_find(*rest, end_mark, 0), at;

	if (begin == SIZE_MAX || end == SIZE_MAX || end < begin)
		return false;
	at = begin + sizeof(begin_mark) - 1;
	if (at < end && rest->data[at] == ' ')
		at++;
	if (at < end && rest->data[at] == '\r')
		at++;
	if (at == end || rest->data[at] != '\n')
		return false;
	*ret = span_of(rest->data + at, end - at);
	*rest = rest_from(*rest, end + sizeof(end_mark) - 1);
	return true;
}

/* library/base64.c, mbedtls_base64_decode: blanks stand at the end of a line alone, and two "=" are
 * the most there can be, at the end of all. */
static bool
body_is_clean(struct span body)
{
	size_t padding = 0;
	bool blank = false;

	for (size_t i = 0; i < body.length; i++) {
		uint8_t byte = body.data[i];

		if (byte == '\n' ||
			(byte == '\r' && i + 1 < body.length && body.data[i + 1] == '\n')) {
			blank = false;
			continue;
		}
		if (byte == ' ') {
			blank = true;
			continue;
		}
		padding += byte == '=';
		if (blank || padding > 2 || (padding > 0 && byte != '=') ||
			(byte != '=' && base64_value(byte) < 0))
			return false;
	}
	return true;
}

static size_t
text_length(struct span bytes)
{
	const uint8_t *end = bytes.length == 0 ? NULL : memchr(bytes.data, 0, bytes.length);

	return end == NULL ? bytes.length : (size_t)(end - bytes.data);
}

/* The same, for the bytes: padding takes off bytes wherever it stands, and digits that make no
 * whole group are left out without a word. */
static void
body_decode(struct span body, struct buffer *out)
{
	unsigned bytes = 3, count = 0;
	uint32_t group = 0;

	for (size_t i = 0; i < body.length; i++) {
		int value = base64_value(body.data[i]);

		if (body.data[i] <= ' ')
			continue;
		group = group << 6 | (value < 0 ? 0 : (uint32_t)value);
		bytes -= body.data[i] == '=' && bytes > 0;
		if (++count % 4 > 0)
			continue;
		for (unsigned k = 0; k < bytes; k++) {
			const uint8_t byte = (uint8_t)(group >> (16 - 8 * k));

			buffer_add(out, &byte, 1);
		}
	}
}

static void
load_der(const struct loader_task *task, struct span der, struct openssl_match *match,
	struct loading *ret)
{
	struct der cursor = der_of(der);
	struct cert cert;
	const char *fault;
	size_t offset;

	/* What is behind the certificate is not looked at. */

	der = der_next(&cursor).whole;
	/* A critical extension that it does not know is an error there, of the certificate. */
	if (cert_read(der, &cert, &fault, &offset) < 0 || cert.unknown_critical.length > 0 ||
		!key_point_is_good(&cert))
		return;
	ret->certificates++;
	openssl_match_take(task->arena, match, ENTRY_CERTIFICATE, der);
}

static void
mbedtls_file_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	struct openssl_match match = { store->entries, store->entry_count, task->loaded, 0, NULL,
		0 };
	CLEANUP(buffer_free) struct buffer der = {};
	struct span rest = store->bytes, body;

	ret->error = store->problem;
	if (store->state != STORE_PRESENT)
		return;
	/* strstr(3) finds nothing behind a NUL byte. */
	rest.length = text_length(rest);
	if (span_find(rest, begin_mark, 0) == SIZE_MAX)
		load_der(task, store->bytes, &match, ret);
	while (block_next(&rest, &body)) {
		buffer_clear(&der);
		if (!body_is_clean(body))
			continue;
		body_decode(body, &der);
		load_der(task, buffer_span(&der), &match, ret);
	}
	ret->loads = ret->certificates > 0;
	ret->error = ret->loads ? NULL : "mbedtls_x509_crt_parse returns an error";
}

const struct store_loader_driver loader_mbedtls_file = {
	.name = "mbedtls_file",
	.title = "Mbed TLS, from a file",
	.engine = "mbedtls",
	.wants_file = true,
	.load = mbedtls_file_load,
};
