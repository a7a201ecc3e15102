/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/hash_links.h"
#include "stores/wreckage.h"

#include <stdlib.h>
#include <string.h>

enum { HASH_DIGITS = 8, HASH_MAX_NUMBER = 1'000'000 };

/* "9d66eef0.0", "9d66eef0.r0"; upper case and leading zeros are not looked for. */
static bool
slot_parse(const char *name, struct hash_slot *ret)
{
	char digits[HASH_DIGITS + 1] = "";
	uint64_t number;

	for (size_t i = 0; i < HASH_DIGITS; i++)
		if (name[i] == '\0' || strchr("0123456789abcdef", name[i]) == NULL)
			return false;
	memcpy(digits, name, HASH_DIGITS);
	name += HASH_DIGITS;
	if (*name++ != '.')
		return false;
	ret->is_crl = *name == 'r';
	name += ret->is_crl;
	if ((name[0] == '0' && name[1] != '\0') || text_number(name, HASH_MAX_NUMBER, &number) < 0)
		return false;
	ret->hash = (uint32_t)strtoul(digits, NULL, 16);
	ret->number = (unsigned)number;
	return true;
}

bool
hash_name_is_slot(const char *name)
{
	struct hash_slot slot = {};

	return slot_parse(name, &slot);
}

int
entry_hash(const struct entry *entry, bool old, uint32_t *ret)
{
	const struct span name = entry->kind == ENTRY_CRL ? entry->crl.issuer : entry->cert.subject;
	char text[NAME_HASH_TEXT_SIZE];

	if (entry->kind != ENTRY_CERTIFICATE && entry->kind != ENTRY_CRL)
		return -1;
	if ((old ? name_openssl_hash_old(name, text) : name_openssl_hash(name, text)) < 0)
		return -1;
	*ret = (uint32_t)strtoul(text, NULL, 16);
	return 0;
}

bool
entry_is_looked_for(const struct entry *entry)
{
	if (entry->kind == ENTRY_CRL)
		return true;
	return entry->kind == ENTRY_CERTIFICATE &&
	       (entry->cert.is_ca || entry->cert.version == 1 || cert_is_self_issued(&entry->cert));
}

static bool
slot_matches(const struct hash_slot *slot, const struct entry *entry, bool old)
{
	uint32_t hash;

	return (entry->kind == ENTRY_CRL) == slot->is_crl && entry_hash(entry, old, &hash) == 0 &&
	       hash == slot->hash;
}

bool
hash_slot_finds(const struct hash_slot *slot, const struct entry *entry)
{
	return slot_matches(slot, entry, false);
}

bool
hash_slot_finds_old(const struct hash_slot *slot, const struct entry *entry)
{
	return slot_matches(slot, entry, true);
}

static int
compare_slots(const void *a, const void *b)
{
	const struct hash_slot *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	if (left->is_crl != right->is_crl)
		return left->is_crl ? 1 : -1;
	return left->number < right->number ? -1 : left->number > right->number;
}

const struct hash_slot *
hash_slot_find(const struct hash_links *links, const struct hash_slot *key)
{
	return links->count == 0 ? NULL
				 : bsearch(key, links->slots, links->count, sizeof(*links->slots),
					   compare_slots);
}

static int
compare_files(const void *a, const void *b)
{
	const struct hash_file *left = a, *right = b;

	return strcmp(left->file->real, right->file->real);
}

static bool
is_meant_for_store(const char *name)
{
	static const char *const suffixes[] = { ".pem", ".crt", ".cer", ".crl", ".der" };

	for (size_t i = 0; i < COUNT_OF(suffixes); i++)
		if (text_ends(name, suffixes[i]))
			return true;
	return hash_name_is_slot(name);
}

/* Neither PEM nor DER any more. */
static void
read_wreckage(struct store_builder *builder, const struct hash_file *file)
{
	builder_turn_to(builder, file->file->path, file->file->bytes);
	builder_salvage_wreckage(builder, builder->entry_count, builder->defect_count);
	if (builder->entry_count > file->first)
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, 0, builder->bytes.length,
			"nothing leads to what stands in this file: no BEGIN line is whole");
}

/* A directory holds other things besides: only what is PEM or DER is read. */
static void
file_read_entries(struct store_builder *builder, struct hash_file *file)
{
	static const struct store_format *const formats[] = { &store_pem, &store_der };

	size_t first_defect = builder->defect_count, i;

	file->first = builder->entry_count;
	for (i = 0; i < COUNT_OF(formats) && !formats[i]->sniff(file->file->bytes); i++)
		;
	if (i < COUNT_OF(formats)) {
		builder_turn_to(builder, file->file->path, file->file->bytes);
		formats[i]->read(builder);
		if (builder->defect_count > first_defect)
			builder_salvage_wreckage(builder, file->first, first_defect);
	} else if (is_meant_for_store(file->file->name)) {
		read_wreckage(builder, file);
	}
	file->count = builder->entry_count - file->first;
}

/* Names that are no hash come first, so that a file is known by its own name. */
static void
files_collect(struct store_builder *builder, struct hash_links *links)
{
	const struct directory *directory = builder->directory;
	struct hash_slot slot = {};
	size_t unique = 0;

	links->files =
		arena_alloc(builder->arena, (directory->count * 2 + 1) * sizeof(*links->files));
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < directory->count; i++) {
			const struct directory_file *file = &directory->files[i];

			if (file->is_regular && !file->is_skipped &&
				slot_parse(file->name, &slot) == (pass == 1))
				links->files[links->file_count++].file = file;
		}
	/* The first name of each real path is kept; the sort must not change their order. */
	for (size_t i = 0; i < links->file_count; i++)
		links->files[i].first = i;
	qsort(links->files, links->file_count, sizeof(*links->files), compare_files);
	for (size_t i = 0; i < links->file_count; i++) {
		struct hash_file *last = unique == 0 ? NULL : &links->files[unique - 1];

		if (last == NULL || strcmp(last->file->real, links->files[i].file->real) != 0)
			links->files[unique++] = links->files[i];
		else if (links->files[i].first < last->first)
			*last = links->files[i];
	}
	links->file_count = unique;
}

static int
compare_order(const void *a, const void *b)
{
	const struct hash_file *left = a, *right = b;

	return strcmp(left->file->name, right->file->name);
}

static void
slots_collect(struct store_builder *builder, struct hash_links *links)
{
	const struct directory *directory = builder->directory;

	links->slots = arena_alloc(builder->arena, (directory->count + 1) * sizeof(*links->slots));
	for (size_t i = 0; i < directory->count; i++) {
		struct hash_slot slot = { .link = &directory->files[i] };
		struct hash_file key = { .file = slot.link };

		if (!slot_parse(slot.link->name, &slot))
			continue;
		if (slot.link->real != NULL && slot.link->is_regular && !slot.link->is_skipped) {
			struct hash_file *file = bsearch(&key, links->files, links->file_count,
				sizeof(*links->files), compare_files);

			slot.file = file;
			if (file != NULL)
				file->is_linked = true;
		}
		links->slots[links->count++] = slot;
	}
	qsort(links->slots, links->count, sizeof(*links->slots), compare_slots);
}

/* Asks the library about the file, and sets the link of what it finds by this name. */
static void
slot_follow(struct store_builder *builder, struct hash_slot *slot)
{
	const struct hash_file *file = slot->file;
	struct openssl_answer answer;
	struct openssl_match match = {
		.entries = builder->entries + file->first,
		.count = file->count,
		.loaded = arena_alloc(builder->arena, file->count + 1),
	};

	openssl_ask(builder->openssl, builder->arena,
		slot->is_crl ? OPENSSL_LOAD_CRLS : OPENSSL_LOAD_CERTS, file->file->bytes, &match,
		&answer);
	slot->reads = answer.succeeds;
	for (size_t i = 0; i < file->count; i++) {
		struct entry *entry = &builder->entries[file->first + i];

		if (match.loaded[i] && entry->link == NULL && hash_slot_finds(slot, entry))
			entry->link = slot->link->name;
	}
}

static void
slots_follow(struct store_builder *builder, struct hash_links *links)
{
	for (size_t i = 0; i < links->count; i++) {
		struct hash_slot *slot = &links->slots[i], *last = i == 0 ? NULL : slot - 1;
		bool continues = last != NULL && last->hash == slot->hash &&
				 last->is_crl == slot->is_crl && last->number + 1 == slot->number;

		slot->is_reached =
			slot->number == 0 || (continues && last->is_reached && last->reads);
		if (slot->is_reached && slot->file != NULL)
			slot_follow(builder, slot);
	}
}

void
hash_links_read(struct store_builder *builder, struct hash_links *ret)
{
	*ret = (struct hash_links){};
	files_collect(builder, ret);
	qsort(ret->files, ret->file_count, sizeof(*ret->files), compare_order);
	for (size_t i = 0; i < ret->file_count; i++)
		file_read_entries(builder, &ret->files[i]);
	qsort(ret->files, ret->file_count, sizeof(*ret->files), compare_files);
	slots_collect(builder, ret);
	slots_follow(builder, ret);
}
