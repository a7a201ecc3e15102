/* SPDX-License-Identifier: Apache-2.0 */
/* What a report wrote: for a person, or as JSON that a second reader must take. */
#pragma once

#include <jansson.h>

#include "report/report.h"
#include "tap.h"

struct paper {
	struct arena *arena;
	struct style style;
	struct buffer out;
	struct json json;
	json_t *root;
};

static inline void
paper_end(struct paper *paper)
{
	buffer_free(&paper->out);
	json_decref(paper->root);
	arena_free(paper->arena);
}

static inline struct paper
paper_begin(void)
{
	struct paper paper = { .arena = arena_new() };

	paper.style = (struct style){ .all = true, .verbose = true, .now = 0 };
	paper.style.arena = paper.arena;
	buffer_add_text(&paper.out, "");
	return paper;
}

static inline const char *
paper_text(const struct paper *paper)
{
	return paper->out.data != NULL ? (const char *)paper->out.data : "";
}

static inline bool
paper_says(const struct paper *paper, const char *words)
{
	return strstr(paper_text(paper), words) != NULL;
}

static inline void
paper_open(struct paper *paper)
{
	buffer_clear(&paper->out);
	report_begin(&paper->json, &paper->out, "test");
}

/* The document, NULL where it is none. */
static inline json_t *
paper_close(struct paper *paper)
{
	json_error_t error;

	report_end(&paper->json, 0);
	json_decref(paper->root);
	paper->root = json_loadb((const char *)paper->out.data, paper->out.length, 0, &error);
	if (paper->root == NULL)
		printf("# %s at %d\n", error.text, error.position);
	return paper->root;
}

#define PAPER CLEANUP(paper_end) struct paper paper = paper_begin()
