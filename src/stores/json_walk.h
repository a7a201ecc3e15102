/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over a JSON document (RFC 8259) that knows where each string stands, which the libraries
 * that read JSON do not say. It goes as far as the document is one; a string that is cut off at the
 * end is given as far as it is there.
 */
#pragma once

#include "base/base.h"

enum {
	JSON_WALK_MAX_DEPTH = 32,
	JSON_WALK_MAX_VALUES = 2'000'000,
};

struct json_frame {
	bool is_array;
	struct span key; /* of the member that is being read, as it stands there; or none */
	size_t index;    /* of the element */
};

enum json_event { JSON_STRING, JSON_OBJECT_BEGIN, JSON_OBJECT_END };

struct json_walk {
	struct arena *arena;
	struct span bytes;
	void (*visit)(struct json_walk *, enum json_event);
	void *context;
	bool stop; /* set by the visitor, who has seen enough */
	/* While it visits: what holds the value, the outermost first; of a string, its text and
	 * where that stands, the quotes with it. */
	struct json_frame frames[JSON_WALK_MAX_DEPTH];
	size_t depth;
	struct span text; /* valid until the visitor returns, or of the bytes */
	size_t from, to;
	/* In the end: what is wrong with it, or NULL, and where. */
	const char *fault;
	size_t fault_offset;
};

/* bytes, visit and context are given. What is decoded comes from the arena. */
void json_walk(struct json_walk *);
/* Whether the value is that of a member with this name. */
bool json_walk_is_member(const struct json_walk *, const char *name);
/* "data.ca[2]", sanitised, from the arena; "document" for the document itself. */
const char *json_walk_path(const struct json_walk *);
