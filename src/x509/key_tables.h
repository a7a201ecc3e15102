/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys have a table (point_table.h): those by which so many signatures are checked that one
 * pays. It does where as many are left to be checked as a table costs, by what part of all the
 * key had so far and by how many the caller says are left; and where so many were checked by the
 * key already, for then it has cost no more than twice what was best, whatever comes.
 *
 * For threads that check signatures, each with keys of its own: it is shared by all of them.
 */
#pragma once

#include "base/digest.h"
#include "x509/point_table.h"

enum {
	KEY_TABLE_PAYS = 1'000, /* checks; some 600 make up for a table, and estimates err */
	KEY_TABLE_SEEN = 16,    /* of a key, before its part of all is judged by them */
	KEY_TABLES_MAX = 128,   /* 19 MiB */
	KEY_TABLES_WATCHED = 4'096,
};

struct key_tables; /* opaque */
struct key_place;  /* opaque: a key that is watched */

void key_tables_free(struct key_tables *);
ALLOCATES(key_tables_free) struct key_tables *key_tables_new(void);
DEFINE_CLEANUP(struct key_tables, key_tables_free)

/* So many signatures are left to be checked, as far as is known. */
void key_tables_expect(struct key_tables *, size_t left);
/* Of the key with this digest; NULL where no more are watched. */
struct key_place *key_tables_watch(struct key_tables *, const struct digest *key);
/* The key's table, if it has one by now; nothing is counted. */
const struct point_table *key_tables_ready(const struct key_place *);
/* A signature is checked by some key; by this one, where it is watched. The key's table, which is
 * made where it pays; NULL where there is none. */
const struct point_table *key_tables_count(
	struct key_tables *, struct key_place *, const EVP_PKEY *);
