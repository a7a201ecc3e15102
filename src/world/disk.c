/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layer of files: the host, a directory, the root of a process.
 *
 * Each step is an openat with O_NOFOLLOW from a directory that is held, so that nothing on disk can
 * lead out of the root, even while it changes. What is opened for reading is the very inode that
 * was examined: O_PATH opens no device and waits for no fifo, and /proc/self/fd leads from it to
 * the content. Nothing is written, and access times stay where we may keep them.
 */
#define CONSTRUCTS
#include "world/node.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { READ_ATTEMPTS = 4 }; /* once, and three times more */
enum { ATTRIBUTES_MAX = 1024, DESCRIPTOR_PATH_SIZE = 32, PERMISSION_BITS = 07777 };

struct disk_file {
	const char *path; /* real; first, for the search */
	struct node node;
	bool has_bytes, has_names, has_attributes;
	struct buffer bytes;
	struct names names;
	struct attributes attributes;
	struct disk_file *next;
};

struct disk {
	int root;
	int parent; /* the directory used last, or -1 */
	char *parent_path;
	void *tree; /* of tsearch(3): balanced, so no choice of names makes it slow */
	struct disk_file *files;
};

static int
path_compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static struct disk_file *
file_find(struct disk *disk, const char *real)
{
	void *found = tfind(&real, &disk->tree, path_compare);

	return found != NULL ? *(struct disk_file **)found : NULL;
}

static struct disk_file *
file_add(struct world *world, const char *real, const struct node *node)
{
	struct disk_file *file = mem_zalloc(sizeof(*file));

	file->path = arena_strdup(world->arena, real);
	file->node = *node;
	file->next = world->disk->files;
	world->disk->files = file;
	if (tsearch(file, &world->disk->tree, path_compare) == NULL)
		abort(); /* no memory: as mem_alloc */
	return file;
}

static enum file_type
type_of(mode_t mode)
{
	if (S_ISREG(mode))
		return FILE_REGULAR;
	if (S_ISDIR(mode))
		return FILE_DIRECTORY;
	return S_ISLNK(mode) ? FILE_LINK : FILE_SPECIAL;
}

static struct timestamp
timestamp_of(struct timespec time)
{
	return (struct timestamp){ time.tv_sec, (uint32_t)time.tv_nsec };
}

static struct file_identity
identity_of(const struct stat *status)
{
	return (struct file_identity){
		.type = type_of(status->st_mode),
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = (uint64_t)status->st_size,
		.links = status->st_nlink,
		.owner = status->st_uid,
		.group = status->st_gid,
		.mode = status->st_mode & PERMISSION_BITS,
		.modified = timestamp_of(status->st_mtim),
		.changed = timestamp_of(status->st_ctim),
	};
}

/* Steps from the root to a directory; 0 and a descriptor of the caller's. */
static int
directory_open(struct disk *disk, const char *real, int *ret_fd)
{
	CLEANUP(fd_close) int fd = fcntl(disk->root, F_DUPFD_CLOEXEC, 0);
	char name[NAME_MAX + 1];
	size_t length;

	for (real += strspn(real, "/"); *real != '\0'; real += strspn(real, "/")) {
		int next;

		length = strcspn(real, "/");
		if (length > NAME_MAX)
			return ENAMETOOLONG;
		memcpy(name, real, length);
		name[length] = '\0';
		next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return errno;
		fd_close(&fd);
		fd = next;
		real += length;
	}
	if (fd < 0)
		return errno;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* The directory that holds real: the last one is kept, for neighbours are asked for in a row. */
static int
parent_open(struct disk *disk, const char *real, int *ret_borrowed)
{
	size_t length = real_parent_length(real);
	int sys;

	if (length == 1) {
		*ret_borrowed = disk->root;
		return 0;
	}
	if (disk->parent < 0 || strlen(disk->parent_path) != length ||
		memcmp(disk->parent_path, real, length) != 0) {
		fd_close(&disk->parent);
		mem_free(disk->parent_path);
		disk->parent_path = mem_dup(real, length + 1);
		disk->parent_path[length] = '\0';
		sys = directory_open(disk, disk->parent_path, &disk->parent);
		if (sys != 0)
			return sys;
	}
	*ret_borrowed = disk->parent;
	return 0;
}

/* An O_PATH descriptor of the object itself. */
static int
object_open(struct disk *disk, const char *real, int *ret_fd)
{
	int parent, sys = parent_open(disk, real, &parent);
	const char *name = strrchr(real, '/') + 1;

	if (sys != 0)
		return sys;
	*ret_fd = openat(parent, name[0] == '\0' ? "." : name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? errno : 0;
}

static void
descriptor_path(int fd, char path[static DESCRIPTOR_PATH_SIZE])
{
	(void)snprintf(path, DESCRIPTOR_PATH_SIZE, "/proc/self/fd/%d", fd);
}

/* From a descriptor of the object to one of its content: the same inode, whatever was renamed. */
static int
content_open(int object, int flags, int *ret_fd)
{
	char path[DESCRIPTOR_PATH_SIZE];

	descriptor_path(object, path);
	flags |= O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	*ret_fd = open(path, flags | O_NOATIME);
	if (*ret_fd < 0 && errno == EPERM) /* O_NOATIME is for owners, open(2) */
		*ret_fd = open(path, flags);
	if (*ret_fd >= 0)
		return 0;
	return errno == ENOENT ? EIO : errno; /* no /proc; the file is there */
}

static int
link_target(struct world *world, int fd, const char **ret)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(fd, "", target, sizeof(target));

	if (length < 0)
		return errno;
	if ((size_t)length == sizeof(target))
		return ENAMETOOLONG;
	*ret = arena_strndup(world->arena, target, (size_t)length);
	return 0;
}

static int
disk_find(struct world *world, const char *real, struct disk_file **ret)
{
	CLEANUP(fd_close) int fd = -1;
	struct node node = { 0 };
	struct stat status;
	int sys;

	*ret = file_find(world->disk, real);
	if (*ret != NULL)
		return 0;
	sys = object_open(world->disk, real, &fd);
	if (sys != 0)
		return sys;
	if (fstat(fd, &status) < 0)
		return errno;
	node.identity = identity_of(&status);
	if (node.identity.type == FILE_LINK)
		sys = link_target(world, fd, &node.target);
	if (sys == 0)
		*ret = file_add(world, real, &node);
	return sys;
}

static int
disk_look(struct world *world, const char *real, struct node *ret)
{
	struct disk_file *file;
	int sys = disk_find(world, real, &file);

	if (sys == 0)
		*ret = file->node;
	return sys;
}

static bool
is_unchanged(const struct stat *before, const struct stat *after)
{
	return before->st_size == after->st_size &&
	       memcmp(&before->st_mtim, &after->st_mtim, sizeof(before->st_mtim)) == 0 &&
	       memcmp(&before->st_ctim, &after->st_ctim, sizeof(before->st_ctim)) == 0;
}

/* One reading. EAGAIN where the file changed meanwhile: what was read may be half of each. */
static int
content_read(int fd, size_t limit, struct buffer *bytes, struct stat *ret_status)
{
	struct err err = { 0 };
	struct stat after;

	if (lseek(fd, 0, SEEK_SET) < 0 || fstat(fd, ret_status) < 0)
		return errno;
	if (ret_status->st_size > 0 && (uint64_t)ret_status->st_size > limit)
		return EFBIG;
	if (file_read_fd(fd, "", limit, bytes, &err) < 0)
		return err.code == ERR_LIMIT ? EFBIG : err.sys != 0 ? err.sys : EIO;
	if (fstat(fd, &after) < 0)
		return errno;
	return is_unchanged(ret_status, &after) ? 0 : EAGAIN;
}

/* The object at real, by a descriptor of its content; it must be a regular file. */
static int
disk_open(struct world *world, const char *real, int *ret_fd, struct file_identity *ret)
{
	CLEANUP(fd_close) int object = -1;
	struct stat status;
	int sys = object_open(world->disk, real, &object);

	if (sys == 0 && fstat(object, &status) < 0)
		sys = errno;
	if (sys == 0 && !S_ISREG(status.st_mode))
		sys = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
	if (sys == 0)
		sys = content_open(object, 0, ret_fd);
	if (sys == 0)
		*ret = identity_of(&status);
	return sys;
}

static int
disk_fill(struct world *world, struct disk_file *file, size_t limit)
{
	CLEANUP(fd_close) int fd = -1;
	CLEANUP(buffer_free) struct buffer bytes = { 0 };
	struct file_identity identity;
	struct stat status;
	int sys = disk_open(world, file->path, &fd, &identity);

	if (sys != 0)
		return sys;
	sys = EAGAIN;
	for (unsigned i = 0; i < READ_ATTEMPTS && sys == EAGAIN; i++)
		sys = content_read(fd, limit, &bytes, &status);
	if (sys != 0)
		return sys;
	file->bytes = bytes;
	bytes = (struct buffer){ 0 };
	file->has_bytes = true;
	/* The identity that goes with these bytes: a plan is made from both. */
	file->node.identity = identity_of(&status);
	return 0;
}

static int
disk_read(struct world *world, const char *real, size_t limit, struct span *ret)
{
	struct disk_file *file;
	int sys = disk_find(world, real, &file);

	if (sys == 0 && !file->has_bytes)
		sys = disk_fill(world, file, limit);
	if (sys == 0 && file->bytes.length > limit)
		sys = EFBIG;
	if (sys == 0)
		*ret = buffer_span(&file->bytes);
	return sys;
}

static void
directory_closep(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory);
}

static int
names_read(struct world *world, DIR *directory, struct names *ret)
{
	CLEANUP(mem_freep) const char **names = NULL;
	size_t count = 0, capacity = 0;
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(directory)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (count == WORLD_MAX_DIRECTORY)
			return EFBIG;
		names = mem_grow(names, count, &capacity, sizeof(*names));
		names[count++] = arena_strdup(world->arena, entry->d_name);
	}
	if (errno != 0)
		return errno;
	if (count > 0)
		qsort(names, count, sizeof(*names), names_compare);
	ret->names = arena_dup(world->arena, names, count * sizeof(*names));
	ret->count = count;
	return 0;
}

static int
disk_list(struct world *world, const char *real, struct names *ret)
{
	CLEANUP(fd_close) int object = -1;
	CLEANUP(directory_closep) DIR *directory = NULL;
	struct disk_file *file;
	int fd, sys = disk_find(world, real, &file);

	assert(sys != 0 || file != NULL);
	if (sys == 0 && !file->has_names) {
		sys = object_open(world->disk, real, &object);
		if (sys == 0)
			sys = content_open(object, O_DIRECTORY, &fd);
		if (sys != 0)
			return sys;
		directory = fdopendir(fd);
		if (directory == NULL) {
			fd_close(&fd);
			return ENOMEM;
		}
		sys = names_read(world, directory, &file->names);
		file->has_names = sys == 0;
	}
	if (sys == 0)
		*ret = file->names;
	return sys;
}

static int
attribute_compare(const void *left, const void *right)
{
	return strcmp(((const struct extended_attribute *)left)->name,
		((const struct extended_attribute *)right)->name);
}

/* A file system without attributes, or one that may not be read, has none for us. */
static void
attributes_read(struct world *world, int object, struct attributes *ret)
{
	CLEANUP(mem_freep) char *names = mem_alloc(XATTR_LIST_MAX);
	CLEANUP(mem_freep) char *value = mem_alloc(XATTR_SIZE_MAX);
	struct extended_attribute *list = NULL;
	size_t count = 0, capacity = 0;
	char path[DESCRIPTOR_PATH_SIZE];
	ssize_t length;

	descriptor_path(object, path);
	length = listxattr(path, names, XATTR_LIST_MAX);
	for (ssize_t i = 0; i < length && count < ATTRIBUTES_MAX;
		i += (ssize_t)strlen(names + i) + 1) {
		ssize_t size = getxattr(path, names + i, value, XATTR_SIZE_MAX);

		if (size < 0)
			continue;
		list = arena_grow(world->arena, list, count, &capacity, sizeof(*list));
		list[count++] = (struct extended_attribute){
			.name = arena_strdup(world->arena, names + i),
			.value =
				span_of(arena_dup(world->arena, value, (size_t)size), (size_t)size),
		};
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), attribute_compare);
	*ret = (struct attributes){ list, count };
}

static int
disk_attributes(struct world *world, const char *real, struct attributes *ret)
{
	CLEANUP(fd_close) int object = -1;
	struct disk_file *file;
	int sys = disk_find(world, real, &file);

	/* Through /proc/self/fd a link would be followed, by the kernel: links have no ACL. */
	if (sys == 0 && file->node.identity.type == FILE_LINK)
		return 0;
	if (sys == 0 && !file->has_attributes) {
		sys = object_open(world->disk, real, &object);
		if (sys != 0)
			return sys;
		attributes_read(world, object, &file->attributes);
		file->has_attributes = true;
	}
	if (sys == 0)
		*ret = file->attributes;
	return sys;
}

/* The files are freed one by one: the tree's nodes point to them. */
static void
keep_file(void *)
{
}

static void
disk_close(struct world *world)
{
	struct disk *disk = world->disk;
	struct disk_file *next;

	tdestroy(disk->tree, keep_file);
	for (struct disk_file *file = disk->files; file != NULL; file = next) {
		next = file->next;
		buffer_free(&file->bytes);
		mem_free(file);
	}
	fd_close(&disk->root);
	fd_close(&disk->parent);
	mem_free(disk->parent_path);
	mem_free(disk);
}

static const struct layer layer_disk = {
	.look = disk_look,
	.read = disk_read,
	.open = disk_open,
	.list = disk_list,
	.attributes = disk_attributes,
	.close = disk_close,
};

/* Takes the descriptor. */
static struct world *
disk_new(int root, const char *path)
{
	struct world *world = world_new(&layer_disk, path);

	world->disk = mem_zalloc(sizeof(*world->disk));
	world->disk->root = root;
	world->disk->parent = -1;
	return world;
}

struct world *
world_host(void)
{
	struct world *world = disk_new(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");

	world->is_ours = true;
	return world;
}

/* The path as it was given, only absolute: links in it may lead elsewhere for us than for the
 * kernel, as /proc/PID/root does. */
static struct world *
below_new(int root, const char *directory)
{
	CLEANUP(arena_freep) struct arena *scratch = arena_new();
	char current[PATH_MAX] = "/";
	char *path;
	size_t length;

	if (directory[0] != '/' && getcwd(current, sizeof(current)) == NULL)
		strcpy(current, "/");
	path = path_join(scratch, current, directory);
	for (length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
	return disk_new(root, path);
}

struct world *
world_below(const char *directory, struct err *err)
{
	int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		err_sys(err, ERR_NO_INPUT, "open directory %s", directory);
		return NULL;
	}
	return below_new(fd, directory);
}

/* The process sees the mounts that we see, from the same root. */
static bool
is_our_root(pid_t pid, int root)
{
	struct stat ours, theirs;
	char path[DESCRIPTOR_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	if (stat(path, &theirs) < 0 || stat("/proc/self/ns/mnt", &ours) < 0 ||
		ours.st_ino != theirs.st_ino)
		return false;
	return fstat(root, &theirs) == 0 && stat("/", &ours) == 0 && ours.st_ino == theirs.st_ino &&
	       ours.st_dev == theirs.st_dev;
}

struct world *
world_of_process(pid_t pid, struct err *err)
{
	char path[DESCRIPTOR_PATH_SIZE];
	struct world *world;
	bool ours;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err_sys(err, ERR_NO_INPUT, "open %s", path);
		return NULL;
	}
	ours = is_our_root(pid, fd);
	world = disk_new(fd, ours ? "/" : path);
	world->is_ours = ours;
	return world;
}
