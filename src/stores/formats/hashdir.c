/* SPDX-License-Identifier: Apache-2.0 */
/* A directory: the entries of all its files, and what keeps a search by hash from finding them. */
#include "stores/hash_links.h"
#include "stores/hashdir_write.h"

#include <stdlib.h>
#include <string.h>

struct found {
	struct store_builder *builder;
	struct hash_links links;
	struct digest *digests; /* of what is found by some link, sorted */
	size_t count;
};

static bool hashdir_sniff(struct span)
{
	return false;
}

static int
compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

static void
found_collect(struct found *found)
{
	const struct store_builder *builder = found->builder;

	found->digests =
		arena_alloc(builder->arena, (builder->entry_count + 1) * sizeof(*found->digests));
	for (size_t i = 0; i < builder->entry_count; i++)
		if (builder->entries[i].link != NULL)
			found->digests[found->count++] = digest_of(builder->entries[i].der);
	qsort(found->digests, found->count, sizeof(*found->digests), compare_digests);
}

/* By its own link or by that of a copy. */
static bool
is_found(const struct found *found, const struct entry *entry)
{
	const struct digest digest = digest_of(entry->der);

	return entry->link != NULL || bsearch(&digest, found->digests, found->count, sizeof(digest),
					      compare_digests) != NULL;
}

static struct defect *
name_defect(struct found *found, enum cause_code cause, const struct directory_file *file,
	const char *text)
{
	struct defect *defect;

	builder_turn_to(found->builder, file->path, (struct span){});
	defect = builder_defect(found->builder, cause, 0, 0, "%s", text);
	if (defect != NULL)
		defect->line = 0;
	return defect;
}

static bool
all_found(const struct found *found, const struct hash_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct entry *entry = &found->builder->entries[file->first + i];

		if (entry_is_looked_for(entry) && !is_found(found, entry))
			return false;
	}
	return true;
}

static bool
any_matches(const struct found *found, const struct hash_slot *slot,
	bool (*finds)(const struct hash_slot *, const struct entry *))
{
	for (size_t i = 0; i < slot->file->count; i++)
		if (finds(slot, &found->builder->entries[slot->file->first + i]))
			return true;
	return false;
}

static void
check_slot(struct found *found, const struct hash_slot *slot)
{
	struct arena *arena = found->builder->arena;
	struct defect *defect = NULL;

	if (slot->file == NULL) {
		if (slot->link->real == NULL)
			(void)name_defect(found, CAUSE_STORE_DANGLING_LINK, slot->link,
				arena_printf(arena, "the link %s leads to %s, which is not there",
					slot->link->name,
					slot->link->target == NULL ? "a file"
								   : slot->link->target));
		return;
	}
	if (any_matches(found, slot, hash_slot_finds)) {
		if (!slot->is_reached)
			defect = name_defect(found, CAUSE_STORE_HASH_COLLISION, slot->link,
				arena_printf(arena,
					"the search never comes to %s: a lower number is missing "
					"or cannot be read",
					slot->link->name));
	} else if (any_matches(found, slot, hash_slot_finds_old)) {
		defect = name_defect(found, CAUSE_STORE_OLD_HASH_LINKS, slot->link,
			arena_printf(arena, "%s is named by the hash that OpenSSL used before 1.0",
				slot->link->name));
	} else if (slot->file->count > 0) {
		defect = name_defect(found, CAUSE_STORE_HASH_COLLISION, slot->link,
			arena_printf(arena, "the names in the file behind %s have another hash",
				slot->link->name));
	}
	if (defect != NULL)
		defect->harmless = all_found(found, slot->file);
}

static void
check_slots(struct found *found)
{
	for (size_t i = 0; i < found->links.count; i++)
		check_slot(found, &found->links.slots[i]);
}

static size_t
count_of(const struct found *found, const struct hash_file *file, enum entry_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < file->count; i++)
		count += found->builder->entries[file->first + i].kind == kind;
	return count;
}

static void
check_multiple(struct found *found)
{
	for (size_t i = 0; i < found->links.count; i++) {
		const struct hash_slot *slot = &found->links.slots[i];
		enum entry_kind kind = slot->is_crl ? ENTRY_CRL : ENTRY_CERTIFICATE;
		size_t count = slot->file == NULL ? 0 : count_of(found, slot->file, kind);
		struct defect *defect;

		if (count < 2)
			continue;
		defect = name_defect(found,
			slot->is_crl ? CAUSE_CRL_FIRST_ONLY : CAUSE_STORE_MULTI_CERT_LINK,
			slot->link,
			arena_printf(found->builder->arena,
				"the file behind %s holds %zu %s, and is found by the name of one",
				slot->link->name, count, slot->is_crl ? "CRLs" : "certificates"));
		if (defect != NULL)
			defect->harmless = all_found(found, slot->file);
	}
}

static void
check_entry(struct found *found, const struct entry *entry)
{
	struct store_builder *builder = found->builder;
	struct defect *defect;

	if (!entry_is_looked_for(entry) || is_found(found, entry))
		return;
	builder->path = entry->path;
	defect = builder_defect(builder, CAUSE_STORE_NOT_REHASHED, entry->offset, entry->length,
		"no hash link leads to this %s", entry_kind_name(entry->kind));
	if (defect == NULL)
		return;
	defect->line = entry->line;
	defect->salvage = entry->der;
}

/* openssl rehash makes no link to a file of several certificates. */
static bool
check_bundle(struct found *found, const struct hash_file *file)
{
	size_t count = count_of(found, file, ENTRY_CERTIFICATE);
	struct defect *defect;

	if (count < 2 || file->is_linked || all_found(found, file))
		return false;
	found->builder->path = found->builder->entries[file->first].path;
	defect = builder_defect(found->builder, CAUSE_STORE_MULTI_CERT_LINK, 0, 0,
		"the file holds %zu certificates, so openssl rehash gives it no link", count);
	if (defect != NULL)
		defect->line = 1;
	return true;
}

/* Where a link leads to the file, what is wrong with the link is said already. */
static void
check_files(struct found *found)
{
	for (size_t i = 0; i < found->links.file_count; i++) {
		const struct hash_file *file = &found->links.files[i];

		if (check_bundle(found, file))
			continue;
		for (size_t k = 0; k < file->count && !file->is_linked; k++)
			check_entry(found, &found->builder->entries[file->first + k]);
	}
}

/* The first certificate of the file, or NULL where HAProxy does not read it. */
static const struct entry *
first_certificate(const struct found *found, const struct hash_file *file)
{
	for (size_t i = 0; i < file->count && directory_haproxy_reads(file->file->name); i++)
		if (found->builder->entries[file->first + i].kind == ENTRY_CERTIFICATE)
			return &found->builder->entries[file->first + i];
	return NULL;
}

static bool
is_first_of_some(const struct found *found, const struct entry *entry)
{
	for (size_t i = 0; i < found->links.file_count; i++) {
		const struct entry *first = first_certificate(found, &found->links.files[i]);

		if (first != NULL && span_equal(first->der, entry->der))
			return true;
	}
	return false;
}

static bool
all_are_first(const struct found *found, const struct hash_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct entry *entry = &found->builder->entries[file->first + i];

		if (entry->kind == ENTRY_CERTIFICATE && !is_first_of_some(found, entry))
			return false;
	}
	return true;
}

/* HAProxy takes one certificate of each file of a directory: src/ssl_ckch.c,
 * ssl_store_load_locations_file. */
static void
check_first_blocks(struct found *found)
{
	for (size_t i = 0; i < found->links.file_count; i++) {
		const struct hash_file *file = &found->links.files[i];
		size_t count = count_of(found, file, ENTRY_CERTIFICATE);
		struct defect *defect;

		if (count < 2 || first_certificate(found, file) == NULL)
			continue;
		found->builder->path = found->builder->entries[file->first].path;
		defect = builder_defect(found->builder, CAUSE_STORE_FIRST_BLOCK_ONLY, 0, 0,
			"the file holds %zu certificates, and of each file of a directory HAProxy "
			"reads the first alone",
			count);
		if (defect == NULL)
			return;
		defect->line = 1;
		defect->harmless = all_are_first(found, file);
	}
}

static void
check_dangling(struct found *found)
{
	for (size_t i = 0; i < found->builder->directory->count; i++) {
		const struct directory_file *file = &found->builder->directory->files[i];
		struct defect *defect;

		if (file->real != NULL || hash_name_is_slot(file->name))
			continue;
		defect = name_defect(found, CAUSE_STORE_DANGLING_LINK, file,
			arena_printf(
				found->builder->arena, "the link %s leads nowhere", file->name));
		if (defect != NULL)
			defect->harmless = true;
	}
}

static void
hashdir_read(struct store_builder *builder)
{
	struct found found = { .builder = builder };
	const char *path = builder->path;
	bool is_searched;

	hash_links_read(builder, &found.links);
	/* Without any link, and for nobody in particular, it is a directory of files and no more.
	 */
	is_searched = builder->loader == LOADER_OPENSSL_DIRECTORY ||
		      (builder->loader == LOADER_ANY && found.links.count > 0);
	if (is_searched) {
		found_collect(&found);
		check_slots(&found);
		check_multiple(&found);
		check_files(&found);
		check_dangling(&found);
	}
	if (builder->loader == LOADER_HAPROXY_DIRECTORY)
		check_first_blocks(&found);
	builder_turn_to(builder, path, (struct span){});
	if (builder->directory->more)
		(void)builder_defect(builder, CAUSE_STORE_WRONG_FORMAT, 0, 0,
			"the directory holds more files than are read");
	if (builder->entry_count == 0)
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, 0,
			"no file of the directory holds a certificate or CRL");
}

const struct store_format store_hashdir = {
	.name = "hashdir",
	.title = "directory of files, found by hash links",
	.carries_crls = true,
	.carries_settings = true,
	.sniff = hashdir_sniff,
	.read = hashdir_read,
	.directory = &hashdir_directory,
};
