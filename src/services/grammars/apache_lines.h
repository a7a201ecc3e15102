/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of httpd's configuration language as httpd sees them: joined at backslashes, trimmed, with
 * ${NAME} replaced before the line is split into words (server/util.c, ap_cfg_getline and
 * ap_resolve_env). Each byte remembers where it comes from in the raw file.
 */
#pragma once

#include "services/grammars/apache.h"

enum {
	APACHE_MAX_LINE = 1 << 20, /* bytes of one line, joined and expanded; httpd's is 16 MiB */
	APACHE_MAX_WORDS = 256,    /* kept of one line */
};

/* A text whose bytes know their place in the file. */
struct apache_text {
	char *bytes; /* NUL-terminated */
	size_t *starts, *ends;
	size_t length, capacity;
};

struct apache_lines {
	struct span file;
	const char *path;
	size_t offset;      /* of the next raw line */
	unsigned next_line; /* its number, from 1 */
	struct locus where; /* the current line, raw, with its end of line */
	const char *ending; /* "\n", "\r\n", or "" at the end of a file without newline */
	size_t indent;      /* bytes of blanks it begins with */
	bool too_long, has_nul;
	struct apache_text joined, expanded;
	const struct apache_text *text; /* the one of the two that is meant to be read */
};

void apache_lines_begin(struct apache_lines *, const char *path, struct span file);
void apache_lines_end(struct apache_lines *); /* for CLEANUP as well */
/* The next line that is neither empty nor a comment; false at the end of the file. */
bool apache_lines_next(struct apache_lines *);

/* A parameter of a macro, and what stands in its place. */
struct apache_argument {
	const char *name, *value;
};

/* Replaces the arguments in the current line, before variables are: at each place the longest name
 * (mod_macro.c, next_substitution). */
void apache_lines_substitute(
	struct apache_lines *, const struct apache_argument *arguments, size_t count);

/* The value of NAME, or NULL: then ${NAME} stays as it is. */
typedef const char *apache_lookup(void *context, const char *name);
/* Replaces ${NAME} in the current line, once: values are not looked at again. */
void apache_lines_expand(struct apache_lines *, apache_lookup *, void *context);

/* Goes on at a place of the file, up to another. */
void apache_lines_narrow(struct apache_lines *, struct locus from, size_t end);

/* Takes the next word behind *position; false where there is none. Text is from the arena. */
bool apache_lines_word(
	const struct apache_lines *, struct arena *, size_t *position, struct apache_word *ret);
/* Ends the line before its last '>' behind position; false where it has none. */
bool apache_lines_close_bracket(struct apache_lines *, size_t position);
