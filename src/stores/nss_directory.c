/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a database of NSS. NSS opens none without a key4.db; pkcs11.txt it makes by
 * itself where it may. In a directory that is there, cert9.db alone is replaced: modules, and
 * whatever else stands there, are as they were.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "stores/nss_database.h"
#include "stores/nss_write.h"

enum { FILE_MODE = 0644, DIRECTORY_MODE = 0755, MODE_BITS = 07777 };

static int
nss_directory_write(const struct store_content *content, const char *path, struct err *err)
{
	CLEANUP(buffer_free) struct buffer certificates = {};
	CLEANUP(buffer_free) struct buffer keys = {};
	CLEANUP(fd_close) int directory = -1;

	TRY(nss_write(content, &certificates, err));
	TRY(nss_write_keys(&keys, err));
	directory = directory_begin(path, DIRECTORY_MODE, err);
	if (directory < 0)
		return -1;
	TRY(file_create_at(directory, NSS_KEY_DB, buffer_span(&keys), FILE_MODE, err));
	TRY(file_create_at(directory, NSS_CERT_DB, buffer_span(&certificates), FILE_MODE, err));
	return fsync(directory) < 0 ? err_sys(err, ERR_CREATE, "sync %s", path) : 0;
}

/* What SQLite left beside a database it would read into the new one. */
static bool
is_log(const char *name)
{
	static const char *const names[] = { NSS_CERT_DB "-journal", NSS_CERT_DB "-wal",
		NSS_KEY_DB "-journal", NSS_KEY_DB "-wal" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static int
check_names(struct world *world, const char *path, struct err *err)
{
	const char *const *names;
	size_t count;
	bool has_database = false;

	TRY(world_list(world, path, &names, &count, err));
	for (size_t i = 0; i < count; i++) {
		has_database |= strcmp(names[i], NSS_CERT_DB) == 0;
		if (is_log(names[i]))
			return err_set(err, ERR_CREATE,
				"%s/%s: the database is being written, or was when its writer "
				"ended: let certutil -L -X -d sql:%s finish that first",
				path, names[i], path);
	}
	if (count > 0 && !has_database)
		return err_set(
			err, ERR_CREATE, "%s holds %s, and is no database of NSS", path, names[0]);
	return 0;
}

/* A MAC of each attribute of trust is made with the password, and a certificate whose key is here
 * is not ours to take away. */
static int
nss_may_replace(struct stores *stores, struct world *world, const char *path, struct err *err)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct file_identity identity;
	const struct store *store;
	struct err ignored = {};

	TRY(check_names(world, path, err));
	if (world_lstat(world, path_join(arena, path, NSS_CERT_DB), &identity, &ignored) == 0 &&
		identity.type == FILE_LINK)
		return err_set(err, ERR_CREATE,
			"%s/" NSS_CERT_DB " is a link, and stays: name the directory it leads to",
			path);
	store = stores_open(stores, world, path, LOADER_ANY);
	TRY(store_need(store, path, err));
	if (store->profile == NULL || strcmp(store->profile, NSS_PROFILE) == 0)
		return 0;
	return err_set(err, ERR_CREATE,
		"%s is a %s, which only NSS can write: certutil -A -d sql:%s adds to it, -M sets "
		"trust, -D deletes",
		path, store->profile, path);
}

/* The mode and owner of what it replaces, as far as we may. */
static int
keep_access(int written, int there, const char *path, struct err *err)
{
	struct stat status;

	if (fstatat(there, NSS_CERT_DB, &status, 0) < 0)
		return errno == ENOENT ? 0 : err_sys(err, ERR_IO, "look at %s/" NSS_CERT_DB, path);
	if (fchownat(written, NSS_CERT_DB, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(written, NSS_CERT_DB, status.st_mode & MODE_BITS, 0) < 0)
		return err_sys(err, ERR_PERMISSION,
			"give the new " NSS_CERT_DB " the owner of the one in %s", path);
	return 0;
}

static int
nss_directory_replace(const char *written, const char *path, struct err *err)
{
	CLEANUP(fd_close)
	int from = open(written, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	CLEANUP(fd_close) int to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (from < 0 || to < 0)
		return err_sys(err, ERR_CREATE, "open directory %s", from < 0 ? written : path);
	TRY(keep_access(from, to, path, err));
	if (renameat2(from, NSS_KEY_DB, to, NSS_KEY_DB, RENAME_NOREPLACE) < 0 && errno != EEXIST)
		return err_sys(err, ERR_CREATE, "put %s/" NSS_KEY_DB " in its place", path);
	if (renameat(from, NSS_CERT_DB, to, NSS_CERT_DB) < 0)
		return err_sys(err, ERR_CREATE, "put %s/" NSS_CERT_DB " in its place", path);
	return fsync(to) < 0 ? err_sys(err, ERR_CREATE, "sync %s", path) : 0;
}

const struct directory_writer nss_directory = {
	.loader = LOADER_NSS,
	.write = nss_directory_write,
	.may_replace = nss_may_replace,
	.replace = nss_directory_replace,
};
