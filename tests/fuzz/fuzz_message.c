/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes out of the box: an honest message says what was read, and one that is changed anywhere
 * is refused, or says what can be true. A byte counts the changes, five make each of them, the rest
 * is the store.
 */
#include <string.h>

#include "fuzz.h"
#include "stores/message.h"

enum { CHANGE_SIZE = 5, CHANGES = 64 };

static void
require_true(const struct parse_task *task, const struct parsed *parsed)
{
	for (size_t i = 0; i < parsed->entry_count; i++) {
		const struct entry *entry = &parsed->entries[i];

		fuzz_require(entry->path == task->path && entry->link == NULL);
		fuzz_require(entry->offset + entry->length <= task->bytes.length);
		fuzz_require(entry->text_offset <= entry->offset);
		fuzz_require(entry->kind != ENTRY_CERTIFICATE || entry->cert.der.length > 0);
		fuzz_require(entry->kind != ENTRY_CRL || entry->crl.der.length > 0);
		fuzz_require(entry->kind != ENTRY_PRIVATE_KEY || entry->der.length == 0);
	}
	for (size_t i = 0; i < parsed->defect_count; i++) {
		const struct defect *defect = &parsed->defects[i];

		fuzz_require(defect->offset + defect->length <= task->bytes.length);
		fuzz_require(strlen(defect->text) < SIZE_MAX);
	}
}

static void
read_back(struct arena *arena, const struct parse_task *task, const struct parsed *parsed,
	struct span changes)
{
	CLEANUP(buffer_free) struct buffer message = {};
	struct parsed again = {};
	int result;

	message_add_parsed(&message, task, parsed, NULL);
	for (size_t at = 0; at < changes.length; at += CHANGE_SIZE) {
		uint32_t place;

		memcpy(&place, changes.data + at, sizeof(place));
		message.data[place % message.length] = changes.data[at + sizeof(place)];
	}
	result = message_read_parsed(arena, task, buffer_span(&message), NULL, &again);
	if (result == 0)
		require_true(task, &again);
	if (changes.length == 0)
		fuzz_require(result == 0 && again.entry_count == parsed->entry_count &&
			     again.defect_count == parsed->defect_count);
}

static void
use(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	static struct openssl_reader *openssl; /* making one takes longer than all the rest */
	struct parser parser = {};
	struct parse_task task = { .path = "f", .loader = LOADER_OPENSSL_FILE };
	size_t changes = bytes.length == 0 ? 0 : bytes.data[0] % CHANGES * CHANGE_SIZE;
	struct parsed parsed;

	if (bytes.length < 1 + changes)
		return;
	if (openssl == NULL)
		openssl = openssl_reader_new();
	parser.openssl = openssl;
	task.bytes = span_of(bytes.data + 1 + changes, bytes.length - 1 - changes);
	parse(arena, &parser, &task, &parsed);
	read_back(arena, &task, &parsed, span_of(bytes.data + 1, changes));
}

FUZZ(use(bytes))
