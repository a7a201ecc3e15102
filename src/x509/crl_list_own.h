/* SPDX-License-Identifier: Apache-2.0 */
/* What a list holds, for its reader and its index alone. */
#pragma once

#include <openssl/evp.h>
#include <pthread.h>

#include "x509/crl_list.h"
#include "x509/crl_window.h"

/* Hash and offset of an entry in one number; sorted, it is an index. */
struct slots {
	uint64_t *list;
	size_t count, capacity;
};

/* A serial that was looked for by a walk, and where it stands. */
struct walked {
	struct buffer serial, offsets;
};

struct crl_list {
	struct crl_source *source;
	size_t block;
	struct buffer outline;
	uint64_t tbs_begin, tbs_end, entries_begin, entries_end, size;
	size_t entry_count;
	struct digest fingerprint;
	int digest_nid; /* NID_undef: none was made */
	unsigned digest_length;
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint32_t *issuers; /* offsets of entries that name one, ascending */
	size_t issuer_count, issuer_capacity;
	const struct crl_wanted *wanted;
	struct slots hits; /* of what was wanted, once that was looked for */
	bool has_hits;
	pthread_mutex_t mutex; /* of what follows, and of the source */
	struct slots index;
	bool has_index;
	unsigned walks; /* that were made, each for a serial */
	struct walked walked[CRL_WALKS_BEFORE_INDEX];
};

/* Over the entries that begin where the window is. */
struct list_walk {
	struct crl_window *window;
	uint64_t end;
	struct span view; /* of the window, of which so much was walked */
	size_t used;
	uint64_t begin; /* of the view */
	const char *fault;
	uint64_t offset; /* of the entry, or of the fault */
	struct span whole, serial;
	struct crl_entry entry; /* of one that is not plain */
	bool is_plain;          /* no extension but a reason */
};
struct list_walk list_walk_begin(struct crl_window *, uint64_t end);
/* False at the end and at a fault. */
bool list_walk_next(struct list_walk *);
/* The window is behind the last entry then. */
void list_walk_end(struct list_walk *);

uint32_t serial_hash(struct span serial);
void slots_add(struct slots *, uint32_t hash, uint64_t offset);
void slots_sort(struct slots *);
bool wanted_has(const struct crl_wanted *, uint32_t hash);
struct crl_list *list_new(struct crl_source *, size_t block, const struct crl_wanted *);
/* What the list has instead of its outline. */
void list_describe(struct crl_list *, struct crl *);
void list_note_issuer(struct crl_list *, uint64_t offset);
