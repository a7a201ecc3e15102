/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of HAProxy's language cut into words, as parse_line() of its tools.c does: quotes and
 * backslashes protect, variables are put in between double quotes alone.
 */
#pragma once

#include "services/grammars/haproxy.h"

enum haproxy_words_fault {
	HAPROXY_WORDS_FINE,
	HAPROXY_WORDS_QUOTE,    /* a quote that is not closed */
	HAPROXY_WORDS_BRACE,    /* "${NAME" that is not closed */
	HAPROXY_WORDS_NAME,     /* a variable's name begins with what no name may begin with */
	HAPROXY_WORDS_SPREAD,   /* "[" behind a name that is no "[*]" */
	HAPROXY_WORDS_HEX,      /* "\x" without two hex digits */
	HAPROXY_WORDS_TOO_MANY, /* more than HAPROXY_MAX_WORDS; those are kept */
	HAPROXY_WORDS_TOO_LONG,
};

struct haproxy_words {
	struct buffer text; /* all words, each with its NUL */
	struct {
		size_t text, begin, end; /* where it begins in text; where it stands in the line */
		bool unknown, spread;    /* spread: one of several out of one variable */
	} list[HAPROXY_MAX_WORDS];
	size_t count;
	size_t fault_at; /* in the line */
	void *context;
	/* As in struct haproxy_reader, but for pseudo-variables too. NULL: not set. */
	const char *(*variable)(void *context, const char *name, bool *ret_known);
};

/* Cuts the line, which holds neither LF nor NUL. The words' buffers are used again. */
enum haproxy_words_fault haproxy_words_cut(struct haproxy_words *, struct span line);
