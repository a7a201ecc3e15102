/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/obstacle.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { DIRECTORIES_MAX = 8, ENTRIES_MAX = 100'000 };

/* One step about to be planned. */
struct place {
	struct diagnosis *diagnosis;
	const struct service *service;
	const struct step *step;
	const char *path;    /* in the service's world */
	const char *parent;  /* of step->path, on the host */
	const char *printed; /* step->path, for people */
};

/* In the directory: it makes, removes or replaces a name there. */
static bool
changes_names(const struct step *step)
{
	return step->kind != STEP_MODE && step->kind != STEP_OWNER;
}

/* Bits of statx(2), without following a link. */
static uint64_t
attributes_of(const char *path)
{
	struct statx status;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) < 0)
		return 0;
	return status.stx_attributes & status.stx_attributes_mask;
}

static const char *
is_mount_point(const struct place *place)
{
	if (!changes_names(place->step) ||
		(attributes_of(place->step->path) & STATX_ATTR_MOUNT_ROOT) == 0)
		return NULL;
	return arena_printf(place->diagnosis->arena,
		"%s is a mount point by itself, so that no rename can replace it: mend the file "
		"that is mounted there, where it comes from",
		place->printed);
}

static const char *
is_immutable(const struct place *place)
{
	const uint64_t fixed = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
	struct arena *arena = place->diagnosis->arena;
	const char *path = place->step->path;

	if ((attributes_of(path) & fixed) == 0) {
		if (!changes_names(place->step) || (attributes_of(place->parent) & fixed) == 0)
			return NULL;
		path = place->parent;
	}
	path = text_sanitize(arena, path, strlen(path));
	return arena_printf(arena,
		"%s is immutable: somebody has fixed it on purpose; take that back with chattr -i "
		"-a %s, and repair again",
		path, path);
}

static const char *
is_read_only(const struct place *place)
{
	struct statvfs status;

	if (statvfs(place->parent, &status) < 0 || (status.f_flag & ST_RDONLY) == 0)
		return NULL;
	return arena_printf(place->diagnosis->arena,
		"%s is on a file system that is mounted read-only: mount it writable, or mend it "
		"where it comes from",
		place->printed);
}

/* Adds the names in a directory that lead to this file as well. */
static const char *
other_names_in(const struct place *place, const char *directory, const char *found)
{
	const struct file_identity *identity = &place->step->before.identity;
	struct arena *arena = place->diagnosis->arena;
	DIR *entries = opendir(directory);
	const struct dirent *entry;

	for (int i = 0; entries != NULL && i < ENTRIES_MAX && (entry = readdir(entries)) != NULL;
		i++) {
		const char *path = path_join(arena, directory, entry->d_name);
		struct stat status;

		if (entry->d_ino != identity->inode || lstat(path, &status) < 0 ||
			status.st_ino != identity->inode || status.st_dev != identity->device ||
			strcmp(path, place->step->path) == 0)
			continue;
		found = arena_printf(arena, "%s%s%s", found, found[0] != '\0' ? ", " : "",
			text_sanitize(arena, path, strlen(path)));
	}
	if (entries != NULL)
		(void)closedir(entries);
	return found;
}

static bool
is_in(const char *const *list, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], path) == 0)
			return true;
	return false;
}

/* Where such a name would stand: beside it, and beside what any service here is configured by. */
static const char *
other_names(const struct place *place)
{
	struct arena *arena = place->diagnosis->arena;
	const struct services *services = &place->diagnosis->services;
	const char *directories[DIRECTORIES_MAX + 1] = { place->parent };
	const char *root = world_root(place->service->world), *found;
	size_t count = 1;

	found = other_names_in(place, place->parent, "");
	for (size_t i = 0; i < services->count; i++)
		for (size_t j = 0; j < services->list[i]->verifier_count && count < DIRECTORIES_MAX;
			j++) {
			const struct verifier *verifier = &services->list[i]->verifiers[j];
			const char *directory;

			if (verifier->source_count == 0)
				continue;
			directory = path_parent(arena, verifier->sources[0].path);
			if (strcmp(root, "/") != 0)
				directory = arena_printf(arena, "%s%s", root, directory);
			if (is_in(directories, count, directory))
				continue;
			directories[count++] = directory;
			found = other_names_in(place, directory, found);
		}
	return found;
}

/*
 * A rename gives this name a new file and leaves the others with the damaged one; to write into the
 * file, or to change its mode, would change what services read that nobody has judged here. So
 * neither is done: whoever linked it must say what the other names are for.
 */
static const char *
has_other_links(const struct place *place)
{
	const struct file_version *before = &place->step->before;
	struct arena *arena = place->diagnosis->arena;
	const char *names;

	if (!before->exists || before->identity.type != FILE_REGULAR || before->identity.links < 2)
		return NULL;
	names = other_names(place);
	return arena_printf(arena,
		"%s is one file with %llu names (hard links), and to mend it under one of them "
		"would part them; %s%s. Part them with cp -a %s COPY && mv COPY %s, repair, and "
		"link them anew if others are to have the mended one",
		place->printed, (unsigned long long)before->identity.links,
		names[0] != '\0' ? "the others: " : "the others: find / -xdev -samefile ",
		names[0] != '\0' ? names : place->printed, place->printed, place->printed);
}

/* Whoever can put a link in the place of a file while it is mended has the mending done elsewhere.
 */
static const char *
can_be_redirected(const struct place *place)
{
	const struct file_version *before = &place->step->before;
	struct arena *arena = place->diagnosis->arena;
	struct stat parent;
	const char *text;
	uid_t owner = before->identity.owner;

	if (!before->exists && stat(place->parent, &parent) == 0)
		owner = parent.st_uid;
	if (!world_is_redirectable_by_others(place->service->world, place->path, owner, &text))
		return NULL;
	return arena_printf(arena,
		"%s could be replaced by others while it is mended: %s. Give the directory to root "
		"or to the owner of the file, writable for nobody else",
		place->printed, text);
}

static const char *(*const obstacles[])(const struct place *) = {
	can_be_redirected,
	is_mount_point,
	is_immutable,
	is_read_only,
	has_other_links,
};

const char *
obstacle_find(struct diagnosis *diagnosis, const struct service *service, const struct step *step,
	const char *path)
{
	struct place place = {
		.diagnosis = diagnosis,
		.service = service,
		.step = step,
		.path = path,
		.parent = path_parent(diagnosis->arena, step->path),
		.printed = text_sanitize(diagnosis->arena, step->path, strlen(step->path)),
	};

	for (size_t i = 0; i < COUNT_OF(obstacles); i++) {
		const char *text = obstacles[i](&place);

		if (text != NULL)
			return text;
	}
	return NULL;
}
