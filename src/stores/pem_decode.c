/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/pem_decode.h"

#include <string.h>

#include "base/base64.h"

enum { MIN_LINE = 48 };

struct decoder {
	struct span body;
	size_t at;
	uint8_t *out;
	size_t length;
	uint32_t group; /* digits of an incomplete group, the first one highest */
	unsigned have, padding;
	bool line_has_digits, began;
	struct pem_body *result;
};

static void
decoder_put(struct decoder *decoder, uint32_t group, unsigned count)
{
	const uint8_t bytes[3] = { (uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group };

	if (decoder->out != NULL)
		memcpy(decoder->out + decoder->length, bytes, count);
	decoder->length += count;
}

/* As many whole groups as follow each other. */
static void
decode_groups(struct decoder *decoder)
{
	struct span rest =
		span_of(decoder->body.data + decoder->at, decoder->body.length - decoder->at);
	size_t taken =
		base64_groups(rest, decoder->out == NULL ? NULL : decoder->out + decoder->length);

	decoder->at += taken;
	decoder->length += taken / 4 * 3;
	if (taken > 0)
		decoder->line_has_digits = decoder->began = true;
}

static void
take_digit(struct decoder *decoder, uint32_t digit)
{
	decoder->group = decoder->group << 6 | digit;
	decoder->line_has_digits = decoder->began = true;
	if (++decoder->have < 4)
		return;
	decoder_put(decoder, decoder->group, 3);
	decoder->have = 0;
	decoder->group = 0;
}

static void
take_line_end(struct decoder *decoder)
{
	if (!decoder->line_has_digits)
		decoder->result->has_empty_line = true;
	decoder->line_has_digits = false;
}

/* A backslash: an escaped line end, tab or slash, as JSON and the shell write them. */
static bool
take_escape(struct decoder *decoder)
{
	uint8_t next =
		decoder->at + 1 < decoder->body.length ? decoder->body.data[decoder->at + 1] : 0;

	if (next != 'n' && next != 'r' && next != 't' && next != '/')
		return false;
	decoder->result->has_literal = true;
	decoder->at += next == '/' ? 1 : 2;
	return true;
}

/* Control characters behind the digits of a line are taken off by OpenSSL, whichever they are
 * (crypto/pem/pem_lib.c, sanitize_line). */
static bool
line_ends_at(const struct decoder *decoder)
{
	size_t at = decoder->at;

	while (at < decoder->body.length && decoder->body.data[at] <= ' ' &&
		decoder->body.data[at] != '\n' && decoder->body.data[at] != 0)
		at++;
	return at > decoder->at && at < decoder->body.length && decoder->body.data[at] == '\n';
}

/* One byte that is not part of a whole group. False at a byte that does not belong. */
static bool
take_byte(struct decoder *decoder)
{
	uint8_t byte = decoder->body.data[decoder->at];
	uint32_t digit = base64_digits[3][byte];

	if (byte == '\\')
		return take_escape(decoder);
	if (byte == '\n') {
		take_line_end(decoder);
	} else if (byte == '=' && decoder->have + decoder->padding >= 2 &&
		   decoder->have + decoder->padding < 4) {
		decoder->padding++;
	} else if (!(digit & BASE64_NOT_A_DIGIT) && decoder->padding == 0) {
		take_digit(decoder, digit);
	} else if (byte != ' ' && (byte < '\t' || byte > '\r') && !line_ends_at(decoder)) {
		return false;
	}
	decoder->at++;
	return true;
}

static void
decode_end(struct decoder *decoder)
{
	struct pem_body *result = decoder->result;

	if (decoder->have > 0) {
		unsigned count = decoder->have - 1;

		decoder_put(decoder, decoder->group << (6 * (4 - decoder->have)), count);
		result->is_cut = result->fault == SIZE_MAX && decoder->have + decoder->padding != 4;
	}
	result->length = decoder->length;
}

/* RFC 1421 4.6: headers end at an empty line. Only an encapsulated header has a colon. */
static size_t
skip_headers(struct span body, struct pem_body *result)
{
	size_t at = 0, end = body.length < 1024 ? body.length : 1024;
	const uint8_t *colon;

	while (at < end && body.data[at] <= ' ')
		at++;
	colon = memchr(body.data + at, ':', end - at);
	if (colon == NULL || memchr(body.data + at, '\n', (size_t)(colon - body.data) - at) != NULL)
		return 0;
	result->has_headers = true;
	for (; at < body.length; at++) {
		const uint8_t *line = memchr(body.data + at, '\n', body.length - at);

		if (line == NULL)
			return body.length;
		at = (size_t)(line - body.data);
		if (at + 1 < body.length && body.data[at + 1] == '\n')
			return at + 2;
		if (at + 2 < body.length && body.data[at + 1] == '\r' && body.data[at + 2] == '\n')
			return at + 3;
	}
	return body.length;
}

void
pem_decode(struct span body, uint8_t *out, struct pem_body *ret)
{
	struct decoder decoder = {
		.body = body, .out = out, .line_has_digits = true, .result = ret
	};

	*ret = (struct pem_body){ .fault = SIZE_MAX };
	if (body.length > 0)
		decoder.at = skip_headers(body, ret);
	while (decoder.at < body.length) {
		if (decoder.have == 0 && decoder.padding == 0)
			decode_groups(&decoder);
		if (decoder.at < body.length && !take_byte(&decoder)) {
			ret->fault = decoder.at;
			break;
		}
	}
	decode_end(&decoder);
}

/* Lines of a body are long, but for the last one; a word in a comment is not. */
size_t
pem_digits_before(struct span text, size_t floor, size_t end)
{
	size_t start = end, lines = 0, line_length = 0;

	for (size_t at = end; at > floor; at--) {
		uint8_t byte = text.data[at - 1];
		bool line_ends = byte == '\n' || byte == '\r';

		if (!line_ends && (base64_digits[0][byte] & BASE64_NOT_A_DIGIT) && byte != '=')
			return start;
		if (!line_ends) {
			line_length++;
			continue;
		}
		if (line_length > 0 && lines++ > 0 && line_length < MIN_LINE)
			return start;
		start = at;
		line_length = 0;
	}
	return line_length >= MIN_LINE || (lines == 0 && line_length > 0) ? floor : start;
}
