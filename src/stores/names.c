/* SPDX-License-Identifier: Apache-2.0 */
/* How stores are named that are no single file. */
#include <string.h>

#include "stores/store.h"

const char *
store_name_path(const char *name)
{
	static const char prefix[] = "sql:";

	return text_starts(name, prefix) ? name + sizeof(prefix) - 1 : name;
}

enum store_loader
store_directory_loader(struct world *world, struct arena *arena, const char *path)
{
	struct file_identity identity;
	struct err ignored = {};

	return world_stat(world, path_join(arena, path, "cert9.db"), &identity, &ignored) == 0 &&
			       identity.type == FILE_REGULAR
		       ? LOADER_NSS
		       : LOADER_OPENSSL_DIRECTORY;
}
