/* SPDX-License-Identifier: Apache-2.0 */
#include "world/sweep.h"

#include <fcntl.h>

#include "place.h"
#include "tap.h"

/* What each thread saw: one letter a file, its first. */
struct seen {
	char letters[64];
	size_t count;
	bool outside;
};

static void
visit(void *worker, const struct swept *file)
{
	struct seen *seen = worker;

	if (file->head.length > 0 && seen->count < sizeof(seen->letters))
		seen->letters[seen->count++] = (char)file->head.data[0];
	seen->outside |= strncmp(file->path, "/tree/", 6) != 0;
}

static int
compare(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/* All letters in order. */
static const char *
sweep_letters(struct place *place, size_t workers, struct sweep_result *result)
{
	static char letters[64];
	CLEANUP(world_freep) struct world *world = world_below(place->root, NULL);
	struct seen seen[SWEEP_MAX_WORKERS] = {};
	void *list[SWEEP_MAX_WORKERS];
	size_t count = 0;

	for (size_t i = 0; i < workers; i++)
		list[i] = &seen[i];
	if (world_sweep(world, "/tree", &(struct sweep){ visit, list, workers }, result, NULL) < 0)
		return "failed";
	for (size_t i = 0; i < workers; i++) {
		memcpy(letters + count, seen[i].letters, seen[i].count);
		count += seen[i].count;
		if (seen[i].outside)
			return "outside";
	}
	qsort(letters, count, 1, compare);
	letters[count] = '\0';
	return letters;
}

static void
tree_make(struct place *place)
{
	char first[4096];

	place_open(place);
	place_must(mkdir(place_path(place, "tree"), 0755) == 0, "mkdir");
	place_must(mkdir(place_path(place, "tree/deep"), 0755) == 0, "mkdir");
	place_must(mkdir(place_path(place, "tree/deep/er"), 0755) == 0, "mkdir");
	place_must(mkdir(place_path(place, "outside"), 0755) == 0, "mkdir");
	place_file(place, "outside/secret", "X");
	place_file(place, "tree/a", "a");
	place_file(place, "tree/deep/b", "b");
	place_file(place, "tree/deep/er/c", "c");
	place_file(place, "tree/empty", "");
	(void)snprintf(first, sizeof(first), "%s", place_path(place, "tree/a"));
	place_must(link(first, place_path(place, "tree/deep/a-again")) == 0, "link");
	place_must(symlink("../outside", place_path(place, "tree/out")) == 0, "symlink");
	place_must(symlink("/outside/secret", place_path(place, "tree/secret")) == 0, "symlink");
	place_must(symlink("..", place_path(place, "tree/deep/round")) == 0, "symlink");
	place_must(mkfifo(place_path(place, "tree/fifo"), 0644) == 0, "mkfifo");
}

TEST(once, "each file is seen once: no link is followed, no second name counted, no fifo opened")
{
	struct place place;
	struct sweep_result result;

	tree_make(&place);
	CHECK_TEXT(sweep_letters(&place, 1, &result), "abc");
	CHECK(result.directories == 3 && result.files == 5 && result.unreadable == 0);
	CHECK(!result.is_cut);
	CHECK_TEXT(sweep_letters(&place, 4, &result), "abc");
	CHECK(result.directories == 3);
	place_close(&place);
}

/* A chain of directories, each beside a sibling, with a file at the bottom; returns to the top. */
static void
chain_make(struct place *place, unsigned depth)
{
	int at = open(place_path(place, "tree"), O_RDONLY | O_DIRECTORY | O_CLOEXEC), file;

	for (unsigned i = 0; i < depth; i++) {
		int next;

		place_must(mkdirat(at, "d", 0755) == 0 && mkdirat(at, "e", 0755) == 0, "mkdirat");
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		place_must(next >= 0 && close(at) == 0, "openat");
		at = next;
	}
	file = openat(at, "z\n", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	place_must(file >= 0 && write(file, "z", 1) == 1 && close(file) == 0, "a file");
	place_must(close(at) == 0, "close");
}

/* From the bottom, for no path is long enough. */
static void
chain_remove(struct place *place, unsigned depth)
{
	int at = open(place_path(place, "tree"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < depth; i++) {
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		place_must(next >= 0 && close(at) == 0, "openat");
		at = next;
	}
	(void)unlinkat(at, "z\n", 0);
	for (unsigned i = 0; i < depth; i++) {
		int next = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		place_must(next >= 0 && close(at) == 0, "openat");
		at = next;
		place_must(unlinkat(at, "d", AT_REMOVEDIR) == 0 &&
				   unlinkat(at, "e", AT_REMOVEDIR) == 0,
			"unlinkat");
	}
	(void)close(at);
}

TEST(deep, "a tree is followed to its bottom, though no path is as long as that")
{
	enum { DEPTH = 2'100 };
	struct place place;
	struct sweep_result result;

	place_open(&place);
	place_must(mkdir(place_path(&place, "tree"), 0755) == 0, "mkdir");
	chain_make(&place, DEPTH);
	CHECK_TEXT(sweep_letters(&place, 1, &result), "z");
	CHECK(result.directories == 2 * DEPTH + 1 && result.unreadable == 0 && !result.is_cut);
	CHECK_TEXT(sweep_letters(&place, 3, &result), "z");
	CHECK(result.directories == 2 * DEPTH + 1);
	chain_remove(&place, DEPTH);
	place_close(&place);
}

TEST(missing, "a directory that is not there is an error, and a file is none")
{
	struct place place;
	struct sweep_result result;
	struct err err = {};
	struct seen seen = {};
	void *list[] = { &seen };
	CLEANUP(world_freep) struct world *world = NULL;

	tree_make(&place);
	world = world_below(place.root, NULL);
	CHECK(world_sweep(world, "/none", &(struct sweep){ visit, list, 1 }, &result, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT);
	CHECK(world_sweep(world, "/tree/a", &(struct sweep){ visit, list, 1 }, &result, &err) ==
		-1);
	CHECK(seen.count == 0);
	place_close(&place);
}

TAP_MAIN()
