/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/hashdir.h"

#include <stdlib.h>
#include <string.h>

#include "stores/boxed.h"
#include "stores/hash_links.h"

/* An entry that no link finds, and the file that a link must lead to. */
struct wanted {
	uint32_t hash;
	bool is_crl;
	const char *file; /* name in the directory */
	bool alone;       /* nothing else is in that file */
	const struct entry *entry;
};

struct planner {
	struct store_builder builder;
	struct hash_links links;
	struct wanted *wanted;
	size_t wanted_count, wanted_capacity;
	struct hash_link *result;
	size_t count, capacity;
};

static int
compare_wanted(const void *a, const void *b)
{
	const struct wanted *left = a, *right = b;
	int order;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	if (left->is_crl != right->is_crl)
		return left->is_crl ? 1 : -1;
	order = span_compare(left->entry->der, right->entry->der);
	if (order != 0)
		return order;
	/* Of copies, the one in a file of its own is found by its own name alone. */
	if (left->alone != right->alone)
		return left->alone ? -1 : 1;
	return strcmp(left->file, right->file);
}

static bool
same_series(const struct wanted *a, const struct wanted *b)
{
	return a->hash == b->hash && a->is_crl == b->is_crl;
}

/* A copy of it that some link finds is as good. */
static bool
is_found_elsewhere(const struct planner *planner, const struct entry *entry)
{
	for (size_t i = 0; i < planner->builder.entry_count; i++) {
		const struct entry *other = &planner->builder.entries[i];

		if (other->link != NULL && other->kind == entry->kind &&
			span_equal(other->der, entry->der))
			return true;
	}
	return false;
}

/* A link to a file that the library cannot read to its end would end the search. */
static void
want_of_file(struct planner *planner, const struct hash_file *file, bool crls)
{
	struct arena *arena = planner->builder.arena;
	struct openssl_answer answer;
	struct openssl_match match = {
		.entries = planner->builder.entries + file->first,
		.count = file->count,
		.loaded = arena_alloc(arena, file->count + 1),
	};

	openssl_ask(planner->builder.openssl, arena, crls ? OPENSSL_LOAD_CRLS : OPENSSL_LOAD_CERTS,
		file->file->bytes, &match, &answer);
	for (size_t i = 0; i < file->count && answer.succeeds; i++) {
		const struct entry *entry = &match.entries[i];
		struct wanted wanted = { .is_crl = crls,
			.file = file->file->name,
			.alone = file->count == 1,
			.entry = entry };

		if (!match.loaded[i] || !entry_is_looked_for(entry) || entry->link != NULL ||
			entry_hash(entry, false, &wanted.hash) < 0 ||
			is_found_elsewhere(planner, entry))
			continue;
		planner->wanted = arena_grow(arena, planner->wanted, planner->wanted_count,
			&planner->wanted_capacity, sizeof(*planner->wanted));
		planner->wanted[planner->wanted_count++] = wanted;
	}
}

static bool
has_unfound(const struct planner *planner, const struct hash_file *file, enum entry_kind kind)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct entry *entry = &planner->builder.entries[file->first + i];

		if (entry->kind == kind && entry->link == NULL && entry_is_looked_for(entry))
			return true;
	}
	return false;
}

static void
link_add(struct planner *planner, const struct wanted *series, unsigned number, const char *target)
{
	struct arena *arena = planner->builder.arena;
	struct hash_link *link;

	planner->result = arena_grow(arena, planner->result, planner->count, &planner->capacity,
		sizeof(*planner->result));
	link = &planner->result[planner->count++];
	link->name =
		arena_printf(arena, "%08x.%s%u", series->hash, series->is_crl ? "r" : "", number);
	link->target = target;
}

static const struct hash_slot *
slot_find(const struct planner *planner, const struct wanted *series, unsigned number)
{
	const struct hash_slot key = {
		.hash = series->hash, .is_crl = series->is_crl, .number = number
	};

	return hash_slot_find(&planner->links, &key);
}

/* Whether the file behind a name of no use is to keep a name: it is there, and something is in it.
 */
static bool
is_worth_keeping(const struct hash_slot *slot)
{
	return slot->file != NULL && slot->file->count > 0;
}

static bool
slot_reads(struct planner *planner, const struct hash_slot *slot)
{
	struct openssl_match match = {};
	struct openssl_answer answer;

	if (slot->file == NULL)
		return false;
	if (slot->is_reached)
		return slot->reads;
	openssl_ask(planner->builder.openssl, planner->builder.arena,
		slot->is_crl ? OPENSSL_LOAD_CRLS : OPENSSL_LOAD_CERTS, slot->file->file->bytes,
		&match, &answer);
	return answer.succeeds;
}

/* Fills the numbers of one hash from 0 on: good names stay, gaps and names that lead nowhere take
 * what is wanted, and what was displaced goes to the end. */
static void
fill_series(struct planner *planner, const struct wanted *wanted, size_t count)
{
	CLEANUP(mem_freep)
	const struct hash_slot **displaced =
		mem_alloc((planner->links.count + 1) * sizeof(const void *));
	size_t next = 0, moved = 0, back = 0;

	for (unsigned number = 0; number <= STORE_MAX_FILES; number++) {
		const struct hash_slot *slot = slot_find(planner, wanted, number);

		if (slot != NULL && slot_reads(planner, slot))
			continue;
		if (next < count) {
			link_add(planner, wanted, number, wanted[next].file);
			/* Entries of one file come by one link; copies need none. */
			for (next++; next < count &&
				     (strcmp(wanted[next].file, wanted[next - 1].file) == 0 ||
					     span_equal(wanted[next].entry->der,
						     wanted[next - 1].entry->der));)
				next++;
			if (slot != NULL && is_worth_keeping(slot))
				displaced[moved++] = slot;
		} else if (back < moved && slot == NULL) {
			link_add(planner, wanted, number, displaced[back++]->file->file->name);
		} else if (back == moved) {
			return;
		}
	}
}

static void
plan(struct planner *planner)
{
	for (size_t i = 0; i < planner->links.file_count; i++) {
		const struct hash_file *file = &planner->links.files[i];

		if (has_unfound(planner, file, ENTRY_CERTIFICATE))
			want_of_file(planner, file, false);
		if (has_unfound(planner, file, ENTRY_CRL))
			want_of_file(planner, file, true);
	}
	if (planner->wanted_count == 0)
		return;
	qsort(planner->wanted, planner->wanted_count, sizeof(*planner->wanted), compare_wanted);
	for (size_t i = 0, end; i < planner->wanted_count; i = end) {
		for (end = i + 1; end < planner->wanted_count &&
				  same_series(&planner->wanted[end], &planner->wanted[i]);)
			end++;
		fill_series(planner, &planner->wanted[i], end - i);
	}
}

void
hashdir_plan(struct arena *arena, struct openssl_reader *openssl, const struct directory *directory,
	const struct hash_link **ret, size_t *ret_count)
{
	struct planner planner = {
		.builder = { .arena = arena, .directory = directory, .openssl = openssl },
	};

	builder_turn_to(&planner.builder, directory->path, (struct span){});
	hash_links_read(&planner.builder, &planner.links);
	plan(&planner);
	*ret = planner.result;
	*ret_count = planner.count;
}

int
hashdir_missing_links(struct stores *stores, struct world *world, const char *path,
	const struct hash_link **ret, size_t *ret_count, struct err *err)
{
	struct arena *arena = stores_arena(stores);
	struct directory *directory = arena_alloc(arena, sizeof(*directory));
	struct boxed_plan plan = {};

	*ret = NULL;
	*ret_count = 0;
	TRY(directory_read(arena, world, path, directory, err));
	TRY(boxed_links(stores_boxed(stores), arena, directory, &plan, err));
	*ret = plan.links;
	*ret_count = plan.count;
	return 0;
}
