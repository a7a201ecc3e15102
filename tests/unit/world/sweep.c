/* SPDX-License-Identifier: Apache-2.0 */
#include "world/sweep.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "place.h"
#include "tap.h"

/* What each thread saw: one letter a file, its first. */
struct seen {
	char letters[64];
	size_t count, begun, works, ended;
	size_t since_work; /* visits that said that there is enough to do */
	bool outside;
};

/* Small ones are told by their first letter alone. */
static unsigned
look(void *, struct span head, bool is_whole)
{
	return head.data[0] == '-' ? 0 : is_whole ? head.data[0] : 1;
}

static bool
visit(void *worker, const struct swept *file)
{
	struct seen *seen = worker;

	if (file->head.length > 0 && seen->count < sizeof(seen->letters))
		seen->letters[seen->count++] = (char)file->head.data[0];
	seen->outside |= strncmp(file->path, "/tree/", 6) != 0 || seen->begun != 1 ||
			 file->looks != (file->size < SWEEP_HEAD ? file->head.data[0] : 1u) ||
			 (file->size < SWEEP_HEAD && file->size != file->head.length);
	seen->since_work++;
	return true;
}

static void
begin(void *worker)
{
	((struct seen *)worker)->begun++;
}

static void
work(void *worker)
{
	struct seen *seen = worker;

	seen->outside |= seen->since_work > 1;
	seen->since_work = 0;
	seen->works++;
}

static void
end(void *worker)
{
	((struct seen *)worker)->ended++;
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
	if (world_sweep(world, "/tree",
		    &(struct sweep){ look, visit, begin, work, end, list, workers }, result,
		    NULL) < 0)
		return "failed";
	for (size_t i = 0; i < workers; i++) {
		memcpy(letters + count, seen[i].letters, seen[i].count);
		count += seen[i].count;
		if (seen[i].outside || seen[i].begun != 1 || seen[i].ended != 1)
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
	place_file(place, "tree/deep/none", "-");
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
	CHECK(result.directories == 3 && result.files == 6 && result.unreadable == 0);
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

/* What a worker keeps open, by how the numbers of descriptors fall. */
struct keeper {
	int kept[256];
	size_t count, lost, looked;
};

static unsigned
look_at_many(void *worker, struct span head, bool)
{
	struct keeper *keeper = worker;

	keeper->looked++;
	return head.data[0] == 'y';
}

static bool
visit_many(void *, const struct swept *file)
{
	return file->size == 1;
}

/* Opens a file that stays open, and closes an earlier one, so that there are gaps. */
static void
keep(void *worker)
{
	struct keeper *keeper = worker;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && keeper->count < COUNT_OF(keeper->kept))
		keeper->kept[keeper->count++] = fd;
	if (keeper->count % 3 == 0 && keeper->count > 0) {
		int *early = &keeper->kept[keeper->count / 2];

		keeper->lost += *early >= 0 && close(*early) < 0;
		*early = -1;
	}
}

static void
let_go(void *worker)
{
	struct keeper *keeper = worker;

	for (size_t i = 0; i < keeper->count; i++)
		keeper->lost += keeper->kept[i] >= 0 && close(keeper->kept[i]) < 0;
}

TEST(descriptors, "what a worker opens stays open, and what the sweep opens is closed")
{
	enum { FILES = 300 };
	struct keeper keepers[3] = {};
	void *list[] = { &keepers[0], &keepers[1], &keepers[2] };
	CLEANUP(world_freep) struct world *world = NULL;
	struct sweep_result result;
	struct place place;
	size_t kept = 0, looked = 0;
	int before, after;

	place_open(&place);
	place_must(mkdir(place_path(&place, "tree"), 0755) == 0, "mkdir");
	for (size_t i = 0; i < FILES; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "tree/%zu", i);
		place_file(&place, name, i % 7 == 0 ? "y" : "-");
	}
	world = world_below(place.root, NULL);
	for (size_t workers = 1; workers <= COUNT_OF(list); workers += 2) {
		const struct sweep sweep = { look_at_many, visit_many, NULL, keep, let_go, list,
			workers };

		memset(keepers, 0, sizeof(keepers));
		kept = looked = 0;
		before = dup(0);
		(void)close(before);
		CHECK(world_sweep(world, "/tree", &sweep, &result, NULL) == 0);
		after = dup(0);
		(void)close(after);
		CHECK(before == after);
		for (size_t i = 0; i < workers; i++) {
			CHECK(keepers[i].lost == 0);
			kept += keepers[i].count;
			looked += keepers[i].looked;
		}
		CHECK(looked == FILES && kept > FILES / 7 && result.unreadable == 0);
	}
	place_close(&place);
}

TEST(few_descriptors, "a process that may open few files sees as many")
{
	enum { FILES = 200, FEW = 12 };
	struct keeper keepers[2] = {};
	void *list[] = { &keepers[0], &keepers[1] };
	const struct sweep sweep = { .look = look_at_many,
		.visit = visit_many,
		.workers = list,
		.worker_count = COUNT_OF(list) };
	CLEANUP(world_freep) struct world *world = NULL;
	struct rlimit before, few;
	struct sweep_result result;
	struct place place;
	int lowest;

	place_open(&place);
	place_must(mkdir(place_path(&place, "tree"), 0755) == 0, "mkdir");
	for (size_t i = 0; i < FILES; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "tree/%zu", i);
		place_file(&place, name, "-");
	}
	world = world_below(place.root, NULL);
	lowest = dup(0);
	(void)close(lowest);
	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	few = (struct rlimit){ (rlim_t)lowest + FEW, before.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(world_sweep(world, "/tree", &sweep, &result, NULL) == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	CHECK(result.files == FILES && result.unreadable == 0);
	CHECK(keepers[0].looked + keepers[1].looked == FILES);
	place_close(&place);
}

TEST(missing, "a directory that is not there is an error, and a file is none")
{
	struct place place;
	struct sweep_result result;
	struct err err = {};
	struct seen seen = {};
	void *list[] = { &seen };
	const struct sweep sweep = {
		.look = look, .visit = visit, .workers = list, .worker_count = 1
	};
	CLEANUP(world_freep) struct world *world = NULL;

	tree_make(&place);
	world = world_below(place.root, NULL);
	CHECK(world_sweep(world, "/none", &sweep, &result, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT);
	CHECK(world_sweep(world, "/tree/a", &sweep, &result, &err) == -1);
	CHECK(seen.count == 0 && seen.begun == 0);
	place_close(&place);
}

TAP_MAIN()
