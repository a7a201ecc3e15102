/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entries of a directory a search by hash finds. A search goes through HHHHHHHH.0, .1 … (for
 * CRLs .r0, .r1 …), ends at the first number that is not there or whose file cannot be read, and
 * keeps what it has read until then (crypto/x509/by_dir.c, get_cert_by_subject_ex). A file's other
 * certificates are read along with it, but nobody looks for them by this name.
 */
#pragma once

#include "stores/format.h"

/* A file with its entries; several names may lead to it. */
struct hash_file {
	const struct directory_file *file;
	size_t first, count;
	bool is_linked; /* some hash name leads here */
};

struct hash_slot {
	const struct directory_file *link;
	uint32_t hash;
	bool is_crl;
	unsigned number;
	const struct hash_file *file; /* NULL where the name leads nowhere */
	bool is_reached;              /* the search comes here */
	bool reads;                   /* and the library can read the file to its end */
};

struct hash_links {
	struct hash_slot *slots; /* by hash, kind and number */
	size_t count;
	struct hash_file *files;
	size_t file_count;
};

/* Reads every file of the builder's directory into entries, and sets their links. */
void hash_links_read(struct store_builder *, struct hash_links *ret);
/* "9d66eef0.0" and the like. */
bool hash_name_is_slot(const char *name);
/* The slot of the key's hash, kind and number, or NULL. */
const struct hash_slot *hash_slot_find(const struct hash_links *, const struct hash_slot *key);
/* Whether an entry is one that is looked for by this slot's hash. */
bool hash_slot_finds(const struct hash_slot *, const struct entry *);
/* As above, by the hash that OpenSSL used before 1.0. */
bool hash_slot_finds_old(const struct hash_slot *, const struct entry *);
/* The hash by which an entry is looked for; 0 or -1. */
int entry_hash(const struct entry *, bool old, uint32_t *ret);
/* Whether somebody needs to find the entry: a CA or a CRL. */
bool entry_is_looked_for(const struct entry *);
