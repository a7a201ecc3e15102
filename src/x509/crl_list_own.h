/* SPDX-License-Identifier: Apache-2.0 */
/* What a list holds, for its reader and its index alone. */
#pragma once

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "x509/crl_list.h"
#include "x509/crl_window.h"

/* Hash and offset of an entry in one number; sorted, it is an index. */
struct slots {
	uint64_t *list;
	size_t count, capacity;
};

/* Digest of what is signed; of length 0: none was made. */
struct signed_digest {
	int nid;
	unsigned length;
	uint8_t bytes[EVP_MAX_MD_SIZE];
};

/* Of a hash of serials that nobody who writes a list can know. */
struct serial_key {
	uint64_t words[2];
};

/* Copies of entries, found by their offsets, which ascend. */
struct copies {
	struct buffer bytes;
	struct copy_place {
		uint32_t offset, at; /* of the entry in the list, and of its copy */
	} * places;
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
	bool has_fingerprint;
	struct digest fingerprint, identity;
	struct signed_digest read_digest; /* of the kind that the TBS itself names */
	uint32_t *issuers;                /* offsets of entries that name one, ascending */
	size_t issuer_count, issuer_capacity;
	const struct crl_wanted *wanted;
	struct slots hits;    /* of what was wanted, once that was looked for */
	struct copies copies; /* of those */
	bool has_hits;
	pthread_mutex_t mutex;             /* of what follows, and of the source */
	struct signed_digest asked_digest; /* of another kind than the first */
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
	struct span whole;
	struct crl_entry entry;
};
struct list_walk list_walk_begin(struct crl_window *, uint64_t end);
/* The plain entries that are next, which have no extension but a reason; 0 where the next one is
 * not plain, or not seen as a whole. */
enum { LIST_WALK_MANY = 64 };
size_t list_walk_plain(struct list_walk *, const uint8_t *ret[static LIST_WALK_MANY]);
/* The next entry, of any form. False at the end and at a fault. */
bool list_walk_next(struct list_walk *);
/* The window is behind the last entry then. */
void list_walk_end(struct list_walk *);

/* Of a plain entry. */
static inline struct span
plain_serial(const uint8_t *entry)
{
	return span_of(entry + 4, entry[3]);
}

static inline struct span
plain_whole(const uint8_t *entry)
{
	return span_of(entry, 2U + entry[1]);
}

static inline uint64_t
plain_offset(const struct list_walk *walk, const uint8_t *entry)
{
	return walk->begin + (uint64_t)(entry - walk->view.data);
}

struct serial_key serial_key(void);
static inline uint64_t
serial_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
serial_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Two words at a time; the last two may reach back into those before. */
static inline uint32_t
serial_hash(struct serial_key key, struct span serial)
{
	enum { WORD = sizeof(uint64_t) };
	const uint8_t *at = serial.data;
	uint64_t state = key.words[0] ^ serial.length, first = 0, last = 0;
	size_t left = serial.length;
	uint32_t hash;

	for (; left > 2 * WORD; left -= 2 * WORD, at += 2 * WORD)
		state = serial_mix(serial_word(at) ^ key.words[1], serial_word(at + WORD) ^ state);
	if (serial.length >= 2 * WORD) {
		first = serial_word(at + left - 2 * WORD);
		last = serial_word(at + left - WORD);
	} else if (left >= WORD) {
		first = serial_word(at);
		last = serial_word(at + left - WORD);
	} else {
		for (size_t i = 0; i < left; i++)
			first = first << 8 | at[i];
	}
	hash = (uint32_t)(serial_mix(first ^ key.words[1], last ^ state) >> 32);
	/* 0 is a place that is free. */
	return hash + (hash == 0);
}

void slots_add(struct slots *, uint32_t hash, uint64_t offset);
void slots_sort(struct slots *);

/* Open addressing over the hashes, with twice as many places as serials; and before that a filter
 * of two bits for each, in one word, which is small enough for the processor's cache, and lets one
 * in a hundred of the others through. */
struct crl_wanted {
	uint64_t *filter; /* of a word for each eighth place */
	uint32_t *places; /* hashes; 0: free */
	size_t mask;
	struct serial_key key;
};
enum { WANTED_MIN_PLACES = 512 };
bool wanted_has_place(const struct crl_wanted *, uint32_t hash);
static inline uint64_t *
wanted_word(const struct crl_wanted *wanted, uint32_t hash)
{
	return &wanted->filter[(hash & wanted->mask) >> 3];
}
static inline uint64_t
wanted_bits(uint32_t hash)
{
	return UINT64_C(1) << (hash >> 26) | UINT64_C(1) << ((hash >> 20 ^ hash) & 63);
}
static inline bool
wanted_may_have(const struct crl_wanted *wanted, uint32_t hash)
{
	return (~*wanted_word(wanted, hash) & wanted_bits(hash)) == 0;
}
static inline bool
wanted_has(const struct crl_wanted *wanted, uint32_t hash)
{
	return wanted_may_have(wanted, hash) && wanted_has_place(wanted, hash);
}

/* Keeps a copy, unless there are many by now. Offsets ascend. */
void copies_add(struct copies *, uint64_t offset, struct span entry);
void copies_end(struct copies *);
struct crl_list *list_new(struct crl_source *, size_t block, const struct crl_wanted *);
/* What the list has instead of its outline. */
void list_describe(struct crl_list *, struct crl *);
void list_note_issuer(struct crl_list *, uint64_t offset);
/* The digests that are made while a list is read, whose head was. tail: all behind the TBS. */
void list_digests_begin(struct crl_list *, struct crl_window *, enum crl_digests);
void list_digests_take(struct crl_list *, struct crl_window *, struct span tail);
/* Of the digests that were made, what the list goes by. */
void list_identify(struct crl_list *, struct span tail);
