/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { ATTRIBUTE_MAX = 64 << 10 };

#define ACCESS_ACL "system.posix_acl_access"

static struct timestamp
timestamp_of(const struct timespec *time)
{
	return (struct timestamp){ time->tv_sec, (uint32_t)time->tv_nsec };
}

static struct timespec
timespec_of(const struct timestamp *time)
{
	return (struct timespec){ .tv_sec = time->seconds, .tv_nsec = time->nanoseconds };
}

static void
attributes_take(struct arena *arena, const char *path, struct file_version *version)
{
	CLEANUP(mem_freep) char *names = mem_alloc(ATTRIBUTE_MAX);
	CLEANUP(mem_freep) char *value = mem_alloc(ATTRIBUTE_MAX);
	struct extended_attribute *attributes = NULL;
	size_t capacity = 0;
	ssize_t length = llistxattr(path, names, ATTRIBUTE_MAX);

	for (const char *name = names; length > 0 && name < names + length;
		name += strlen(name) + 1) {
		ssize_t size = lgetxattr(path, name, value, ATTRIBUTE_MAX);

		if (size < 0)
			continue;
		attributes = arena_grow(arena, attributes, version->attribute_count, &capacity,
			sizeof(*attributes));
		attributes[version->attribute_count].name = arena_strdup(arena, name);
		attributes[version->attribute_count++].value =
			span_of(arena_dup(arena, value, (size_t)size), (size_t)size);
	}
	version->attributes = attributes;
}

static int
content_take(struct arena *arena, const char *path, struct file_version *version, struct span *ret,
	struct err *err)
{
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	CLEANUP(buffer_free) struct buffer buffer = { 0 };

	if (fd < 0 && errno == EPERM)
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, ERR_IO, "open %s", path);
	TRY(file_read_fd(fd, path, WORLD_MAX_FILE, &buffer, err));
	version->digest = digest_of(buffer_span(&buffer));
	*ret = span_of(arena_dup(arena, buffer.length > 0 ? buffer.data : (const uint8_t *)"",
			       buffer.length),
		buffer.length);
	return 0;
}

int
version_take(struct arena *arena, const char *path, struct file_version *ret,
	struct span *ret_bytes, struct err *err)
{
	char target[4096];
	struct stat status;
	ssize_t length;

	*ret = (struct file_version){ .path = path };
	*ret_bytes = span_of("", 0);
	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : err_sys(err, ERR_IO, "stat %s", path);
	ret->exists = true;
	ret->identity = (struct file_identity){
		.type = S_ISREG(status.st_mode)   ? FILE_REGULAR
			: S_ISDIR(status.st_mode) ? FILE_DIRECTORY
			: S_ISLNK(status.st_mode) ? FILE_LINK
						  : FILE_SPECIAL,
		.device = status.st_dev,
		.inode = status.st_ino,
		.size = (uint64_t)status.st_size,
		.links = status.st_nlink,
		.owner = status.st_uid,
		.group = status.st_gid,
		.mode = status.st_mode & 07777,
		.modified = timestamp_of(&status.st_mtim),
		.changed = timestamp_of(&status.st_ctim),
	};
	ret->accessed = timestamp_of(&status.st_atim);
	if (ret->identity.type == FILE_LINK) {
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			return err_sys(err, ERR_IO, "read link %s", path);
		ret->link_target = arena_strndup(arena, target, (size_t)length);
		return 0;
	}
	attributes_take(arena, path, ret);
	return ret->identity.type == FILE_REGULAR ? content_take(arena, path, ret, ret_bytes, err)
						  : 0;
}

static bool
version_matches(const struct file_version *a, const struct file_version *b)
{
	if (a->exists != b->exists)
		return false;
	if (!a->exists)
		return true;
	if (a->identity.type != b->identity.type || a->identity.owner != b->identity.owner ||
		a->identity.group != b->identity.group || a->identity.mode != b->identity.mode)
		return false;
	if (a->identity.type == FILE_LINK)
		return strcmp(a->link_target, b->link_target) == 0;
	return a->identity.type == FILE_DIRECTORY || digest_equal(&a->digest, &b->digest);
}

int
step_check(struct arena *arena, const struct step *step, struct err *err)
{
	struct file_version now;
	struct span bytes;

	if (step->path == NULL)
		return 0;
	TRY(version_take(arena, step->path, &now, &bytes, err));
	if (!version_matches(&now, &step->before))
		return err_set(err, ERR_BUSY,
			"%s has changed since the plan was made: make a new one", step->path);
	if (now.exists && now.identity.inode != step->before.identity.inode)
		return err_set(err, ERR_BUSY,
			"%s was replaced since the plan was made: make a new one", step->path);
	return 0;
}

int
step_spliced(const struct step *step, struct span present, bool backwards, struct buffer *ret,
	struct err *err)
{
	struct span from = backwards ? step->new_bytes : step->old_bytes,
		    to = backwards ? step->old_bytes : step->new_bytes;

	if (step->offset > present.length || from.length > present.length - step->offset ||
		(from.length > 0 &&
			memcmp(present.data + step->offset, from.data, from.length) != 0))
		return err_set(
			err, ERR_BUSY, "%s has changed since: it is left as it is", step->path);
	buffer_add(ret, present.data, step->offset);
	buffer_add(ret, to.data, to.length);
	buffer_add(ret, present.data + step->offset + from.length,
		present.length - step->offset - from.length);
	return 0;
}

static bool
has_attribute(int fd, const struct extended_attribute *attribute)
{
	CLEANUP(mem_freep) char *value = mem_alloc(ATTRIBUTE_MAX);
	ssize_t size = fgetxattr(fd, attribute->name, value, ATTRIBUTE_MAX);

	return size >= 0 && (size_t)size == attribute->value.length &&
	       memcmp(value, attribute->value.data, (size_t)size) == 0;
}

/* A directory's default ACL is given to each file that is made in it (acl(5)); one that had none
 * would let others read. */
static int
acl_drop(int fd, const struct file_version *version, struct err *err)
{
	for (size_t i = 0; i < version->attribute_count; i++)
		if (strcmp(version->attributes[i].name, ACCESS_ACL) == 0)
			return 0;
	if (fremovexattr(fd, ACCESS_ACL) < 0 && errno != ENODATA && errno != ENOTSUP)
		return err_sys(err, ERR_IO, "take the inherited ACL off %s", version->path);
	return 0;
}

/* Labels and ACLs go before the mode: chmod(2) adjusts an ACL's mask to what was planned. What the
 * new file has by itself, such as its label, needs no privilege. */
static int
attributes_put(int fd, const struct file_version *version, struct err *err)
{
	for (size_t i = 0; i < version->attribute_count; i++) {
		const struct extended_attribute *attribute = &version->attributes[i];

		if (!has_attribute(fd, attribute) &&
			fsetxattr(fd, attribute->name, attribute->value.data,
				attribute->value.length, 0) < 0 &&
			errno != ENOTSUP)
			return err_sys(err, ERR_IO, "set %s of %s", attribute->name, version->path);
	}
	return acl_drop(fd, version, err);
}

/* New content in a file that nobody else can guess, see or be given before it has its owner and
 * mode. */
static int
write_beside(const char *staged, struct span content, const struct file_version *like,
	const struct file_identity *identity, struct err *err)
{
	CLEANUP(fd_close)
	int fd = open(staged, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat status;

	if (fd < 0)
		return err_sys(err, ERR_CREATE, "create %s", staged);
	TRY(file_write_fd(fd, staged, content, err));
	if (fstat(fd, &status) < 0)
		return err_sys(err, ERR_IO, "stat %s", staged);
	if ((status.st_uid != identity->owner || status.st_gid != identity->group) &&
		fchown(fd, identity->owner, identity->group) < 0)
		return err_sys(err, ERR_IO, "give %s to its owner", staged);
	if (like != NULL)
		TRY(attributes_put(fd, like, err));
	if (fchmod(fd, identity->mode) < 0 || fsync(fd) < 0)
		return err_sys(err, ERR_IO, "finish %s", staged);
	return 0;
}

int
step_stage(struct arena *arena, const struct step *step, struct span content, struct err *err)
{
	const struct file_version *before = &step->before;
	struct file_version staged;
	struct span written;
	const struct file_identity fresh = {
		.owner = step->owner, .group = step->group, .mode = step->mode
	};

	TRY(write_beside(step->staged, content, before->exists ? before : NULL,
		before->exists ? &before->identity : &fresh, err));
	/* Read again what the disk gives back. */
	TRY(version_take(arena, step->staged, &staged, &written, err));
	if (!digest_equal(&staged.digest, &step->after))
		return err_set(
			err, ERR_IO, "%s does not read back as it was written", step->staged);
	return 0;
}

void
step_unstage(const struct step *step)
{
	if (step->staged != NULL)
		(void)unlink(step->staged);
}

static int
link_replace(const char *path, const char *target, struct err *err)
{
	char temporary[4096];

	if (snprintf(temporary, sizeof(temporary), "%s.trustmend", path) >= (int)sizeof(temporary))
		return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
	(void)unlink(temporary);
	if (symlink(target, temporary) < 0 || rename(temporary, path) < 0) {
		int result = err_sys(err, ERR_IO, "link %s", path);

		(void)unlink(temporary);
		return result;
	}
	return 0;
}

/* Held by a descriptor, so that no link that somebody puts in its place is followed. */
static int
file_hold(const struct step *step, struct err *err)
{
	int fd = open(step->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return err_sys(err, ERR_IO, "open %s", step->path);
	/* Its content may have been replaced by a step before this one. */
	if (fstat(fd, &status) == 0 &&
		(S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && status.st_nlink == 1)))
		return fd;
	(void)close(fd);
	return err_set(err, ERR_BUSY, "%s was replaced since the plan was made", step->path);
}

static int
access_set(const struct step *step, struct err *err)
{
	CLEANUP(fd_close) int fd = file_hold(step, err);
	char path[64];

	if (fd < 0)
		return -1;
	if (step->kind == STEP_OWNER)
		return fchownat(fd, "", step->owner, step->group, AT_EMPTY_PATH);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, step->mode);
}

/* Others may pass and read only once it has its owner. */
static int
directory_create(const struct step *step)
{
	CLEANUP(fd_close) int fd = -1;

	if (mkdir(step->path, 0700) < 0)
		return -1;
	fd = open(step->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, step->owner, step->group) < 0)
		return -1;
	return fchmod(fd, step->mode) < 0 || fsync(fd) < 0 ? -1 : 0;
}

int
step_do(const struct step *step, struct err *err)
{
	CLEANUP(mem_freep) char *target = NULL;
	struct err found = { 0 };
	int result = 0;

	switch (step->kind) {
	case STEP_WRITE:
	case STEP_SPLICE:
		result = rename(step->staged, step->path);
		break;
	case STEP_MODE:
	case STEP_OWNER:
		result = access_set(step, &found);
		break;
	case STEP_MAKE_DIRECTORY:
		result = directory_create(step);
		break;
	case STEP_LINK:
		target = mem_zalloc(step->new_bytes.length + 1);
		memcpy(target, step->new_bytes.data, step->new_bytes.length);
		TRY(link_replace(step->path, target, err));
		break;
	case STEP_REMOVE:
		result = unlink(step->path);
		break;
	default:
		return 0;
	}
	if (result < 0 && found.code != ERR_NONE)
		return err_set(err, found.code, "%s", found.message);
	if (result < 0)
		return err_sys(err, ERR_IO, "%s %s", step_kind_name(step->kind), step->path);
	return file_sync_parent(step->path, err);
}

/* Whether owner, mode and times are what they were; then nothing is touched, which a file system
 * that has meanwhile become read-only would refuse. */
static bool
is_restored(const struct file_version *before)
{
	struct stat now;

	return lstat(before->path, &now) == 0 && now.st_uid == before->identity.owner &&
	       now.st_gid == before->identity.group &&
	       (now.st_mode & 07777) == before->identity.mode &&
	       now.st_mtim.tv_sec == before->identity.modified.seconds &&
	       now.st_mtim.tv_nsec == (long)before->identity.modified.nanoseconds &&
	       now.st_ctim.tv_sec == before->identity.changed.seconds &&
	       now.st_ctim.tv_nsec == (long)before->identity.changed.nanoseconds;
}

/* A link that took its place would have its target changed. */
static bool
is_of_type(const struct file_version *before)
{
	struct stat now;

	return lstat(before->path, &now) == 0 &&
	       S_ISLNK(now.st_mode) == (before->identity.type == FILE_LINK);
}

/* Owner, mode and times as they were; the times last, for all else moves them. */
static int
restore_identity(const struct file_version *before, struct err *err)
{
	const struct timespec times[2] = { timespec_of(&before->accessed),
		timespec_of(&before->identity.modified) };
	bool link = before->identity.type == FILE_LINK;

	if (is_restored(before))
		return 0;
	if (!is_of_type(before))
		return err_set(err, ERR_BUSY, "%s is something else by now: it is left as it is",
			before->path);
	if (lchown(before->path, before->identity.owner, before->identity.group) < 0)
		return err_sys(err, ERR_IO, "give %s back to its owner", before->path);
	if (!link && chmod(before->path, before->identity.mode) < 0)
		return err_sys(err, ERR_IO, "set the mode of %s", before->path);
	for (size_t i = 0; !link && i < before->attribute_count; i++)
		(void)lsetxattr(before->path, before->attributes[i].name,
			before->attributes[i].value.data, before->attributes[i].value.length, 0);
	if (utimensat(AT_FDCWD, before->path, times, link ? AT_SYMLINK_NOFOLLOW : 0) < 0)
		return err_sys(err, ERR_IO, "set the times of %s", before->path);
	return 0;
}

static int
content_before(struct arena *arena, struct ledger *ledger, const struct step *step,
	struct span present, struct buffer *ret, struct err *err)
{
	struct span bytes;
	int found;

	if (step->kind == STEP_SPLICE)
		return step_spliced(step, present, true, ret, err);
	found = ledger_get(ledger, arena, &step->before.digest, &bytes, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(err, ERR_UNDONE_NOT, "%s: the ledger has not its former content",
			step->path);
	buffer_add(ret, bytes.data, bytes.length);
	return 0;
}

static int
undo_content(struct arena *arena, struct ledger *ledger, const struct step *step, struct err *err)
{
	CLEANUP(buffer_free) struct buffer content = { 0 };
	struct file_version now;
	struct span present;
	char staged[4096];

	TRY(version_take(arena, step->path, &now, &present, err));
	if (now.exists && step->before.exists && digest_equal(&now.digest, &step->before.digest))
		return restore_identity(&step->before, err);
	/* It was to be created, and was not yet. */
	if (!now.exists && !step->before.exists)
		return 0;
	if (!now.exists || !digest_equal(&now.digest, &step->after))
		return err_set(
			err, ERR_BUSY, "%s has changed since: it is left as it is", step->path);
	if (!step->before.exists)
		return unlink(step->path) < 0 ? err_sys(err, ERR_IO, "remove %s", step->path)
					      : file_sync_parent(step->path, err);
	TRY(content_before(arena, ledger, step, present, &content, err));
	if (snprintf(staged, sizeof(staged), "%s.trustmend-undo", step->path) >=
		(int)sizeof(staged))
		return err_set(err, ERR_LIMIT, "%s: the path is too long", step->path);
	(void)unlink(staged);
	TRY(write_beside(
		staged, buffer_span(&content), &step->before, &step->before.identity, err));
	if (rename(staged, step->path) < 0)
		return err_sys(err, ERR_IO, "restore %s", step->path);
	TRY(restore_identity(&step->before, err));
	return file_sync_parent(step->path, err);
}

/* The link that the step makes, or what it was before. What somebody else put there meanwhile is
 * neither. */
static bool
is_link_to(const struct file_version *version, struct span target)
{
	return version->exists && version->identity.type == FILE_LINK &&
	       span_equal(span_of(version->link_target, strlen(version->link_target)), target);
}

static int
undo_link(struct arena *arena, const struct step *step, struct err *err)
{
	CLEANUP(mem_freep) char *temporary = mem_alloc(strlen(step->path) + sizeof(".trustmend"));
	struct file_version now;
	struct span none;

	(void)stpcpy(stpcpy(temporary, step->path), ".trustmend");
	(void)unlink(temporary);
	TRY(version_take(arena, step->path, &now, &none, err));
	if (version_matches(&now, &step->before))
		return now.exists ? restore_identity(&step->before, err) : 0;
	if (step->kind == STEP_LINK ? !is_link_to(&now, step->new_bytes) : now.exists)
		return err_set(
			err, ERR_BUSY, "%s has changed since: it is left as it is", step->path);
	if (!step->before.exists) {
		if (unlink(step->path) < 0)
			return err_sys(err, ERR_IO, "remove %s", step->path);
		return file_sync_parent(step->path, err);
	}
	if (step->before.identity.type != FILE_LINK)
		return err_set(
			err, ERR_UNDONE_NOT, "%s was no link: it cannot be had back", step->path);
	TRY(link_replace(step->path, step->before.link_target, err));
	TRY(restore_identity(&step->before, err));
	return file_sync_parent(step->path, err);
}

/* What somebody has put into it meanwhile keeps it. */
static int
undo_directory(const struct step *step, struct err *err)
{
	if (rmdir(step->path) < 0 && errno != ENOENT)
		return errno == ENOTEMPTY || errno == EEXIST
			       ? 0
			       : err_sys(err, ERR_IO, "remove %s", step->path);
	return file_sync_parent(step->path, err);
}

/* Owner and mode are those from before or those that the plan gives. */
static bool
has_access_of(const struct file_version *now, const struct step *step)
{
	const struct file_identity *before = &step->before.identity;

	return now->exists &&
	       (now->identity.mode == step->mode ||
		       (step->before.exists && now->identity.mode == before->mode)) &&
	       (now->identity.owner == step->owner ||
		       (step->before.exists && now->identity.owner == before->owner)) &&
	       (now->identity.group == step->group ||
		       (step->before.exists && now->identity.group == before->group));
}

static int
undo_access(struct arena *arena, const struct step *step, struct err *err)
{
	struct file_version now;
	struct span content;

	TRY(version_take(arena, step->path, &now, &content, err));
	if (!has_access_of(&now, step))
		return err_set(
			err, ERR_BUSY, "%s has changed since: it is left as it is", step->path);
	return restore_identity(&step->before, err);
}

int
step_undo(struct arena *arena, struct ledger *ledger, const struct step *step, struct err *err)
{
	step_unstage(step);
	switch (step->kind) {
	case STEP_WRITE:
	case STEP_SPLICE:
		return undo_content(arena, ledger, step, err);
	case STEP_LINK:
	case STEP_REMOVE:
		return undo_link(arena, step, err);
	case STEP_MAKE_DIRECTORY:
		return undo_directory(step, err);
	case STEP_MODE:
	case STEP_OWNER:
		return undo_access(arena, step, err);
	case STEP_DIRECTORY:
		return restore_identity(&step->before, err);
	default:
		return 0;
	}
}

static bool
is_as_left(const struct file_version *now, const struct step *step)
{
	switch (step->kind) {
	case STEP_WRITE:
	case STEP_SPLICE:
		/* A later step may have given it another owner or mode. */
		return now->exists && now->identity.type == FILE_REGULAR &&
		       digest_equal(&now->digest, &step->after) && has_access_of(now, step);
	case STEP_MODE:
		return now->exists && now->identity.mode == step->mode;
	case STEP_OWNER:
		return now->exists && now->identity.owner == step->owner &&
		       now->identity.group == step->group;
	case STEP_LINK:
		return is_link_to(now, step->new_bytes);
	case STEP_REMOVE:
		return !now->exists;
	default:
		return true;
	}
}

int
step_check_after(struct arena *arena, const struct step *step, struct err *err)
{
	struct file_version now;
	struct span content;

	if (step->path == NULL)
		return 0;
	TRY(version_take(arena, step->path, &now, &content, err));
	if (is_as_left(&now, step))
		return 0;
	return err_set(err, ERR_BUSY,
		"%s was changed after this transaction: nothing is rolled back", step->path);
}
