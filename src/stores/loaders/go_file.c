/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509.CertPool.AppendCertsFromPEM of Go (crypto/x509/cert_pool.go) with pem.Decode (encoding/pem/
 * pem.go), by their rules: a block counts whose BEGIN stands at the start of a line and whose END
 * is the next one, of the same label; what is otherwise is passed over without a word. Of blocks
 * that are decoded those of label CERTIFICATE and without headers are parsed; what cannot be parsed
 * is passed over too. It is an error of its own only where nothing is left.
 */
#include <string.h>

#include "stores/key_point.h"
#include "stores/loader.h"
#include "stores/openssl_match.h"

static const char begin_mark[] = "\n-----BEGIN ", end_mark[] = "\n-----END ", dashes[] = "-----";

enum { DASHES = sizeof(dashes) - 1, BEGIN = sizeof(begin_mark) - 1, END = sizeof(end_mark) - 1 };

static struct span
rest_from(struct span text, size_t offset)
{
	return span_of(text.data + offset, text.length - offset);
}

static bool
starts(struct span text, const char *with, size_t length)
{
	return text.length >= length && memcmp(text.data, with, length) == 0;
}

/* getLine: up to LF or CR LF, without blanks at its end; what is behind it stays in *rest. */
static struct span
line_next(struct span *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->length);
	size_t length = end == NULL ? rest->length : (size_t)(end - rest->data);
	struct span line = span_of(rest->data, length);

	*rest = rest_from(*rest, end == NULL ? length : length + 1);
	if (end != NULL && line.length > 0 && line.data[line.length - 1] == '\r')
		line.length--;
	while (line.length > 0 &&
		(line.data[line.length - 1] == ' ' || line.data[line.length - 1] == '\t'))
		line.length--;
	return line;
}

struct block {
	struct span label, body;
	bool has_headers;
};

/* base64.StdEncoding: CR and LF are passed over, blanks were taken out before; the padding must be
 * whole. */
static bool
body_decode(struct span body, struct buffer *out)
{
	size_t bad, digits = 0, padding = 0;

	for (size_t i = 0; i < body.length; i++) {
		uint8_t byte = body.data[i];

		if (byte == '\r' || byte == '\n' || byte == ' ' || byte == '\t')
			continue;
		if (padding > 0 && byte != '=')
			return false;
		padding += byte == '=';
		digits++;
	}
	buffer_clear(out);
	return digits % 4 == 0 && padding <= 2 && base64_decode(body, out, &bad) == 0;
}

/* What begins behind a BEGIN mark; *rest is then behind its END line. */
static bool
block_read(struct span *rest, struct block *ret)
{
	struct span after = *rest, line = line_next(&after), tail;
	size_t end, trailer;

	if (line.length < DASHES || memcmp(line.data + line.length - DASHES, dashes, DASHES) != 0)
		return false;
	*ret = (struct block){ .label = span_of(line.data, line.length - DASHES) };
	for (tail = after; tail.length > 0; ret->has_headers = true) {
		after = tail;
		line = line_next(&tail);
		if (memchr(line.data, ':', line.length) == NULL)
			break;
		after = tail;
	}
	if (!ret->has_headers && starts(after, end_mark + 1, END - 1)) {
		end = 0;
		trailer = END - 1;
	} else {
		end = span_find(after, end_mark, 0);
		trailer = end + END;
	}
	if (end == SIZE_MAX || after.length - trailer < ret->label.length + DASHES)
		return false;
	tail = rest_from(after, trailer);
	if (memcmp(tail.data, ret->label.data, ret->label.length) != 0 ||
		memcmp(tail.data + ret->label.length, dashes, DASHES) != 0)
		return false;
	tail = rest_from(tail, ret->label.length + DASHES);
	if (line_next(&tail).length > 0)
		return false;
	ret->body = span_of(after.data, end);
	*rest = tail;
	return true;
}

/* Go walks on behind the label's line where a block is none; so do we, by *rest. */
static bool
block_next(struct span *rest, struct block *ret, struct buffer *out)
{
	for (;;) {
		struct span next;
		size_t at;

		if (starts(*rest, begin_mark + 1, BEGIN - 1)) {
			*rest = rest_from(*rest, BEGIN - 1);
		} else {
			at = span_find(*rest, begin_mark, 0);
			if (at == SIZE_MAX)
				return false;
			*rest = rest_from(*rest, at + BEGIN);
		}
		next = *rest;
		if (block_read(&next, ret) && body_decode(ret->body, out)) {
			*rest = next;
			return true;
		}
	}
}

/* Digests of what the pool has, in an open table that doubles. */
struct seen {
	struct digest *slots;
	bool *used;
	size_t count, size;
};

static size_t
seen_slot(const struct seen *seen, const struct digest *digest)
{
	size_t slot;

	memcpy(&slot, digest->bytes, sizeof(slot));
	for (slot &= seen->size - 1; seen->used[slot]; slot = (slot + 1) & (seen->size - 1))
		if (digest_equal(&seen->slots[slot], digest))
			break;
	return slot;
}

static void
seen_grow(struct seen *seen, struct arena *arena)
{
	const struct seen before = *seen;

	seen->size = before.size == 0 ? 64 : before.size * 2;
	seen->slots = arena_alloc(arena, seen->size * sizeof(*seen->slots));
	seen->used = arena_alloc(arena, seen->size);
	for (size_t i = 0; i < before.size; i++) {
		size_t slot;

		if (!before.used[i])
			continue;
		slot = seen_slot(seen, &before.slots[i]);
		seen->slots[slot] = before.slots[i];
		seen->used[slot] = true;
	}
}

static bool
seen_before(struct seen *seen, struct arena *arena, const struct digest *digest)
{
	size_t slot;

	if (seen->count * 2 >= seen->size)
		seen_grow(seen, arena);
	slot = seen_slot(seen, digest);
	if (seen->used[slot])
		return true;
	seen->slots[slot] = *digest;
	seen->used[slot] = true;
	seen->count++;
	return false;
}

static void
go_file_load(const struct loader_task *task, struct loading *ret)
{
	static const char label[] = "CERTIFICATE";
	const struct store *store = task->store;
	struct openssl_match match = { store->entries, store->entry_count, task->loaded, 0, NULL,
		0 };
	CLEANUP(buffer_free) struct buffer der = {};
	struct span rest = store->bytes;
	struct block block;
	struct seen seen = {};

	ret->error = store->problem;
	if (store->state != STORE_PRESENT)
		return;
	while (block_next(&rest, &block, &der)) {
		const char *fault;
		struct cert cert;
		size_t offset;

		if (block.has_headers ||
			!span_equal(block.label, span_of(label, sizeof(label) - 1)) ||
			cert_read(buffer_span(&der), &cert, &fault, &offset) < 0 ||
			!key_point_is_good(&cert))
			continue;
		/* CertPool.addCertFunc: what is there already is not added. */
		if (seen_before(&seen, task->arena, &cert.fingerprint))
			continue;
		ret->certificates++;
		openssl_match_take(task->arena, &match, ENTRY_CERTIFICATE, buffer_span(&der));
	}
	ret->loads = ret->certificates > 0;
	ret->error = ret->loads ? NULL : "AppendCertsFromPEM returns false";
}

const struct store_loader_driver loader_go_file = {
	.name = "go_file",
	.title = "Go, from a file",
	.engine = "go",
	.wants_file = true,
	.load = go_file_load,
};
