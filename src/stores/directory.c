/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/directory.h"

#include <string.h>

/* What lies in one directory together, at most. */
enum { DIRECTORY_MAX_BYTES = 256 << 20 };

static void
file_read_into(struct arena *arena, struct world *world, struct directory_file *file, size_t *left)
{
	struct file_identity identity;
	const char *target, *real;
	struct err err = {};

	if (world_lstat(world, file->path, &identity, &err) == 0 && identity.type == FILE_LINK &&
		world_readlink(world, file->path, &target, &err) == 0)
		file->target = arena_strdup(arena, target);
	if (world_stat(world, file->path, &identity, &err) < 0)
		return;
	real = world_resolve(world, file->path);
	file->real = arena_strdup(arena, real == NULL ? file->path : real);
	file->is_regular = identity.type == FILE_REGULAR;
	if (!file->is_regular)
		return;
	file->is_skipped =
		world_read(world, file->path, *left < STORE_MAX_SIZE ? *left : STORE_MAX_SIZE,
			&file->bytes, &err) < 0;
	if (!file->is_skipped)
		*left -= file->bytes.length;
}

int
directory_read(struct arena *arena, struct world *world, const char *path, struct directory *ret,
	struct err *err)
{
	size_t left = DIRECTORY_MAX_BYTES;
	const char *const *names;
	size_t count;

	*ret = (struct directory){ .path = path };
	TRY(world_list(world, path, &names, &count, err));
	ret->more = count > STORE_MAX_FILES;
	ret->count = ret->more ? STORE_MAX_FILES : count;
	ret->files = arena_alloc(arena, (ret->count + 1) * sizeof(*ret->files));
	for (size_t i = 0; i < ret->count; i++) {
		ret->files[i].name = arena_strdup(arena, names[i]);
		ret->files[i].path = path_join(arena, path, names[i]);
		file_read_into(arena, world, &ret->files[i], &left);
	}
	return 0;
}

struct digest
directory_digest(const struct directory *directory)
{
	CLEANUP(buffer_free) struct buffer list = {};

	for (size_t i = 0; i < directory->count; i++) {
		const struct directory_file *file = &directory->files[i];
		const struct digest digest = digest_of(file->bytes);
		const char *target = file->target == NULL ? "" : file->target;
		const uint8_t kind = (uint8_t)((file->target != NULL) | (file->real != NULL) << 1 |
					       file->is_regular << 2 | file->is_skipped << 3);

		buffer_add(&list, file->name, strlen(file->name) + 1);
		buffer_add(&list, target, strlen(target) + 1);
		buffer_add(&list, &kind, sizeof(kind));
		buffer_add(&list, digest.bytes, sizeof(digest.bytes));
	}
	return digest_of(buffer_span(&list));
}

bool
directory_haproxy_reads(const char *name)
{
	static const char *const suffixes[] = { ".pem", ".crt", ".cer", ".crl" };
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; suffix != NULL && name[0] != '.' && i < COUNT_OF(suffixes); i++)
		if (strcmp(suffix, suffixes[i]) == 0)
			return true;
	return false;
}
