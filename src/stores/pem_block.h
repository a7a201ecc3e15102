/* SPDX-License-Identifier: Apache-2.0 */
/* One PEM block, whole or not, on its way to an entry or a defect. */
#pragma once

#include "stores/format.h"
#include "stores/pem_scan.h"
#include "stores/pem_view.h"

/* A stretch of text that one kind of damage covers. */
struct pem_stretch {
	bool found;
	size_t from, to;
};

struct pem_reading {
	struct store_builder *builder;
	struct pem_views views;
	struct span text;
	struct pem_markers markers;
	uint8_t *pool; /* what was decoded; as large as the whole text could need */
	size_t pool_used;
	size_t block_end; /* of the last block that was read */
	struct pem_stretch hidden, literal;
};

/* Its frame: how its first and last lines are found. */
enum pem_frame {
	PEM_FRAME_WHOLE,
	PEM_FRAME_NO_END,      /* cut off: by the end of the file or by the next BEGIN */
	PEM_FRAME_NO_BEGIN,    /* an END line alone */
	PEM_FRAME_INTERLEAVED, /* another block stands within it */
};

struct pem_block {
	enum pem_frame frame;
	const struct pem_marker *begin, *end; /* NULL where there is none */
	size_t from, to;                      /* of the whole, in the text */
	size_t body_from, body_to;
};

void pem_block_read(struct pem_reading *, const struct pem_block *);
/* Base64 without any frame, from..to of the text: an entry if it is one. False where it is not even
 * the beginning of one. */
bool pem_block_read_bare(struct pem_reading *, size_t from, size_t to);
void pem_stretch_add(struct pem_stretch *, size_t from, size_t to);
/* A defect of a stretch of the text. */
struct defect *pem_defect(
	struct pem_reading *, enum cause_code, size_t from, size_t to, const char *text);
