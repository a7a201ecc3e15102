/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reading of bytes: what a format finds in them, and what a loader's library makes of them. All
 * that is dangerous about a store happens here, so it takes bytes, asks no world, and gives what
 * can be written down as a message: boxed.c has it done in a box.
 */
#pragma once

#include "stores/directory.h"
#include "stores/hashdir.h"
#include "stores/keystore_crypt.h"
#include "stores/openssl_reader.h"

struct decoding; /* format.h */

struct parse_task {
	const char *path;
	struct span bytes;                 /* of a file */
	const struct directory *directory; /* else NULL */
	enum store_loader loader;          /* whose library is asked; LOADER_ANY: nobody's */
	bool loading_only;                 /* what it holds is known: only what is loaded is not */
	bool losses_only;          /* of its defects, those by which something is lost are enough */
	struct decoding *decoding; /* to whom it may be shown; or NULL */
};

struct parsed {
	const char *format;
	struct entry *entries;
	size_t entry_count;
	struct defect *defects;
	size_t defect_count;
	size_t own_defects; /* so many are of the bytes, those behind them of what is loaded */
	struct loading loading;
	struct span decoded; /* bytes that entries may lie in, as in those of the task */
	const char *unread;  /* why no reader got through it, and nothing above is known; or NULL */
	/* As in struct store. */
	const char *profile;
	enum store_integrity integrity;
	const char *password_source;
	bool password_is_empty;
};

/* What reads, and what it remembers from one task to the next. */
struct parser {
	struct openssl_reader *openssl;
	struct keystore_crypt *crypt;
	const struct passwords *passwords; /* NULL: the known ones alone */
};

/* All of the result is from the arena, or of the task. Never fails. */
void parse(struct arena *, const struct parser *, const struct parse_task *, struct parsed *ret);
/* What hashdir_missing_links answers; links are from the arena, targets of the directory. */
void hashdir_plan(struct arena *, struct openssl_reader *, const struct directory *,
	const struct hash_link **ret, size_t *ret_count);
