/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tap.h"

struct place {
	struct arena *arena;
	char root[64];
	const char *state, *file;
};

static struct place
place_new(void)
{
	struct place place = { .arena = arena_new(), .root = "/tmp/unit-ledger-XXXXXX" };

	if (mkdtemp(place.root) == NULL)
		abort();
	place.state = path_join(place.arena, place.root, "state");
	place.file = path_join(place.arena, place.state, "ledger.db");
	return place;
}

static int
remove_one(const char *path, const struct stat *, int, struct FTW *)
{
	return remove(path);
}

static void
place_end(struct place *place)
{
	(void)nftw(place->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_free(place->arena);
}

/* One batch with one object; whether it ended well. */
static bool
put(struct ledger *ledger, const char *text, struct err *err)
{
	struct digest digest;

	return ledger_batch_begin(ledger, err) == 0 &&
	       ledger_put(ledger, span_of(text, strlen(text)), &digest, err) == 0 &&
	       ledger_batch_end(ledger, err) == 0;
}

static bool
has(struct place *place, struct ledger *ledger, const char *text)
{
	struct digest digest = digest_of(span_of(text, strlen(text)));
	struct err err = {};
	struct span found;

	return ledger_get(ledger, place->arena, &digest, &found, &err) == 1 &&
	       span_equal(found, span_of(text, strlen(text)));
}

static bool
is_sound(const struct place *place)
{
	sqlite3 *database = NULL;
	sqlite3_stmt *check = NULL;
	bool sound =
		sqlite3_open_v2(place->file, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(database, "PRAGMA integrity_check", -1, &check, NULL) ==
			SQLITE_OK &&
		sqlite3_step(check) == SQLITE_ROW &&
		strcmp((const char *)sqlite3_column_text(check, 0), "ok") == 0;

	(void)sqlite3_finalize(check);
	(void)sqlite3_close(database);
	return sound;
}

TEST(first_batch, "a new ledger is on disk when its first batch has ended, and not before")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(ledger_closep) struct ledger *ledger = NULL;
	struct err err = {};
	struct stat status;

	CHECK(ledger_open(place.state, false, &err) == NULL && err.code == ERR_NO_INPUT);
	ledger = ledger_open_lazily(place.state, &err);
	CHECK(ledger != NULL && stat(place.file, &status) < 0);
	CHECK(put(ledger, "one", &err) && has(&place, ledger, "one"));
	CHECK(stat(place.file, &status) == 0 && (status.st_mode & 0777) == 0600);
	CHECK(is_sound(&place));
	CHECK(put(ledger, "two", &err) && has(&place, ledger, "one") && has(&place, ledger, "two"));
	ledger_close(TAKE(ledger));
	ledger = ledger_open(place.state, false, &err);
	CHECK(ledger != NULL && has(&place, ledger, "one") && has(&place, ledger, "two"));
	CHECK(is_sound(&place));
}

TEST(aborted, "a batch that does not end well leaves no ledger")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(ledger_closep) struct ledger *ledger = NULL;
	struct err err = {};
	struct stat status;

	ledger = ledger_open_lazily(place.state, &err);
	CHECK(ledger != NULL && ledger_batch_begin(ledger, &err) == 0);
	ledger_batch_abort(ledger);
	ledger_close(TAKE(ledger));
	CHECK(stat(place.file, &status) < 0);
}

TEST(locked, "a ledger that is locked is on disk")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(ledger_closep) struct ledger *ledger = NULL;
	struct err err = {};
	struct stat status;

	ledger = ledger_open_lazily(place.state, &err);
	CHECK(ledger != NULL && ledger_lock(ledger, &err) == 0);
	CHECK(stat(place.file, &status) == 0 && is_sound(&place));
	CHECK(put(ledger, "one", &err));
	ledger_close(TAKE(ledger));
	ledger = ledger_open_lazily(place.state, &err);
	CHECK(ledger != NULL && has(&place, ledger, "one"));
}

TEST(twins, "of two new ones at once the first stays, and the other goes on with it")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(ledger_closep) struct ledger *first = NULL;
	CLEANUP(ledger_closep) struct ledger *second = NULL;
	struct err err = {};

	first = ledger_open_lazily(place.state, &err);
	second = ledger_open_lazily(place.state, &err);
	CHECK(first != NULL && second != NULL);
	CHECK(put(first, "first", &err) && put(second, "lost", &err));
	CHECK(put(second, "second", &err));
	CHECK(has(&place, second, "first") && has(&place, second, "second"));
	CHECK(!has(&place, second, "lost") && is_sound(&place));
}

TEST(kept, "what a batch has written is there without being copied from the journal")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(ledger_closep) struct ledger *ledger = NULL;
	struct err err = {};

	ledger = ledger_open_lazily(place.state, &err);
	CHECK(ledger != NULL && put(ledger, "one", &err));
	for (unsigned i = 0; i < 3; i++) {
		char text[16];

		ledger_close(TAKE(ledger));
		ledger = ledger_open_lazily(place.state, &err);
		(void)snprintf(text, sizeof(text), "again %u", i);
		CHECK(ledger != NULL && put(ledger, text, &err));
	}
	ledger_close(TAKE(ledger));
	ledger = ledger_open(place.state, false, &err);
	CHECK(ledger != NULL && has(&place, ledger, "one") && has(&place, ledger, "again 0"));
	CHECK(has(&place, ledger, "again 2") && ledger_lock(ledger, &err) == 0);
	CHECK(has(&place, ledger, "again 1") && is_sound(&place));
}

TAP_MAIN()
