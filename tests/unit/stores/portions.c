/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/portions.h"

#include "pki.h"
#include "tap.h"
#include "world/place.h"

enum { MANY = 3'000 };

struct shop {
	struct place place;
	struct world *world;
	struct arena *arena;
	struct err err;
};

static void
shop_end(struct shop *shop)
{
	arena_free(shop->arena);
	world_free(shop->world);
	place_close(&shop->place);
}

#define SHOP                                                                                  \
	CLEANUP(shop_end) struct shop shop = { .arena = arena_new(), .world = world_host() }; \
	place_open(&shop.place)

static int
open_read(struct shop *shop, const char *name)
{
	return open(place_path(&shop->place, name), O_RDONLY | O_CLOEXEC);
}

static unsigned
lines_of(struct span bytes)
{
	unsigned count = 0;

	for (size_t i = 0; i < bytes.length; i++)
		count += bytes.data[i] == '\n';
	return count;
}

/* Cuts the file; 0 where the pieces are not the file, or one of them does not begin with a block.
 */
static size_t
cut(struct shop *shop, const char *name, const char *text)
{
	CLEANUP(cutter_end)
	struct cutter cutter = cutter_of(open_read(shop, name), strlen(text) / 2, false);
	CLEANUP(buffer_free) struct buffer all = {};
	struct piece piece;
	size_t count = 0;
	int more;

	while ((more = cutter_next(&cutter, &piece, &shop->err)) > 0) {
		if (piece.is_part && piece.lines != lines_of(buffer_span(&all)))
			return 0;
		if (count++ > 0 && memcmp(piece.bytes.data, "-----BEGIN ", 11) != 0)
			return 0;
		buffer_add(&all, piece.bytes.data, piece.bytes.length);
	}
	if (more < 0 || !span_equal(buffer_span(&all), span_of(text, strlen(text))))
		return 0;
	return count;
}

static const char *
repeat(struct shop *shop, const char *text, size_t times)
{
	CLEANUP(buffer_free) struct buffer all = {};

	for (size_t i = 0; i < times; i++)
		buffer_add_text(&all, text);
	return arena_strndup(shop->arena, (const char *)all.data, all.length);
}

#define LINE  "MIIBszCCAVmgAwIBAgIUZ2ZnZ2dnZ2dnZ2dnZ2dnZ2dnZ2cwCgYIKoZIzj0EAwIw\n"
#define BODY  LINE LINE LINE LINE LINE
#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

TEST(bundle, "a bundle is cut between blocks, with comments or without, and lines are counted")
{
	const char *text;
	SHOP;

	text = repeat(&shop, BEGIN BODY END, MANY);
	place_file(&shop.place, "plain", text);
	CHECK(cut(&shop, "plain", text) > 3);
	text = repeat(&shop, "# a comment\n" BEGIN BODY END "\n", MANY);
	place_file(&shop.place, "comments", text);
	CHECK(cut(&shop, "comments", text) > 3);
}

TEST(nested, "there is no cut where a block stands within another, or has no end")
{
	const char *text;
	SHOP;

	text = repeat(&shop, BEGIN LINE BEGIN BODY END LINE END, MANY);
	place_file(&shop.place, "nested", text);
	CHECK(cut(&shop, "nested", text) > 3);
	text = arena_printf(shop.arena, "%s%s", repeat(&shop, BEGIN LINE, 2 * MANY),
		repeat(&shop, LINE END, 2 * MANY));
	place_file(&shop.place, "deep", text);
	CHECK(cut(&shop, "deep", text) == 1);
	text = repeat(&shop, BEGIN LINE, 4 * MANY);
	place_file(&shop.place, "open", text);
	CHECK(cut(&shop, "open", text) == 1);
}

TEST(left, "what is left to be brought is known by the sizes and names of files")
{
	CLEANUP(portions_freep) struct portions *portions = NULL;
	const char *text = NULL, *paths[3];
	struct portion *portion;
	size_t left, pieces = 0;
	SHOP;

	text = repeat(&shop, BEGIN BODY BODY END, MANY);
	place_file(&shop.place, "bundle", text);
	place_directory(&shop.place, "d");
	for (unsigned i = 0; i < 200; i++)
		place_file(&shop.place, arena_printf(shop.arena, "d/%04u", i), "x");
	paths[0] = arena_strdup(shop.arena, place_path(&shop.place, "bundle"));
	paths[1] = arena_strdup(shop.arena, place_path(&shop.place, "d"));
	paths[2] = arena_strdup(shop.arena, place_path(&shop.place, "d/0000"));
	portions = portions_new(shop.world, paths, 3, false, &shop.err);
	CHECK(portions_left(portions) == 3);
	portion = portions_next(portions);
	left = strlen(text) - portion->piece.bytes.length;
	CHECK(portions_left(portions) == left / 1024 + 2);
	while (!portion->ends_argument) {
		portion_free(portion);
		portion = portions_next(portions);
		left -= portion->piece.bytes.length;
		CHECK(portions_left(portions) == left / 1024 + 2);
		pieces++;
	}
	CHECK(left == 0 && pieces > 3);
	portion_free(portion);
	for (left = 200; left > 0;) {
		portion = portions_next(portions);
		left -= portion->file_count;
		CHECK(portions_left(portions) == left + 1);
		portion_free(portion);
	}
	portion_free(portions_next(portions));
	CHECK(portions_left(portions) == 0 && portions_next(portions) == NULL);
}

TEST(whole, "what is small, no PEM, or must be whole is one piece")
{
	CLEANUP(cutter_end) struct cutter cutter = { .fd = -1 };
	struct piece piece;
	const char *text;
	SHOP;

	place_file(&shop.place, "small", BEGIN BODY END);
	CHECK(cut(&shop, "small", BEGIN BODY END) == 1);
	place_file(&shop.place, "empty", "");
	CHECK(cut(&shop, "empty", "") == 0);
	text = repeat(&shop, "lorem ipsum dolor sit amet\n", 20 * MANY);
	place_file(&shop.place, "text", text);
	CHECK(cut(&shop, "text", text) == 1);
	text = repeat(&shop, BEGIN BODY END, MANY);
	place_file(&shop.place, "bundle", text);
	cutter = cutter_of(open_read(&shop, "bundle"), strlen(text), true);
	CHECK(cutter_next(&cutter, &piece, &shop.err) == 1);
	CHECK(piece.bytes.length == strlen(text) && !piece.is_part);
	CHECK(cutter_next(&cutter, &piece, &shop.err) == 0);
}

/* The names of all files of a directory, below it, one after the other. */
static const char *
walk(struct shop *shop, const char *name)
{
	CLEANUP(buffer_free) struct buffer names = {};
	const char *paths[] = { arena_strdup(shop->arena, place_path(&shop->place, name)) };
	CLEANUP(portions_freep)
	struct portions *portions = portions_new(shop->world, paths, 1, false, &shop->err);
	struct portion *portion;

	if (portions == NULL)
		return "(none)";
	buffer_add_text(&names, "");
	while ((portion = portions_next(portions)) != NULL) {
		for (size_t i = 0; i < portion->file_count; i++)
			buffer_addf(&names, "%s%s ", portion->files[i].path + strlen(paths[0]),
				portion->files[i].problem != NULL ? "!" : "");
		portion_free(portion);
	}
	return arena_strndup(shop->arena, (const char *)names.data, names.length);
}

TEST(directory, "files come in the order of their names, of directories below as well")
{
	SHOP;

	place_directory(&shop.place, "d");
	place_file(&shop.place, "d/c", "c");
	place_file(&shop.place, "d/a", "a");
	place_directory(&shop.place, "d/b");
	place_file(&shop.place, "d/b/z", "z");
	place_must(symlink("a", place_path(&shop.place, "d/link")) == 0, "symlink");
	CHECK_TEXT(walk(&shop, "d"), "/a /b/z /c /link ");
}

TEST(links, "a link that leads nowhere is said to, a fifo is passed over, a loop ends")
{
	SHOP;

	place_directory(&shop.place, "d");
	place_must(symlink("nowhere", place_path(&shop.place, "d/dangling")) == 0, "symlink");
	place_must(mkfifo(place_path(&shop.place, "d/fifo"), 0600) == 0, "mkfifo");
	place_must(symlink(".", place_path(&shop.place, "d/loop")) == 0, "symlink");
	place_file(&shop.place, "d/x", "x");
	CHECK_TEXT(walk(&shop, "d"), "/dangling! /x ");
}

TEST(many, "a directory of many files comes in portions, each file once")
{
	CLEANUP(portions_freep) struct portions *portions = NULL;
	const char *paths[1];
	struct portion *portion;
	size_t files = 0, count = 0;
	SHOP;

	place_directory(&shop.place, "d");
	for (unsigned i = 0; i < 200; i++)
		place_file(&shop.place, arena_printf(shop.arena, "d/%04u", i), "x");
	paths[0] = arena_strdup(shop.arena, place_path(&shop.place, "d"));
	portions = portions_new(shop.world, paths, 1, false, &shop.err);
	while ((portion = portions_next(portions)) != NULL) {
		count++;
		CHECK(portion->file_count <= PORTION_MAX_FILES && !portion->is_named);
		files += portion->file_count;
		CHECK(portion->ends_argument == (files == 200));
		portion_free(portion);
	}
	CHECK(files == 200 && count >= 4);
}

TAP_MAIN()
