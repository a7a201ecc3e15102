/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM in parts. Lines are all of one length but the last, so that where a byte of the DER stands in
 * the text is plain arithmetic; each line is looked at nonetheless.
 */
#define CONSTRUCTS
#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "x509/crl_source_kind.h"

enum {
	LINE_MAX_SIZE = 76, /* RFC 1421 4.3.2.4 has 64, RFC 2045 76 */
	LINE_MAX_BYTES = LINE_MAX_SIZE / 4 * 3,
	TEXT_BLOCK = 64 << 10,
};

struct pem_source {
	struct crl_source source;
	struct crl_source *text;
	uint64_t first;               /* of the first line of base64 */
	size_t line_length, line_end; /* characters of a line, and of what ends it */
	bool began;
	uint64_t block_offset; /* in the text */
	size_t block_length;
	uint8_t block[TEXT_BLOCK];
};

static int
fail(struct pem_source *pem, uint64_t offset)
{
	pem->source.fault = offset;
	errno = EBADMSG;
	return -1;
}

/* The text from offset on, at least wanted bytes of it unless it ends before. */
static int
text_at(struct pem_source *pem, uint64_t offset, size_t wanted, struct span *ret)
{
	ssize_t got;

	if (offset < pem->block_offset || offset + wanted > pem->block_offset + pem->block_length) {
		got = crl_source_read(pem->text, offset, pem->block, sizeof(pem->block));
		if (got < 0)
			return -1;
		pem->block_offset = offset;
		pem->block_length = (size_t)got;
	}
	*ret = span_of(pem->block + (offset - pem->block_offset),
		pem->block_offset + pem->block_length - offset);
	return 0;
}

/* Finds the block and the form of its lines. */
static int
begin(struct pem_source *pem)
{
	struct span text;
	size_t at, length = 0;

	if (text_at(pem, 0, TEXT_BLOCK, &text) < 0)
		return -1;
	at = span_find(text, "-----BEGIN ", 0);
	if (at == SIZE_MAX || at > CRL_SOURCE_PREAMBLE ||
		span_find(span_of(text.data + at, text.length - at), CRL_PEM_BEGIN, 0) != 0 ||
		(at > 0 && text.data[at - 1] != '\n'))
		return fail(pem, 0);
	at += sizeof(CRL_PEM_BEGIN) - 1;
	pem->line_end = span_line_end(text, at);
	if (pem->line_end == 0)
		return fail(pem, at);
	at += pem->line_end;
	while (at + length < text.length && base64_value(text.data[at + length]) >= 0)
		length++;
	if (length == 0 || length > LINE_MAX_SIZE || length % 4 != 0) {
		/* One line alone may be padded, and is then as long as it is. */
		if (length == 0 || length > LINE_MAX_SIZE)
			return fail(pem, at);
		length = LINE_MAX_SIZE;
	}
	pem->first = at;
	pem->line_length = length;
	pem->began = true;
	return 0;
}

/* length / 4 groups, with padding in the last one; the count of octets, or -1. */
static ssize_t
decode(const uint8_t *text, size_t length, uint8_t *out)
{
	size_t have = base64_groups(span_of(text, length), out), padding = 0;
	uint8_t last[4];

	if (length == 0 || length % 4 != 0)
		return -1;
	if (have == length)
		return (ssize_t)(length / 4 * 3);
	if (have != length - sizeof(last))
		return -1;
	/* Padding as digits that say nothing. */
	memcpy(last, text + have, sizeof(last));
	for (; padding < 2 && last[3 - padding] == '='; padding++)
		last[3 - padding] = 'A';
	if (padding == 0 || base64_groups(span_of(last, sizeof(last)), last) == 0)
		return -1;
	memcpy(out + have / 4 * 3, last, 3 - padding);
	return (ssize_t)(have / 4 * 3 + 3 - padding);
}

/* Behind the last line: its end, the END line, and nothing but white space. */
static int
check_end(struct pem_source *pem, uint64_t offset)
{
	struct span text;

	if (text_at(pem, offset, sizeof(CRL_PEM_END) - 1, &text) < 0)
		return -1;
	if (span_find(text, CRL_PEM_END, 0) != 0)
		return fail(pem, offset);
	offset += sizeof(CRL_PEM_END) - 1;
	for (;;) {
		size_t space = 0;

		if (text_at(pem, offset, 1, &text) < 0)
			return -1;
		if (text.length == 0)
			return 0;
		while (space < text.length && strchr(" \t\r\n", text.data[space]) != NULL &&
			text.data[space] != '\0')
			space++;
		if (space < text.length)
			return fail(pem, offset + space);
		offset += space;
	}
}

/* Line number of them; 0 octets behind the last one. */
static ssize_t
read_line(struct pem_source *pem, uint64_t line, uint8_t out[static LINE_MAX_BYTES])
{
	uint64_t offset = pem->first + line * (pem->line_length + pem->line_end);
	struct span text;
	size_t length = 0;
	ssize_t got;

	if (text_at(pem, offset, LINE_MAX_SIZE + 2, &text) < 0)
		return -1;
	while (length < text.length && length < pem->line_length && text.data[length] > ' ' &&
		text.data[length] != '-')
		length++;
	if (length == 0)
		return check_end(pem, offset) < 0 ? -1 : 0;
	got = decode(text.data, length, out);
	if (got < 0 || span_line_end(text, length) != pem->line_end)
		return fail(pem, offset);
	/* A shorter line is the last. */
	if (got < (ssize_t)(pem->line_length / 4 * 3) &&
		check_end(pem, offset + length + pem->line_end) < 0)
		return -1;
	return got;
}

/* As many whole lines as are seen of the text and have room, straight to their place: nearly all.
 * One that is not plain digits ends them, and is for read_line. The count of octets, or -1. */
static ssize_t
read_lines(struct pem_source *pem, uint64_t line, uint8_t *into, size_t room)
{
	size_t whole = pem->line_length + pem->line_end, have = 0;
	size_t per_line = pem->line_length / 4 * 3;
	struct span text;

	if (text_at(pem, pem->first + line * whole, whole, &text) < 0)
		return -1;
	while (room - have >= per_line && text.length >= whole &&
		base64_groups(span_of(text.data, pem->line_length), into + have) ==
			pem->line_length &&
		span_line_end(text, pem->line_length) == pem->line_end) {
		have += per_line;
		text = span_of(text.data + whole, text.length - whole);
	}
	return (ssize_t)have;
}

static ssize_t
pem_read_part(struct crl_source *source, uint64_t offset, uint8_t *into, size_t length)
{
	struct pem_source *pem = (struct pem_source *)source;
	uint8_t octets[LINE_MAX_BYTES];
	size_t have = 0, per_line;

	if (!pem->began && begin(pem) < 0)
		return -1;
	per_line = pem->line_length / 4 * 3;
	while (have < length) {
		uint64_t line = (offset + have) / per_line;
		size_t skip = (size_t)((offset + have) % per_line), part;
		ssize_t got = skip == 0 ? read_lines(pem, line, into + have, length - have) : 0;

		if (got > 0) {
			have += (size_t)got;
			continue;
		}
		if (got == 0)
			got = read_line(pem, line, octets);
		if (got < 0)
			return -1;
		if ((size_t)got <= skip)
			break;
		part = (size_t)got - skip < length - have ? (size_t)got - skip : length - have;
		memcpy(into + have, octets + skip, part);
		have += part;
		if ((size_t)got < per_line)
			break;
	}
	return (ssize_t)have;
}

static void
pem_source_end(struct crl_source *source)
{
	crl_source_free(((struct pem_source *)source)->text);
}

struct crl_source *
crl_source_pem(struct crl_source *text)
{
	static const struct crl_source_kind kind = { pem_read_part, pem_source_end };
	struct pem_source *pem = mem_zalloc(sizeof(*pem));

	pem->source.kind = &kind;
	pem->text = text;
	return &pem->source;
}
