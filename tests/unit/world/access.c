/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict must be the kernel's: each cell is tried by a child that becomes the reader and calls
 * open(2). So this must run as root.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "place.h"
#include "tap.h"
#include "world/access.h"

enum { ALICE = 40001, BOB = 40002, STAFF = 40003 };

static const gid_t staff[] = { STAFF };

static const struct credentials readers[] = {
	{ .user = ALICE, .group = ALICE, .user_name = "alice" },
	{ .user = BOB, .group = BOB, .groups = staff, .group_count = 1, .user_name = "bob" },
	{ .user = 0, .group = 0 }, /* root without capabilities */
	{ .user = ALICE, .group = BOB, .capabilities = CREDENTIALS_DAC_READ_SEARCH },
	{ .user = BOB, .group = ALICE, .capabilities = CREDENTIALS_DAC_OVERRIDE },
};

static const struct {
	uid_t owner;
	gid_t group;
} owners[] = { { 0, 0 }, { ALICE, ALICE }, { BOB, ALICE }, { 0, STAFF } };

static const mode_t modes[] = { 0000, 0400, 0040, 0004, 0511, 0640, 0755, 0077 };

static void
set_capabilities(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)capabilities, .permitted = (uint32_t)capabilities },
	};

	place_must(syscall(SYS_capset, &header, data) == 0, "capset");
}

static void
become(const struct credentials *reader)
{
	uint64_t kept =
		reader->capabilities | UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID;

	place_must(setgroups(reader->group_count, reader->groups) == 0, "setgroups");
	place_must(setresgid(reader->group, reader->group, reader->group) == 0, "setresgid");
	if (reader->capabilities != 0)
		place_must(syscall(SYS_prctl, 8 /* PR_SET_KEEPCAPS */, 1, 0, 0, 0) == 0, "prctl");
	set_capabilities(kept);
	place_must(setresuid(reader->user, reader->user, reader->user) == 0, "setresuid");
	set_capabilities(reader->capabilities);
}

/* The errno that open(2), and for a directory passing through it, gives this reader. */
static int
kernel_says(const char *path, const struct credentials *reader, bool directory)
{
	pid_t child = fork();
	char inside[4200];
	struct stat found;
	int status = 0, fd;

	place_must(child >= 0, "fork");
	if (child == 0) {
		become(reader);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			_exit(errno);
		(void)snprintf(inside, sizeof(inside), "%s/inside", path);
		_exit(directory && stat(inside, &found) < 0 && errno == EACCES ? EACCES : 0);
	}
	place_must(waitpid(child, &status, 0) == child && WIFEXITED(status), "waitpid");
	return WEXITSTATUS(status);
}

/* Entries that differ from what the mode says; the mask is the mode's group bits, as it always is.
 */
static bool
put_acl(struct place *place, const char *name, mode_t mode, unsigned variant)
{
	const struct place_acl entries[] = {
		{ 0x01, mode >> 6 & 7, ~0U },
		{ 0x02, variant % 2 == 0 ? 7 : 0, ALICE },
		{ 0x04, variant % 3 == 0 ? 5 : 0, ~0U },
		{ 0x08, variant % 5 == 0 ? 0 : 5, STAFF },
		{ 0x10, mode >> 3 & 7, ~0U },
		{ 0x20, mode & 7, ~0U },
	};

	return place_set_acl(place, name, entries, COUNT_OF(entries));
}

static bool
agrees(struct place *place, const char *name, const struct credentials *reader, bool directory)
{
	CLEANUP(world_freep) struct world *world = world_host();
	struct access access = world_may_read(world, place_path(place, name), reader);
	int sys = kernel_says(place_path(place, name), reader, directory);
	bool granted = access.stop == ACCESS_GRANTED;

	if (granted == (sys == 0) && (granted || sys == EACCES) && access.text != NULL)
		return true;
	printf("# %s, user %u: %s, kernel: %s\n", access.text, (unsigned)reader->user,
		granted ? "granted" : "refused", strerror(sys));
	return false;
}

/* Returns the number of cells, and adds to ret_wrong those where verdict and kernel differ. */
static unsigned
try_matrix(struct place *place, const char *name, const char *read, bool directory,
	unsigned *ret_wrong)
{
	unsigned cells = 0;

	for (size_t i = 0; i < COUNT_OF(owners) * COUNT_OF(modes) * 2; i++) {
		mode_t mode = modes[i / 2 % COUNT_OF(modes)];

		(void)removexattr(place_path(place, name), "system.posix_acl_access");
		place_access(place, name, mode, owners[i / 2 / COUNT_OF(modes)].owner,
			owners[i / 2 / COUNT_OF(modes)].group);
		if (i % 2 == 1 && !put_acl(place, name, mode, (unsigned)(i / 2)))
			continue;
		for (size_t j = 0; j < COUNT_OF(readers); j++, cells++)
			*ret_wrong += !agrees(place, read, &readers[j], directory);
	}
	return cells;
}

TEST(files, "who may read a file: 4 owners, 8 modes, 5 readers, with and without ACL")
{
	CLEANUP(place_close) struct place place;
	unsigned wrong = 0, cells;

	place_open(&place);
	place_file(&place, "ca.pem", "x");
	cells = try_matrix(&place, "ca.pem", "ca.pem", false, &wrong);
	printf("# %u cells, %u wrong\n", cells, wrong);
	CHECK(cells >= 160 && wrong == 0);
}

TEST(directories, "who may list and pass a directory")
{
	CLEANUP(place_close) struct place place;
	unsigned wrong = 0, cells;

	place_open(&place);
	place_directory(&place, "certs");
	place_file(&place, "certs/inside", "x");
	cells = try_matrix(&place, "certs", "certs", true, &wrong);
	printf("# %u cells, %u wrong\n", cells, wrong);
	CHECK(cells >= 160 && wrong == 0);
}

TEST(ways, "who may pass the directories of a link's target")
{
	CLEANUP(place_close) struct place place;
	unsigned wrong = 0, cells;

	place_open(&place);
	place_directory(&place, "private");
	place_directory(&place, "private/deep");
	place_file(&place, "private/ca.pem", "x");
	place_link(&place, "link", "private/deep/../ca.pem");
	cells = try_matrix(&place, "private", "link", false, &wrong);
	printf("# %u cells, %u wrong\n", cells, wrong);
	CHECK(cells >= 160 && wrong == 0);
}

TEST(sentences, "the sentence names component, mode, owner and user")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	CLEANUP(world_freep) struct world *host = world_host();
	struct access access;

	place_open(&place);
	place_directory(&place, "private");
	place_file(&place, "private/ca\n.pem", "x");
	place_access(&place, "private", 0710, 0, STAFF);
	world = place_world(&place);
	access = world_may_read(world, "/private/ca\n.pem", &readers[0]);
	CHECK(access.stop == ACCESS_NOT_SEARCHABLE && access.mode == 0710 && access.group == STAFF);
	CHECK_TEXT(access.component, "/private");
	CHECK_TEXT(access.text, "directory /private is 0710 0:40003: user alice may not pass");
	place_access(&place, "private", 0755, 0, 0);
	place_access(&place, "private/ca\n.pem", 0600, 0, 0);
	access = world_may_read(host, place_path(&place, "private/ca\n.pem"), &readers[1]);
	CHECK(access.stop == ACCESS_NOT_READABLE && strchr(access.text, '\n') == NULL);
	CHECK(strstr(access.text, "0600 root:root: user bob may not read") != NULL);
}

TEST(stops, "missing, dangling, looping and no directory are told apart")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;
	struct access access;

	place_open(&place);
	place_file(&place, "file", "x");
	place_directory(&place, "certs");
	place_link(&place, "dangling", "certs/gone/ca");
	place_link(&place, "chain", "dangling");
	place_link(&place, "way", "certs");
	place_link(&place, "loop", "loop");
	world = place_world(&place);
	access = world_may_read(world, "/certs/gone", &readers[0]);
	CHECK(access.stop == ACCESS_MISSING);
	CHECK_TEXT(access.component, "/certs/gone");
	access = world_may_read(world, "/way/gone", &readers[0]);
	CHECK(access.stop == ACCESS_MISSING);
	CHECK_TEXT(access.component, "/certs/gone");
	access = world_may_read(world, "/dangling", &readers[0]);
	CHECK(access.stop == ACCESS_DANGLING);
	CHECK_TEXT(access.component, "/dangling");
	CHECK_TEXT(
		access.text, "symbolic link /dangling leads to /certs/gone, which does not exist");
	CHECK(world_may_read(world, "/chain/x", &readers[0]).stop == ACCESS_DANGLING);
	CHECK(world_may_read(world, "/loop", &readers[0]).stop == ACCESS_DANGLING);
	access = world_may_read(world, "/file/x", &readers[0]);
	CHECK(access.stop == ACCESS_NOT_DIRECTORY);
	CHECK_TEXT(access.component, "/file");
}

TEST(first_stop, "what may not be passed is named before what is missing behind it")
{
	CLEANUP(place_close) struct place place;
	CLEANUP(world_freep) struct world *world = NULL;

	place_open(&place);
	place_directory(&place, "closed");
	place_access(&place, "closed", 0700, 0, 0);
	world = place_world(&place);
	CHECK(world_may_read(world, "/closed/none", &readers[0]).stop == ACCESS_NOT_SEARCHABLE);
	CHECK(world_may_read(world, "/closed/none", &readers[3]).stop == ACCESS_MISSING);
}

TEST(sticky_links, "links in sticky directories are followed as the kernel follows them")
{
	CLEANUP(place_close) struct place place;
	unsigned wrong = 0;

	place_open(&place);
	place_file(&place, "ca", "x");
	place_directory(&place, "tmp");
	place_access(&place, "tmp", 01777, 0, 0);
	place_link(&place, "tmp/link", "../ca");
	for (size_t i = 0; i < COUNT_OF(owners); i++) {
		place_must(
			lchown(place_path(&place, "tmp/link"), owners[i].owner, 0) == 0, "lchown");
		for (size_t j = 0; j < COUNT_OF(readers); j++)
			wrong += !agrees(&place, "tmp/link", &readers[j], false);
	}
	CHECK(wrong == 0);
}

int
main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP only root can become other users\n");
		return 0;
	}
	return tap_run_all();
}
