/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HAProxy's configuration language (configuration.txt 2.1 to 2.4, as of 2.6): lines of words,
 * quotes, backslashes, environment variables in double quotes, conditional blocks, several files
 * read one after the other. And the little language of crt-list files.
 *
 * Lines are handed on one by one, in the order in which HAProxy would act on them, so that what a
 * line sets holds for those after it. Each word keeps where it stands in the raw file. Nothing here
 * knows what a keyword means, but for those that open a section or change the environment.
 */
#pragma once

#include "causes/finding.h"
#include "world/world.h"

enum {
	HAPROXY_MAX_WORDS = 64,            /* MAX_LINE_ARGS of HAProxy: more is its error too */
	HAPROXY_MAX_LINE = 16 << 20,       /* bytes of a line once variables are put in */
	HAPROXY_MAX_WORK = 512 << 20,      /* bytes and steps spent on all lines together */
	HAPROXY_MAX_VARIABLES = 256,       /* set by the configuration */
	HAPROXY_MAX_VALUE = 64 << 10,      /* bytes of one of them */
	HAPROXY_MAX_NESTING = 1'024,       /* of conditional blocks */
	HAPROXY_MAX_CONDITION_DEPTH = 128, /* parentheses and "!" of one condition */
	HAPROXY_MAX_CONDITION = 4'096,     /* bytes of its text */
};

/* The line and its words live as long as the call they are handed to. */
struct haproxy_word {
	const char *text;   /* without quotes and escapes, with the values of variables */
	struct locus where; /* in the raw file, with its quotes; no length where one variable gave
			       several words */
	bool unknown;       /* stands on a variable whose value cannot be told from here */
};

struct haproxy_line {
	const struct haproxy_word *words;
	size_t count; /* at least 1 */
	struct locus where;
	bool opens_section;
	bool uncertain; /* in a block whose condition cannot be told from here */
};

/* Who reads, and whom it tells. */
struct haproxy_reader {
	struct arena *arena;
	struct world *world;
	const char *directory; /* what relative paths of files are relative to */
	void *context;
	/* The value of a variable of HAProxy's environment; NULL where it is not set, and
	 * *ret_known false where that cannot be told. */
	const char *(*variable)(void *context, const char *name, bool *ret_known);
	void (*file)(void *context, const char *path);
	void (*line)(void *context, const struct haproxy_line *);
	void (*problem)(void *context, struct locus, const char *text);
};

/* Reads files, and of directories all files named *.cfg in byte order, in the order given. */
void haproxy_read(const struct haproxy_reader *, const char *const *paths, size_t count);

/* One line of a crt-list file: CERTIFICATE [OPTIONS] FILTERS. */
struct haproxy_certificate {
	const struct haproxy_word *words;         /* the first is the certificate */
	size_t count, options_begin, options_end; /* options are words [begin, end) */
	struct locus where;
};

struct haproxy_certificate_reader {
	void *context;
	void (*certificate)(void *context, const struct haproxy_certificate *);
	void (*problem)(void *context, struct locus, const char *text);
};

/* path is for places alone. */
void haproxy_read_certificates(
	const struct haproxy_certificate_reader *, const char *path, struct span bytes);

enum haproxy_truth { HAPROXY_FALSE, HAPROXY_TRUE, HAPROXY_UNKNOWN, HAPROXY_MALFORMED };

/* What conditions ask about. */
struct haproxy_environment {
	void *context;
	enum haproxy_truth (*defined)(void *context, const char *name);
	const char *(*version)(void *context); /* "2.6.12", or NULL */
};

/* Value of a condition of .if and .elif (configuration.txt 2.4). */
enum haproxy_truth haproxy_condition(const char *text, const struct haproxy_environment *);
