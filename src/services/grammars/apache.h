/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration language of Apache httpd 2.4: directive lines, sections, includes, variables
 * and the conditions that are decided while it is read (IfDefine, IfModule, IfVersion, IfFile …).
 *
 * What comes out is one flat list, in the order in which httpd reads it: the directives that the
 * caller wants to know and the sections around them, with the byte span of each argument in the raw
 * file. What httpd would refuse is a problem, and reading goes on.
 */
#pragma once

#include "services/service.h"

enum {
	APACHE_MAX_ITEMS = 500'000,
	APACHE_MAX_NESTING = 64,      /* sections inside each other, over all files */
	APACHE_MAX_VARIABLES = 2'000, /* Define, and those of the environment */
	APACHE_MAX_MODULES = 1'000,
	APACHE_MAX_PROBLEMS = 1'000,
	APACHE_MAX_WORK = 96 << 20, /* bytes and steps spent on one configuration */
};

/* An argument: without its quotes, variables replaced. */
struct apache_word {
	const char *text;
	struct locus where; /* in the raw file, between the quotes */
};

enum apache_kind { APACHE_DIRECTIVE, APACHE_OPEN, APACHE_CLOSE };

struct apache_item {
	enum apache_kind kind;
	const char *name; /* as written; of a section without its brackets */
	const struct apache_word *words;
	size_t word_count;
	struct locus where; /* the whole line, with its end of line */
	const char *indent; /* the blanks that it begins with */
	const char *ending; /* "\n", "\r\n"; "" at the end of a file without newline */
};

/* What is read, and how. */
struct apache_source {
	struct arena *arena;
	struct world *world;
	const char *config;           /* absolute */
	const char *root;             /* ServerRoot before the configuration names one */
	const char *const *arguments; /* of the command line: -D, -C and -c count; or NULL */
	/* Whether the caller wants to see directives of this name (any case). */
	bool (*wanted)(const char *directive);
	/* A variable of the server's environment, or NULL. */
	const char *(*environment)(void *context, const char *name);
	void *context;
};

struct apache_config {
	const struct apache_item *items;
	size_t item_count;
	const char *const *files; /* all that were read, the main one first */
	size_t file_count;
	const struct config_problem *problems;
	size_t problem_count;
	const char *root; /* the last ServerRoot: what paths of directives are relative to */
	const char *const *environment; /* "NAME=value" of those asked for and set;
					   NULL-terminated */
	bool loads_ssl;                 /* LoadModule ssl_module */
};

/* Never NULL. Everything is from the arena. */
const struct apache_config *apache_read(const struct apache_source *);
