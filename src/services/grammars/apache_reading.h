/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading of one configuration, between the files that do it: apache.c goes through files and
 * lines, apache_sections.c keeps account of the sections around them.
 */
#pragma once

#include "services/grammars/apache_conditions.h"
#include "services/grammars/apache_lines.h"

/* What becomes of a section's contents. */
enum section_use {
	SECTION_KEPT,        /* the caller sees it */
	SECTION_TRANSPARENT, /* a condition that holds, or Limit: as if it were not there */
	SECTION_SKIPPED,     /* a condition that does not hold, or contents of no interest */
	SECTION_MACRO,       /* skipped, and read where it is used */
};

struct section {
	const char *name;
	enum section_use use;
	bool is_code; /* Perl: what looks like a section inside is none */
	struct locus where;
	struct macro *macro;
};

struct macro {
	const char *name;
	const struct apache_word *parameters;
	size_t parameter_count;
	struct span file;   /* where it is defined */
	struct locus begin; /* of the line behind <Macro>; length is not of interest */
	size_t end;         /* of the line </Macro>; 0 as long as it was not seen */
	bool in_use;
};

struct reading {
	const struct apache_source *source;
	struct arena *arena;
	struct apache_state state;
	struct apache_config *config;
	struct apache_item *items;
	size_t item_capacity;
	const char **files;
	size_t file_capacity, includes;
	struct config_problem *problems;
	size_t problem_capacity;
	struct section sections[APACHE_MAX_NESTING];
	size_t depth;
	struct macro **macros;
	size_t macro_count, macro_capacity, macro_depth;
	const char *open_files[SERVICE_MAX_INCLUDE_DEPTH];
	size_t open_count;
	bool exhausted;
};

/* One file, or the lines of a macro, that is being read. */
struct file_reading {
	struct apache_lines lines;
	size_t floor;                            /* sections that were open before it */
	const struct apache_argument *arguments; /* of a macro: what its parameters stand for */
	size_t argument_count;
};

void apache_reading_problem(struct reading *, struct locus, const char *format, ...) PRINTF(3, 4);
/* An item for the caller; lines may be NULL. */
void apache_emit(struct reading *, const struct apache_lines *, struct apache_item);
/* The words behind position; count at *ret_count. */
const struct apache_word *apache_words(
	struct reading *, const struct apache_lines *, size_t position, size_t *ret_count);

/* "<Macro NAME parameters>": what stands behind the current line. NULL where there are too many. */
struct macro *apache_macro_add(struct reading *, const struct apache_lines *,
	const struct apache_word *words, size_t count);
/* The macro that "Use words" means, and its arguments; NULL, and a problem, where it cannot be
 * used. */
struct macro *apache_macro_use(struct reading *, const struct apache_lines *,
	const struct apache_word *words, size_t count, const struct apache_argument **ret);

/* The current section's contents do not count. */
bool apache_in_skipped(const struct reading *);
/* "<name …>", what follows the name being at position. */
void apache_section_open(
	struct reading *, struct apache_lines *, const char *name, size_t position);
/* "</name>": closes sections of this file alone. */
void apache_section_close(struct reading *, const struct file_reading *, const char *name);
/* Closes what a file has left open. */
void apache_sections_end(struct reading *, const struct file_reading *);
