/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/hashdir_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "stores/compare.h"
#include "stores/hash_links.h"
#include "stores/pem.h"

enum { FILE_MODE = 0644, DIRECTORY_MODE = 0755 };

/* An entry and the name by which it is looked for. */
struct placed {
	const struct entry *entry;
	uint32_t hash;
};

/* Of one name, by digest: the same set is the same directory, whatever its order was. */
static int
compare_placed(const void *a, const void *b)
{
	const struct placed *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	if (left->entry->kind != right->entry->kind)
		return left->entry->kind == ENTRY_CRL ? 1 : -1;
	return memcmp(
		entry_digest(left->entry)->bytes, entry_digest(right->entry)->bytes, DIGEST_SIZE);
}

static int
write_entry(int directory, const struct placed *placed, unsigned number, struct err *err)
{
	const struct entry *entry = placed->entry;
	bool is_crl = entry->kind == ENTRY_CRL;
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(buffer_free) struct buffer text = {};
	char digest[DIGEST_TEXT_SIZE];
	const char *name, *link;

	digest_text(entry_digest(entry), digest);
	name = arena_printf(arena, "%s%s", digest, is_crl ? ".crl" : ".pem");
	link = arena_printf(arena, "%08x.%s%u", placed->hash, is_crl ? "r" : "", number);
	pem_write_entry(&text, entry);
	TRY(file_create_at(directory, name, buffer_span(&text), FILE_MODE, err));
	if (symlinkat(name, directory, link) < 0)
		return err_sys(err, ERR_CREATE, "create the link %s", link);
	return 0;
}

static int
place_all(struct arena *arena, const struct store_content *content, struct placed **ret,
	struct err *err)
{
	struct placed *placed = arena_alloc(arena, (content->count + 1) * sizeof(*placed));

	for (size_t i = 0; i < content->count; i++) {
		placed[i].entry = content->entries[i];
		if (entry_hash(content->entries[i], false, &placed[i].hash) < 0)
			return err_set(err, ERR_DATA,
				"entry %zu has a name that OpenSSL makes no hash of", i + 1);
	}
	qsort(placed, content->count, sizeof(*placed), compare_placed);
	*ret = placed;
	return 0;
}

int
hashdir_write(const struct store_content *content, const char *path, struct err *err)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(fd_close) int directory = -1;
	struct placed *placed = NULL;
	unsigned number = 0;

	if (content->count > HASHDIR_MAX_WRITTEN)
		return err_set(err, ERR_LIMIT,
			"a hash directory is written with %d entries at most", HASHDIR_MAX_WRITTEN);
	TRY(place_all(arena, content, &placed, err));
	directory = directory_begin(path, DIRECTORY_MODE, err);
	if (directory < 0)
		return -1;
	for (size_t i = 0; i < content->count; i++) {
		bool continues = i > 0 && placed[i].hash == placed[i - 1].hash &&
				 placed[i].entry->kind == placed[i - 1].entry->kind;

		number = continues ? number + 1 : 0;
		TRY(write_entry(directory, &placed[i], number, err));
	}
	return fsync(directory) < 0 ? err_sys(err, ERR_CREATE, "sync %s", path) : 0;
}

bool
hashdir_is_ours_to_replace(const char *name)
{
	return hash_name_is_slot(name) || directory_haproxy_reads(name);
}

/* Only what is all certificates and CRLs is replaced as a whole. */
static int
hashdir_may_replace(struct stores *, struct world *world, const char *path, struct err *err)
{
	const char *const *names;
	size_t count;

	TRY(world_list(world, path, &names, &count, err));
	for (size_t i = 0; i < count; i++)
		if (!hashdir_is_ours_to_replace(names[i]))
			return err_set(err, ERR_CREATE,
				"%s holds %s too, and is not replaced as a whole", path, names[i]);
	return 0;
}

static int
hashdir_replace(const char *written, const char *path, struct err *err)
{
	return directory_put(written, path, true, err);
}

const struct directory_writer hashdir_directory = {
	.loader = LOADER_OPENSSL_DIRECTORY,
	.write = hashdir_write,
	.may_replace = hashdir_may_replace,
	.replace = hashdir_replace,
};
