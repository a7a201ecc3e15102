/* SPDX-License-Identifier: Apache-2.0 */
#include "world/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Hard links that were seen, by device and inode; 0 is no inode. */
struct seen {
	uint64_t device, inode;
};

struct sweeping {
	const struct sweep *sweep;
	int root;
	pthread_mutex_t lock;
	pthread_cond_t more;
	/* Under the lock. */
	char **waiting;
	size_t waiting_count, waiting_capacity;
	size_t working; /* threads that may still find directories */
	struct seen *seen;
	size_t seen_count, seen_size;
	bool is_cut;
	atomic_size_t files, directories, unreadable;
};

/* One thread's. */
struct sweeper {
	struct sweeping *all;
	int held; /* the directory that was visited last, by its path: the next one is often in it
		   */
	struct buffer held_path;
	void *worker;
	struct buffer path;
	bool touches_times; /* of last access: the kernel does not let us leave them */
	bool is_served;     /* the file system of the directory: its reads may fall short */
	bool is_apart;      /* nobody else opens anything in its table of descriptors */
	int left_open; /* the first of so many files, one behind the other, that are to be closed */
	unsigned left_count;
	uint8_t head[SWEEP_HEAD];
};

/* One step, or several at once where the kernel can tell that none of them is a link. */
static int
step(int from, const char *names)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH };

	return (int)syscall(SYS_openat2, from, names, &how, sizeof(how));
}

/* The same, one after another. */
static int
step_slowly(int from, const char *names)
{
	CLEANUP(fd_close) int fd = fcntl(from, F_DUPFD_CLOEXEC, 0);
	char name[NAME_MAX + 1];
	int next;

	for (names += strspn(names, "/"); fd >= 0 && *names != '\0'; names += strspn(names, "/")) {
		size_t length = strcspn(names, "/");

		if (length > NAME_MAX)
			return -1;
		memcpy(name, names, length);
		name[length] = '\0';
		next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&fd);
		fd = next;
		names += length;
	}
	next = fd;
	fd = -1;
	return next;
}

/* As much of the path as one call takes. */
static size_t
piece_of(const char *path, char piece[static PATH_MAX])
{
	size_t length = strnlen(path, PATH_MAX);

	if (length == PATH_MAX)
		for (length--; length > 0 && path[length] != '/'; length--)
			;
	memcpy(piece, path, length);
	piece[length] = '\0';
	return length;
}

/* From a directory to another one below it, by no link; of any depth, for trees may be deeper than
 * a path can say. */
static int
enter(int from, const char *path)
{
	CLEANUP(fd_close) int fd = fcntl(from, F_DUPFD_CLOEXEC, 0);
	char piece[PATH_MAX];

	for (path += strspn(path, "/"); fd >= 0 && *path != '\0'; path += strspn(path, "/")) {
		size_t length = piece_of(path, piece);
		int next = -1;

		errno = ENAMETOOLONG;
		if (length > 0)
			next = step(fd, piece);
		/* A kernel without the call, or a filter that does not know it. */
		if (next < 0 && (errno == ENOSYS || errno == EPERM))
			next = step_slowly(fd, piece);
		fd_close(&fd);
		fd = next;
		path += length;
	}
	return fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What the kernel makes up is no place for stores, and some of it has no end. */
static bool
is_made_up(unsigned long kind)
{
	static const unsigned long kinds[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC,
		TRACEFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, SECURITYFS_MAGIC,
		BPF_FS_MAGIC, DEVPTS_SUPER_MAGIC };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kind == kinds[i])
			return true;
	return false;
}

static void
seen_put(struct seen *table, size_t size, const struct seen *one)
{
	size_t slot = (one->inode * 0x9e3779b97f4a7c15u ^ one->device) & (size - 1);

	while (table[slot].inode != 0)
		slot = (slot + 1) & (size - 1);
	table[slot] = *one;
}

static void
seen_grow(struct sweeping *all)
{
	size_t size = all->seen_size == 0 ? 1024 : all->seen_size * 2;
	struct seen *table = mem_zalloc(size * sizeof(*table));

	for (size_t i = 0; i < all->seen_size; i++)
		if (all->seen[i].inode != 0)
			seen_put(table, size, &all->seen[i]);
	mem_free(all->seen);
	all->seen = table;
	all->seen_size = size;
}

/* Whether this is the first name of the file that anybody comes to. */
static bool
is_first_name(struct sweeping *all, const struct stat *status)
{
	const struct seen one = { status->st_dev, status->st_ino };
	bool is_first = true;

	if (status->st_nlink <= 1 || status->st_ino == 0)
		return true;
	(void)pthread_mutex_lock(&all->lock);
	if (all->seen_count * 2 >= all->seen_size)
		seen_grow(all);
	for (size_t slot = (one.inode * 0x9e3779b97f4a7c15u ^ one.device) & (all->seen_size - 1);
		all->seen[slot].inode != 0 && is_first; slot = (slot + 1) & (all->seen_size - 1))
		is_first =
			all->seen[slot].inode != one.inode || all->seen[slot].device != one.device;
	if (is_first) {
		seen_put(all->seen, all->seen_size, &one);
		all->seen_count++;
	}
	(void)pthread_mutex_unlock(&all->lock);
	return is_first;
}

static void
directory_add(struct sweeping *all, const char *path)
{
	(void)pthread_mutex_lock(&all->lock);
	if (all->waiting_count >= SWEEP_MAX_WAITING) {
		all->is_cut = true;
	} else {
		all->waiting = mem_grow(all->waiting, all->waiting_count, &all->waiting_capacity,
			sizeof(*all->waiting));
		all->waiting[all->waiting_count++] = mem_strdup(path);
		(void)pthread_cond_signal(&all->more);
	}
	(void)pthread_mutex_unlock(&all->lock);
}

static void
close_left(struct sweeper *sweeper)
{
	unsigned first = (unsigned)sweeper->left_open, count = sweeper->left_count;

	sweeper->left_count = 0;
	if (count == 0 || (count > 1 && close_range(first, first + count - 1, 0) == 0))
		return;
	for (unsigned i = 0; i < count; i++)
		(void)close((int)(first + i));
}

/* Closes it, or leaves that for later, when several are closed in one go: those that stand one
 * behind the other, with nothing of anybody else's among them. */
static void
leave(struct sweeper *sweeper, int fd)
{
	if (!sweeper->is_apart) {
		(void)close(fd);
		return;
	}
	if (sweeper->left_count > 0 && fd != sweeper->left_open + (int)sweeper->left_count)
		close_left(sweeper);
	if (sweeper->left_count == 0)
		sweeper->left_open = fd;
	if (++sweeper->left_count == SWEEP_LEFT_OPEN)
		close_left(sweeper);
}

static void
work(struct sweeper *sweeper)
{
	close_left(sweeper);
	if (sweeper->all->sweep->work != NULL)
		sweeper->all->sweep->work(sweeper->worker);
}

/* What looks like something. Only now it matters how long it is, and by how many names. */
static bool
visit_file(struct sweeper *sweeper, int fd, struct span head, unsigned looks)
{
	struct sweeping *all = sweeper->all;
	struct stat status;

	if (fstat(fd, &status) < 0) {
		atomic_fetch_add(&all->unreadable, 1);
		return false;
	}
	if (!S_ISREG(status.st_mode) || status.st_size <= 0 || !is_first_name(all, &status))
		return false;
	return all->sweep->visit(
		sweeper->worker, &(struct swept){ (const char *)sweeper->path.data, fd,
					 (size_t)status.st_size, head, looks });
}

/* That somebody looked at a file is no use of it, where the kernel lets us say so. The directory
 * says that it is a regular one; where it is none any more, nothing of it is waited for. */
static int
file_open(struct sweeper *sweeper, int directory, const char *name)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(directory, name, flags | (sweeper->touches_times ? 0 : O_NOATIME));

	if (fd >= 0 || (errno != EPERM && errno != EMFILE))
		return fd;
	if (errno == EPERM)
		sweeper->touches_times = true;
	close_left(sweeper);
	return openat(directory, name, flags | (sweeper->touches_times ? 0 : O_NOATIME));
}

/* What is read of a file in one go is all of it where it is less than what was asked for, but for
 * file systems that a program serves. */
static bool
is_whole(const struct sweeper *sweeper, int fd, size_t length)
{
	struct stat status;

	if (length == sizeof(sweeper->head))
		return false;
	return !sweeper->is_served || (fstat(fd, &status) == 0 && status.st_size >= 0 &&
					      (uint64_t)status.st_size <= length);
}

static void
look_at_file(struct sweeper *sweeper, int directory, const char *name)
{
	struct sweeping *all = sweeper->all;
	int fd = file_open(sweeper, directory, name);
	ssize_t count = fd < 0 ? -1 : read(fd, sweeper->head, sizeof(sweeper->head));
	struct span head = span_of(sweeper->head, count > 0 ? (size_t)count : 0);
	unsigned looks = 0;
	bool is_enough = false;

	if (count > 0)
		looks = all->sweep->look(sweeper->worker, head, is_whole(sweeper, fd, head.length));
	/* A file that is gone by now is no loss; a link is none of ours. */
	else if (count < 0 && errno != ENOENT && errno != ELOOP)
		atomic_fetch_add(&all->unreadable, 1);
	if (looks != 0)
		is_enough = visit_file(sweeper, fd, head, looks);
	if (fd >= 0)
		leave(sweeper, fd);
	if (is_enough)
		work(sweeper);
}

static unsigned char
type_of(int directory, const struct dirent *entry)
{
	struct stat status;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return S_ISDIR(status.st_mode) ? DT_DIR : S_ISREG(status.st_mode) ? DT_REG : DT_UNKNOWN;
}

/* The path of the sweeper is that of the directory, with a slash, as far as prefix. */
static void
visit_name(struct sweeper *sweeper, int directory, const struct dirent *entry, size_t prefix)
{
	struct sweeping *all = sweeper->all;
	const char *name = entry->d_name;
	unsigned char type;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	type = type_of(directory, entry);
	if (type != DT_DIR && type != DT_REG)
		return;
	sweeper->path.length = prefix;
	buffer_add_text(&sweeper->path, name);
	if (type == DT_DIR) {
		directory_add(all, (const char *)sweeper->path.data);
	} else if (atomic_fetch_add(&all->files, 1) < SWEEP_MAX_FILES) {
		look_at_file(sweeper, directory, name);
	} else {
		(void)pthread_mutex_lock(&all->lock);
		all->is_cut = true;
		(void)pthread_mutex_unlock(&all->lock);
	}
}

/* By the directory that was visited last where it leads there: so a chain of any depth costs one
 * step each. */
static int
directory_open(struct sweeper *sweeper, const char *path)
{
	size_t length = sweeper->held_path.length;

	if (sweeper->held >= 0 && length > 1 &&
		strncmp(path, (const char *)sweeper->held_path.data, length) == 0 &&
		path[length] == '/')
		return enter(sweeper->held, path + length);
	return enter(sweeper->all->root, path);
}

static void
visit_names(struct sweeper *sweeper, DIR *directory, const char *path)
{
	const struct dirent *entry;
	size_t prefix;

	buffer_clear(&sweeper->path);
	buffer_addf(&sweeper->path, "%s/", strcmp(path, "/") == 0 ? "" : path);
	prefix = sweeper->path.length;
	while ((entry = readdir(directory)) != NULL)
		visit_name(sweeper, dirfd(directory), entry, prefix);
	work(sweeper);
}

static void
visit_directory(struct sweeper *sweeper, const char *path)
{
	int fd = directory_open(sweeper, path);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct statfs status;

	if (directory == NULL) {
		if (errno != ENOENT)
			atomic_fetch_add(&sweeper->all->unreadable, 1);
		fd_close(&fd);
		return;
	}
	atomic_fetch_add(&sweeper->all->directories, 1);
	if (fstatfs(fd, &status) < 0)
		status.f_type = 0;
	sweeper->is_served = status.f_type == FUSE_SUPER_MAGIC || status.f_type == V9FS_MAGIC;
	if (!is_made_up((unsigned long)status.f_type))
		visit_names(sweeper, directory, path);
	fd_close(&sweeper->held);
	sweeper->held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	buffer_clear(&sweeper->held_path);
	buffer_add_text(&sweeper->held_path, path);
	(void)closedir(directory);
}

/* The next directory; NULL when nobody can find any more. */
static char *
directory_next(struct sweeping *all)
{
	char *path = NULL;

	(void)pthread_mutex_lock(&all->lock);
	all->working--;
	while (all->waiting_count == 0 && all->working > 0)
		(void)pthread_cond_wait(&all->more, &all->lock);
	if (all->waiting_count > 0) {
		path = all->waiting[--all->waiting_count];
		all->working++;
	} else {
		(void)pthread_cond_broadcast(&all->more);
	}
	(void)pthread_mutex_unlock(&all->lock);
	return path;
}

static void *
sweep_thread(void *argument)
{
	struct sweeper *sweeper = argument;
	const struct sweep *sweep = sweeper->all->sweep;
	char *path;

	sweeper->is_apart = unshare(CLONE_FILES) == 0;
	if (sweep->begin != NULL)
		sweep->begin(sweeper->worker);
	while ((path = directory_next(sweeper->all)) != NULL) {
		visit_directory(sweeper, path);
		mem_free(path);
	}
	if (sweep->end != NULL)
		sweep->end(sweeper->worker);
	fd_close(&sweeper->held);
	return NULL;
}

static void
run_threads(struct sweeping *all)
{
	struct sweeper *sweepers = mem_zalloc(all->sweep->worker_count * sizeof(*sweepers));
	pthread_t *threads = mem_zalloc(all->sweep->worker_count * sizeof(*threads));
	size_t started = 0;

	for (size_t i = 0; i < all->sweep->worker_count; i++) {
		sweepers[i].all = all;
		sweepers[i].held = -1;
		sweepers[i].worker = all->sweep->workers[i];
	}
	/* We are the first of them: where no thread can be made, the work is done all the same. */
	all->working = 1;
	for (size_t i = 1; i < all->sweep->worker_count; i++) {
		(void)pthread_mutex_lock(&all->lock);
		all->working++;
		(void)pthread_mutex_unlock(&all->lock);
		if (pthread_create(&threads[started], NULL, sweep_thread, &sweepers[i]) != 0) {
			(void)pthread_mutex_lock(&all->lock);
			all->working--;
			(void)pthread_mutex_unlock(&all->lock);
			break;
		}
		started++;
	}
	(void)sweep_thread(&sweepers[0]);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	for (size_t i = 0; i < all->sweep->worker_count; i++) {
		buffer_free(&sweepers[i].held_path);
		buffer_free(&sweepers[i].path);
	}
	mem_free(threads);
	mem_free(sweepers);
}

int
world_sweep(struct world *world, const char *directory, const struct sweep *sweep,
	struct sweep_result *ret, struct err *err)
{
	const char *real = world_resolve(world, directory);
	struct sweeping all = {
		.sweep = sweep, .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER
	};
	CLEANUP(fd_close) int root = -1, first = -1;

	if (real == NULL)
		return err_set(err, ERR_NO_INPUT, "%s is not there", directory);
	root = all.root = open(world_root(world), O_PATH | O_DIRECTORY | O_CLOEXEC);
	first = root < 0 ? -1 : enter(root, real);
	if (first < 0)
		return err_sys(err, ERR_NO_INPUT, "open the directory %s", directory);
	directory_add(&all, real);
	run_threads(&all);
	for (size_t i = 0; i < all.waiting_count; i++)
		mem_free(all.waiting[i]);
	mem_free(all.waiting);
	mem_free(all.seen);
	*ret = (struct sweep_result){ all.files, all.directories, all.unreadable, all.is_cut };
	return 0;
}
