/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "place.h"
#include "tap.h"

TEST(bytes_stay, "a path read twice gives the same bytes, whatever happens on disk")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	struct span first, second;
	struct file_identity identity;

	place_open(&place);
	place_file(&place, "ca", "before");
	place_link(&place, "link", "ca");
	world = place_world(&place);
	CHECK(world_read(world, "/ca", 100, &first, NULL) == 0);
	place_file(&place, "ca", "after, and longer");
	CHECK(world_read(world, "/link", 100, &second, NULL) == 0);
	CHECK(first.data == second.data && reads_as(world, "/ca", "before"));
	CHECK(world_stat(world, "/ca", &identity, NULL) == 0 && identity.size == 6);
}

TEST(limits, "a file over the limit is EFBIG, one at the limit is read")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	struct span bytes;
	struct err err = { 0 };

	place_open(&place);
	place_file(&place, "five", "12345");
	place_file(&place, "big", "");
	place_must(truncate(place_path(&place, "big"), (off_t)WORLD_MAX_FILE + 1) == 0, "truncate");
	world = place_world(&place);
	CHECK(world_read(world, "/five", 4, &bytes, &err) < 0);
	CHECK(err.sys == EFBIG && err.code == ERR_LIMIT && bytes.length == 0);
	CHECK(reads_as(world, "/five", "12345"));
	CHECK(world_read(world, "/five", 5, &bytes, &err) == 0 && bytes.length == 5);
	CHECK(read_errno(world, "/five", 4) == EFBIG);
	CHECK(read_errno(world, "/big", SIZE_MAX) == EFBIG);
}

TEST(special_files, "a fifo, a device and a socket are refused and never waited for")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	CLEANUP(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct file_identity identity;

	place_open(&place);
	place_must(mkfifo(place_path(&place, "fifo"), 0644) == 0, "mkfifo");
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", place.root);
	place_must(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	world = place_world(&place);
	alarm(10);
	CHECK(read_errno(world, "/fifo", 10) == EINVAL);
	CHECK(read_errno(world, "/socket", 10) == EINVAL);
	CHECK(world_stat(world, "/fifo", &identity, NULL) == 0);
	CHECK(identity.type == FILE_SPECIAL);
	alarm(0);
}

TEST(nothing_changes, "reading leaves access times as they were")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	struct timespec past[] = { { 1000000, 0 }, { 1000000, 0 } };
	struct stat file, directory;
	const char *const *names;
	size_t count;

	place_open(&place);
	place_file(&place, "ca", "x");
	place_must(utimensat(AT_FDCWD, place_path(&place, "ca"), past, 0) == 0, "utimensat");
	place_must(utimensat(AT_FDCWD, place.root, past, 0) == 0, "utimensat");
	world = place_world(&place);
	CHECK(reads_as(world, "/ca", "x") && world_list(world, "/", &names, &count, NULL) == 0);
	CHECK(stat(place_path(&place, "ca"), &file) == 0 && stat(place.root, &directory) == 0);
	CHECK(file.st_atime == 1000000 && directory.st_atime == 1000000);
}

TEST(listing, "names are sorted by bytes")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	const char *const *names;
	struct err err = { 0 };
	size_t count;

	place_open(&place);
	place_file(&place, "b", "");
	place_file(&place, "\xc3\xa4", "");
	place_file(&place, "a", "");
	place_file(&place, ".hidden", "");
	place_file(&place, "B", "");
	place_directory(&place, "empty");
	world = place_world(&place);
	CHECK(world_list(world, "/", &names, &count, &err) == 0 && count == 6);
	CHECK_TEXT(names[0], ".hidden");
	CHECK_TEXT(names[1], "B");
	CHECK_TEXT(names[5], "\xc3\xa4");
	CHECK(world_list(world, "/empty", &names, &count, &err) == 0 && count == 0);
	CHECK(world_list(world, "/a", &names, &count, &err) < 0 && err.sys == ENOTDIR);
	CHECK(world_list(world, "/none", &names, &count, &err) < 0 && err.sys == ENOENT);
}

TEST(attributes, "attributes are read, sorted by name, links followed")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	const struct extended_attribute *list;
	size_t count;

	place_open(&place);
	place_file(&place, "ca", "");
	place_link(&place, "link", "ca");
	if (setxattr(place_path(&place, "ca"), "user.two", "22", 2, 0) < 0)
		return; /* a file system without them */
	place_must(setxattr(place_path(&place, "ca"), "user.one", "1", 1, 0) == 0, "setxattr");
	world = place_world(&place);
	CHECK(world_attributes(world, "/link", &list, &count, NULL) == 0 && count >= 2);
	CHECK_TEXT(list[count - 2].name, "user.one");
	CHECK(span_equal(list[count - 1].value, span_of("22", 2)));
	CHECK(world_attributes(world, "/", &list, &count, NULL) == 0);
}

TEST(changing_file, "a file that is appended to meanwhile is read whole or refused, never torn")
{
	CLEANUP(place_close) struct place place;
	static char block[1 << 16];
	pid_t writer;

	place_open(&place);
	place_file(&place, "log", "");
	writer = fork();
	if (writer == 0) {
		for (char byte = 'a';; byte = byte == 'z' ? 'a' : (char)(byte + 1)) {
			int fd = open(place_path(&place, "log"), O_WRONLY | O_CLOEXEC);

			memset(block, byte, sizeof(block));
			for (unsigned i = 0; i < 16; i++)
				if (write(fd, block, sizeof(block)) < 0)
					_exit(1);
			(void)close(fd);
		}
	}
	for (unsigned i = 0; i < 50; i++) {
		CLEANUP(world_freep) struct world *world = place_world(&place);
		struct file_identity identity;
		struct span bytes;
		struct err err = { 0 };

		if (world_read(world, "/log", WORLD_MAX_FILE, &bytes, &err) < 0) {
			*failed |= err.sys != EAGAIN || err.code != ERR_BUSY;
			continue;
		}
		*failed |= world_stat(world, "/log", &identity, NULL) < 0 ||
			   identity.size != bytes.length;
	}
	(void)kill(writer, SIGKILL);
	(void)waitpid(writer, NULL, 0);
	CHECK(!*failed);
}

TEST(no_directory, "a root that is no directory is refused")
{
	CLEANUP(place_close) struct place place;
	struct err err = { 0 };

	place_open(&place);
	place_file(&place, "file", "");
	CHECK(world_below(place_path(&place, "file"), &err) == NULL && err.sys == ENOTDIR);
	CHECK(world_below(place_path(&place, "none"), &err) == NULL && err.sys == ENOENT);
	CHECK(world_of_process(0x7ffffff0, &err) == NULL && err.sys == ENOENT);
}

TEST(own_process, "the root of a process that sees what we see is the host's")
{
	CLEANUP(world_freep) struct world *world = world_of_process(getpid(), NULL);
	CLEANUP(world_freep) struct world *host = world_host();
	struct file_identity one, other;

	CHECK(world != NULL);
	CHECK_TEXT(world_root(world), "/");
	CHECK(world_stat(world, "/usr/bin", &one, NULL) == 0);
	CHECK(world_stat(host, "/usr/bin", &other, NULL) == 0);
	CHECK(one.inode == other.inode && one.device == other.device);
}

TEST(chrooted_process, "the root of a process that was chrooted is its own")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	char expected[64], byte;
	int ready[2];
	pid_t child;

	if (geteuid() != 0)
		return;
	place_open(&place);
	place_file(&place, "ca", "of the image");
	place_link(&place, "link", "/ca");
	place_must(pipe2(ready, O_CLOEXEC) == 0, "pipe2");
	child = fork();
	if (child == 0) {
		if (chroot(place.root) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	*failed |= read(ready[0], &byte, 1) != 1;
	world = world_of_process(child, NULL);
	*failed |= world == NULL || !reads_as(world, "/link", "of the image");
	(void)snprintf(expected, sizeof(expected), "/proc/%d/root/ca", (int)child);
	*failed |= strcmp(world_host_path(world, "/link"), expected) != 0;
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
	CHECK(!*failed);
	CHECK(reads_as(world, "/ca", "of the image"));
}

TAP_MAIN()
