/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration language of nginx, as ngx_conf_read_token reads it (src/core/ngx_conf_file.c,
 * 1.22): words that blanks part, ended by ";" or by a block in braces; quotes, backslashes,
 * comments; include, which is replaced by what it names. Directives are not known here, nor how
 * many words they want. Variables are left as they are.
 *
 * Each word keeps file, line and byte span of what stands inside its quotes, so that a finding
 * cites it and a repair splices it. What nginx would not start with is a problem, in its own words;
 * what was read before it is kept.
 */
#pragma once

#include "services/service.h"

enum {
	NGINX_MAX_NESTING = 100,          /* blocks and included files within each other */
	NGINX_MAX_DIRECTIVES = 1'000'000, /* of one configuration */
	NGINX_MAX_WORDS = 100'000,        /* of one directive: a long server_name */
	NGINX_MAX_INCLUSIONS = 20'000,    /* files read, the same one counted again */
	NGINX_MAX_BYTES = 256 << 20,      /* of all inclusions */
	NGINX_MAX_PROBLEMS = 100,
	NGINX_MAX_PARAMETER = 4096, /* bytes: NGX_CONF_BUFFER */
};

struct nginx_word {
	const char *text; /* without quotes, escapes undone; ends at a NUL */
	struct locus where;
};

struct nginx_directive {
	const struct nginx_word *words; /* the first is its name */
	size_t word_count;
	bool is_block;
	size_t end; /* offset behind its ";" or "{" */
	struct nginx_directive *children, *next;
};

struct nginx_config {
	struct nginx_directive *first;
	const char *const *files; /* the main one first, each once */
	size_t file_count;
	const struct config_problem *problems;
	size_t problem_count;
};

/* Reads path and all it includes; relative names are below the directory of path. */
void nginx_config_read(struct arena *, struct world *, const char *path, struct nginx_config *ret);
/* Reads directives of a command line (-g). */
void nginx_config_read_text(struct arena *, struct world *, const char *text,
	const char *conf_prefix, struct nginx_config *ret);

/* The next directive of that name, from the given one on, itself included. NULL after the last. */
const struct nginx_directive *nginx_directive_find(
	const struct nginx_directive *, const char *name);
