/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the server can get at its stores at all: existence, permissions, labels; and whether
 * others can change them. */
#include <string.h>
#include <sys/stat.h>

#include "diagnosis/restore.h"

enum { OWNER_READ = S_IRUSR, GROUP_READ = S_IRGRP, GROUP_SEARCH = S_IXGRP, OTHER_SEARCH = S_IXOTH };

static struct locus
file_locus(const char *path)
{
	return (struct locus){ .path = path };
}

static bool
in_groups(const struct credentials *reader, gid_t group)
{
	if (reader->group == group)
		return true;
	for (size_t i = 0; i < reader->group_count; i++)
		if (reader->groups[i] == group)
			return true;
	return false;
}

/* Owner and mode that the path had when all was well. */
static const struct file_version *
known_version(struct scene *scene, const char *path)
{
	const struct material *material = &scene->diagnosis->material;

	for (size_t i = 0; i < material->file_count; i++)
		if (material->files[i].version != NULL &&
			strcmp(material->files[i].path, path) == 0)
			return material->files[i].version;
	return NULL;
}

/* The least that lets this reader in: as it was in the baseline, or the one missing bit for owner
 * or group. */
static const struct remedy *
access_remedy(struct scene *scene, enum cause_code cause, const struct access *access,
	const struct credentials *reader, bool directory)
{
	struct remedy *remedy = remedy_new(scene, "set-access", cause, access->component);
	const struct file_version *version = known_version(scene, access->component);

	remedy->owner = access->owner;
	remedy->group = access->group;
	remedy->mode = access->mode;
	if (version != NULL) {
		remedy->owner = version->identity.owner;
		remedy->group = version->identity.group;
		remedy->mode = version->identity.mode;
	} else if (access->owner == reader->user) {
		remedy->mode |= directory ? S_IXUSR : OWNER_READ;
	} else if (directory) {
		/* Passing through a directory shows nothing of what is in it. */
		remedy->mode |= in_groups(reader, access->group) ? GROUP_SEARCH : OTHER_SEARCH;
	} else {
		/* What the former group could write, the server's must not. */
		if (reader->group != access->group)
			remedy->mode &= ~(mode_t)S_IWGRP;
		remedy->group = reader->group;
		remedy->mode |= GROUP_READ;
	}
	remedy_says(scene, remedy,
		"set %s to mode %04o, owner %u, group %u, so that user %s can read it",
		remedy->path, remedy->mode, remedy->owner, remedy->group,
		reader->user_name != NULL ? reader->user_name : "of the server");
	return remedy;
}

static void
suspect_access(struct scene *scene, struct suspects *suspects, const struct trust_source *source,
	const struct access *access, const struct credentials *reader)
{
	struct locus where = file_locus(access->component);
	const struct remedy *remedy = NULL;
	struct suspect *suspect;
	enum cause_code cause = CAUSE_PERMISSION_UNREADABLE;

	if (access->stop == ACCESS_NOT_SEARCHABLE)
		cause = CAUSE_PERMISSION_PATH_CLOSED;
	if (access->stop == ACCESS_LABEL)
		cause = reader->label != NULL && strchr(reader->label, ':') != NULL
				? CAUSE_PERMISSION_SELINUX
				: CAUSE_PERMISSION_APPARMOR;
	else if (scene->service->world_is_process)
		cause = CAUSE_PERMISSION_CONTAINER_UID;
	if (cause == CAUSE_PERMISSION_UNREADABLE || cause == CAUSE_PERMISSION_PATH_CLOSED)
		remedy = access_remedy(
			scene, cause, access, reader, cause == CAUSE_PERMISSION_PATH_CLOSED);
	suspect = suspect_add(scene, suspects, cause, &where, remedy);
	suspect->certain = true;
	suspect->idle = SEVERITY_WARNING;
	suspect_evidence(scene, suspect, "%s", access->text);
	suspect_evidence(
		scene, suspect, "%s %s is read by this user", source->directive, source->path);
	if (remedy == NULL)
		suspect->why = cause == CAUSE_PERMISSION_CONTAINER_UID
				       ? "the mount belongs to the container's definition: change "
					 "its owner or mode there"
				       : "labels and profiles are the security policy's: restore "
					 "the label or add one rule there";
}

/* What is looked for at each handshake and cannot be put back refuses whoever is refused there. */
static void
blame_at_handshake(struct scene *scene, struct suspect *suspect, const struct trust_source *source)
{
	if (source->read_times != READ_AT_HANDSHAKE)
		return;
	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];
		const struct verifier *verifier = cell->verifier;

		if (!cell->concerns || cell->accepted || !cell->client->must_be_accepted ||
			source < verifier->sources ||
			source >= verifier->sources + verifier->source_count)
			continue;
		suspect_blame(scene, suspect, cell->client);
		suspect->loses_client = true;
	}
}

/* A file of this name would be no directory. */
static bool
wants_directory(const struct trust_source *source)
{
	return source->loader == LOADER_OPENSSL_DIRECTORY ||
	       source->loader == LOADER_HAPROXY_DIRECTORY;
}

static const char *
why_still_missing(const struct trust_source *source, bool in_chroot)
{
	if (in_chroot)
		return "put the directory at this path as well, by the same writer that fills the "
		       "one outside of the chroot";
	if (wants_directory(source))
		return "the whole directory is gone: make it anew with the owner and mode that it "
		       "had, and what belongs there is put into it";
	return "nothing known-good holds what was there: give it with --known-good, or save a "
	       "baseline while all is well";
}

/* Where the file should be and is not: put back what was there. */
static void
suspect_missing(struct scene *scene, struct suspects *suspects, const struct trust_source *source,
	const struct access *access)
{
	struct arena *arena = scene->diagnosis->arena;
	const struct store *store =
		stores_open(scene->diagnosis->stores, scene->world, source->path, LOADER_ANY);
	const struct material_file *whole = restore_whole(scene, store);
	struct remedy *remedy =
		remedy_new(scene, "restore-store", CAUSE_STORE_MISSING, source->path);
	bool in_chroot = scene->service->chroot != NULL && source->read_times == READ_AT_HANDSHAKE;
	struct suspect *suspect;

	if (whole != NULL) {
		remedy->bytes = whole->store->bytes;
		if (whole->version != NULL) {
			remedy->owner = whole->version->identity.owner;
			remedy->group = whole->version->identity.group;
			remedy->mode = whole->version->identity.mode;
		}
		remedy_says(scene, remedy, "restore %s from %s", source->path, whole->path);
	} else {
		remedy->bytes = restore_composed(scene, store, source->path);
		remedy_says(scene, remedy, "write %s anew from known-good material", source->path);
	}
	if (remedy->bytes.length == 0 || access->stop == ACCESS_NOT_DIRECTORY ||
		wants_directory(source))
		remedy = NULL;
	suspect = suspect_add(scene, suspects,
		in_chroot ? CAUSE_PERMISSION_CHROOT : CAUSE_STORE_MISSING, &source->where, remedy);
	suspect->certain = true;
	suspect->idle = SEVERITY_WARNING;
	suspect->subject.name = arena_strdup(arena, source->path);
	suspect->subject.where = file_locus(source->path);
	suspect_evidence(scene, suspect, "%s:%u: %s %s: %s", source->where.path, source->where.line,
		source->directive, source->path,
		access->stop == ACCESS_DANGLING ? "a symbolic link that leads nowhere"
						: "no such file");
	if (remedy == NULL)
		suspect->why = why_still_missing(source, in_chroot);
	if (remedy == NULL)
		blame_at_handshake(scene, suspect, source);
}

static void
check_writable(struct scene *scene, struct suspects *suspects, const struct trust_source *source,
	const struct file_identity *identity)
{
	const struct credentials *reader = scene->service->readers.at_load;
	const struct store *store =
		stores_open(scene->diagnosis->stores, scene->world, source->path, LOADER_ANY);
	struct locus where = file_locus(source->path);
	struct remedy *remedy = NULL;
	struct suspect *suspect;
	const char *text;

	if (!world_is_writable_by_others(
		    scene->world, source->path, reader != NULL ? reader->user : 0, &text))
		return;
	if ((identity->mode & (S_IWGRP | S_IWOTH)) != 0 && identity->type == FILE_REGULAR &&
		restore_whole(scene, store) != NULL &&
		digest_equal(&restore_whole(scene, store)->store->digest, &store->digest)) {
		remedy = remedy_new(scene, "set-access", CAUSE_PERMISSION_WRITABLE, source->path);
		remedy->owner = identity->owner;
		remedy->group = identity->group;
		remedy->mode = identity->mode & ~(mode_t)(S_IWGRP | S_IWOTH);
		remedy_says(scene, remedy, "take write permission on %s from group and others",
			source->path);
	}
	suspect = suspect_add(scene, suspects, CAUSE_PERMISSION_WRITABLE, &where, remedy);
	suspect->certain = true;
	suspect->idle = SEVERITY_WARNING;
	suspect_evidence(scene, suspect, "%s", text);
	if (remedy == NULL)
		suspect->why = "its present content is not known to be good, and tightening the "
			       "mode would bless it: compare it first";
}

/* None of these servers looks at the mode of what it trusts from; PostgreSQL and others refuse a
 * file with a key in it that others may read. */
static void
check_key_exposed(struct scene *scene, struct suspects *suspects, const struct trust_source *source,
	const struct file_identity *identity)
{
	const struct store *store =
		stores_open(scene->diagnosis->stores, scene->world, source->path, LOADER_ANY);
	struct locus where = file_locus(source->path);
	struct suspect *suspect;

	if (identity->type != FILE_REGULAR || (identity->mode & (S_IRGRP | S_IROTH)) == 0 ||
		store_count(store, ENTRY_PRIVATE_KEY) == 0)
		return;
	suspect = suspect_add(scene, suspects, CAUSE_PERMISSION_TOO_OPEN, &where, NULL);
	suspect->certain = true;
	suspect->idle = SEVERITY_WARNING;
	suspect_evidence(scene, suspect,
		"%s holds a private key, and its mode %04o lets others than its owner read it: "
		"this server does not look, PostgreSQL refuses such a file",
		source->path, (unsigned)identity->mode & 07777);
	suspect->why = "the key counts as known to whoever could read it: replace it, and take it "
		       "out of the store";
}

/* One path that one reader must get at; true where something stands in the way. */
static bool
check_reader(struct scene *scene, struct suspects *suspects, const struct trust_source *source,
	const char *path, const struct credentials *reader)
{
	static const struct credentials anybody = { .capabilities = CREDENTIALS_DAC_OVERRIDE };
	const struct credentials *who = reader != NULL ? reader : &anybody;
	struct access access = world_may_read(scene->world, path, who);

	if (access.stop == ACCESS_GRANTED)
		return false;
	if (access.stop == ACCESS_MISSING || access.stop == ACCESS_DANGLING ||
		access.stop == ACCESS_NOT_DIRECTORY)
		suspect_missing(scene, suspects, source, &access);
	else
		suspect_access(scene, suspects, source, &access, who);
	return true;
}

/* At handshakes a directory is passed through, and each file in it is opened by itself. */
static void
check_files(struct scene *scene, struct suspects *suspects, const struct trust_source *source)
{
	const struct store *store =
		stores_open(scene->diagnosis->stores, scene->world, source->path, source->loader);
	const char *last = "";

	for (size_t i = 0; i < store->entry_count; i++) {
		const char *path = store->entries[i].path;

		if (strcmp(path, last) != 0)
			(void)check_reader(scene, suspects, source, path,
				scene->service->readers.at_handshake);
		last = path;
	}
}

static void
check_source(struct scene *scene, struct suspects *suspects, const struct trust_source *source)
{
	struct file_identity identity;
	struct err err = { 0 };

	if (check_reader(scene, suspects, source, source->path,
		    (source->read_times & READ_AT_LOAD) != 0 ? scene->service->readers.at_load
							     : NULL))
		return;
	if ((source->read_times & READ_AT_HANDSHAKE) != 0)
		check_files(scene, suspects, source);
	if (world_stat(scene->world, source->path, &identity, &err) < 0)
		return;
	check_writable(scene, suspects, source, &identity);
	check_key_exposed(scene, suspects, source, &identity);
}

static void
access_run(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->service->verifier_count; i++)
		for (size_t j = 0; j < scene->service->verifiers[i].source_count; j++)
			check_source(scene, suspects, &scene->service->verifiers[i].sources[j]);
}

const struct check check_access = {
	.name = "access",
	.run = access_run,
};
