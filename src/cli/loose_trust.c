/* SPDX-License-Identifier: Apache-2.0 */
/* What loose certificates are judged by: the stores that the options name. */
#include "cli/loose.h"

const char *
loose_path(struct loose *loose, const char *name)
{
	return session_store_path(loose->session, name);
}

static int
open_store(struct loose *loose, const char *path, const struct store **ret)
{
	*ret = session_open_store(loose->session, loose->stores, path, LOADER_ANY);
	return session_need_store(loose->session, *ret, path);
}

/* A rejected one stays among the anchors, and is rejected there; one that the store leaves without
 * a mark is none. */
static bool
is_unmarked(const struct store *store, const struct entry *entry)
{
	return !entry->trust.rejects_client && store_leaves_untrusted(store, entry);
}

static void
trust_add(struct loose *loose, struct trust *trust, const struct store *store, size_t *anchors,
	size_t *crls, size_t *crl_entries)
{
	struct arena *arena = loose->session->arena;

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->kind == ENTRY_CERTIFICATE && !is_unmarked(store, entry)) {
			trust->anchors = arena_grow(arena, trust->anchors, trust->anchor_count,
				anchors, sizeof(*trust->anchors));
			trust->anchors[trust->anchor_count++] =
				(struct trusted){ &entry->cert, entry->trust, store, entry };
		}
		if (entry->kind == ENTRY_CRL) {
			trust->crls = arena_grow(
				arena, trust->crls, trust->crl_count, crls, sizeof(*trust->crls));
			trust->crl_entries = arena_grow(arena, trust->crl_entries, trust->crl_count,
				crl_entries, sizeof(*trust->crl_entries));
			trust->crls[trust->crl_count] = &entry->crl;
			trust->crl_entries[trust->crl_count++] = entry;
		}
	}
}

static void
expect_store(struct loose *loose, const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++) {
		if (store->entries[i].kind != ENTRY_CERTIFICATE ||
			loose->serial_count == LOOSE_MAX_SERIALS)
			continue;
		loose->serials = arena_grow(loose->session->arena, loose->serials,
			loose->serial_count, &loose->serial_capacity, sizeof(*loose->serials));
		loose->serials[loose->serial_count++] = store->entries[i].cert.serial;
	}
}

static void
wanted_end(void *wanted)
{
	crl_wanted_free(wanted);
}

/* What the lists will be asked for, so that reading them answers it. */
static void
expect_serials(struct loose *loose)
{
	const struct values *arguments = &loose->session->options.arguments;
	struct crl_wanted *wanted;

	for (size_t i = 0; i < arguments->count && i < LOOSE_EXPECTED_FILES; i++) {
		const char *path = loose_path(loose, arguments->list[i]);
		struct file_identity identity;
		struct err ignored = {};

		if (world_stat(loose->session->world, path, &identity, &ignored) == 0 &&
			identity.type == FILE_REGULAR && identity.size <= LOOSE_EXPECTED_SIZE)
			expect_store(loose, stores_open_early(loose->stores, loose->session->world,
						    path, LOADER_ANY));
	}
	wanted = crl_wanted_new(loose->serials, loose->serial_count);
	/* The lists ask it as long as they live, and the stores end first. */
	arena_adopt(loose->session->arena, wanted, wanted_end);
	stores_expect_serials(loose->stores, wanted);
}

int
loose_trust(struct loose *loose, struct trust *ret)
{
	const struct options *options = &loose->session->options;
	size_t anchors = 0, crls = 0, crl_entries = 0;
	const struct store *store;

	*ret = (struct trust){ .loads = true };
	for (size_t i = 0; i < options->trust.count; i++) {
		TRY(open_store(loose, options->trust.list[i], &store));
		expect_store(loose, store);
		trust_add(loose, ret, store, &anchors, &crls, &crl_entries);
	}
	if (options->crl.count > 0)
		expect_serials(loose);
	for (size_t i = 0; i < options->crl.count; i++) {
		TRY(open_store(loose, options->crl.list[i], &store));
		trust_add(loose, ret, store, &anchors, &crls, &crl_entries);
	}
	trust_seal(ret);
	return 0;
}

int
loose_untrusted(struct loose *loose)
{
	const struct values *paths = &loose->session->options.untrusted;
	const struct store *store;

	for (size_t i = 0; i < paths->count; i++) {
		TRY(open_store(loose, paths->list[i], &store));
		expect_store(loose, store);
		for (size_t j = 0; j < store->entry_count; j++) {
			if (store->entries[j].kind != ENTRY_CERTIFICATE)
				continue;
			loose->untrusted = arena_grow(loose->session->arena, loose->untrusted,
				loose->untrusted_count, &loose->untrusted_capacity,
				sizeof(*loose->untrusted));
			loose->untrusted[loose->untrusted_count++] = store->entries[j].cert;
		}
	}
	return 0;
}
