/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger in a directory of its own. */
#pragma once

#include "ledger/ledger.h"
#include "world/place.h"

struct book {
	struct place place;
	struct arena *arena;
	struct ledger *ledger;
};

static inline void
book_end(struct book *book)
{
	ledger_close(book->ledger);
	arena_free(book->arena);
	place_close(&book->place);
}

static inline void
book_open(struct book *book)
{
	struct err err = { 0 };

	book->ledger = ledger_open(place_path(&book->place, "state"), true, &err);
	place_must(book->ledger != NULL, err.message);
}

static inline struct book
book_begin(void)
{
	struct book book = { .arena = arena_new() };

	place_open(&book.place);
	book_open(&book);
	return book;
}

static inline void
book_reopen(struct book *book)
{
	ledger_close(book->ledger);
	book_open(book);
}

static inline struct span
text_span(const char *text)
{
	return span_of(text, strlen(text));
}

#define BOOK CLEANUP(book_end) struct book book = book_begin()
