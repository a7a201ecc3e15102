/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CRL of up to 2 GiB: read in parts, validated in one pass in which it is digested as well, never
 * whole in memory.
 *
 * That it is what crl_read would make of it is so by three means. All fields are read by crl_read
 * itself, from the outline; each entry by crl_entry_next itself, but for those of one plain form,
 * which crl_walk.c takes without it and never refuses; and the unit tests and the fuzzer have both
 * readers judge the same bytes, cut and changed at each place, across any border of blocks.
 *
 * Kept of it: its outline, which is the list without its entries and has everything else; where the
 * entries lie; where those of an indirect list name an issuer; the digest that was signed. struct
 * crl is read from the outline, by the rules that hold for any CRL.
 *
 * A serial is looked up by walking all entries, a few times; after that by an index that is made
 * then: of each entry 32 bits of a keyed hash of its serial, and its offset. What has the hash that
 * is looked for is read again and compared, so that no collision decides. Serials that are known
 * before the list is read are looked up in the same pass, which keeps copies of their entries.
 *
 * Who only judges needs one digest, that of what is signed: where it is of the SHA-2 family, it and
 * what stands behind it name all bytes of the list, whose outer header DER leaves no choice. The
 * list goes by a digest of those then, its identity. Who shows it needs the fingerprint as well.
 */
#pragma once

#include "x509/crl.h"
#include "x509/crl_source.h"

enum {
	CRL_LIST_MAX_SIZE = INT32_MAX, /* of the DER, as of any element: 43 million entries */
	CRL_ENTRY_MAX_SIZE = 1 << 20,  /* of one entry */
	CRL_HEAD_MAX_SIZE = 1 << 20,   /* of what stands before the entries */
	CRL_TAIL_MAX_SIZE = 1 << 20,   /* and behind them */
	CRL_INDEX_ENTRY_SIZE = 8,  /* bytes of an entry in the index; twice that while it is made */
	CRL_ISSUER_ENTRY_SIZE = 4, /* more, of one that names an issuer */
	CRL_WHOLE_MAX_SIZE = 512 << 20, /* of one that is signed by a scheme without a digest */
	CRL_WALKS_BEFORE_INDEX = 3,     /* what an index costs */
	CRL_INDEX_MIN_ENTRIES = 256,    /* fewer are walked each time */
	CRL_KEPT_MAX_SIZE = 4 << 20,    /* of copies of those entries that were wanted */
};

struct crl_list; /* opaque */

void crl_list_free(struct crl_list *);
DEFINE_CLEANUP(struct crl_list, crl_list_free)

/* Serials that are known before lists are read. */
struct crl_wanted; /* opaque */
void crl_wanted_free(struct crl_wanted *);
ALLOCATES(crl_wanted_free)
struct crl_wanted *crl_wanted_new(const struct span *serials, size_t count);
DEFINE_CLEANUP(struct crl_wanted, crl_wanted_free)

/* What is made while a list is read. The signed one is made later where it is asked for; the other
 * is made nonetheless where that which is signed tells no lists apart. */
enum crl_digests { CRL_DIGESTS_ALL, CRL_DIGEST_SIGNED, CRL_DIGEST_FINGERPRINT };

struct crl_reading {
	struct crl_source *source;       /* taken */
	size_t block;                    /* CRL_BLOCK where it is 0 */
	const struct crl_wanted *wanted; /* or NULL; must outlive the list */
	enum crl_digests digests;
};

/* What is wrong with one, first of all that is. */
struct crl_fault {
	const char *text; /* static; NULL: nothing */
	uint64_t offset;  /* in the DER; in the text where sys is EBADMSG */
	int sys;          /* errno where the source failed; text says it then for people */
};

/* 0 and a list whose struct crl has no spans of entries; else -1, *ret_list NULL, and the fault. */
[[nodiscard]] int crl_list_read(const struct crl_reading *, struct crl *ret,
	struct crl_list **ret_list, struct crl_fault *ret_fault);
/* Of one that was read as a whole: for its index. Sets crl->list, unless it is too short. */
struct crl_list *crl_list_of(struct crl *);

/* What was found out of one that was read in parts, to be kept; -1 where that would be long: of a
 * list whose entries name issuers. */
[[nodiscard]] int crl_list_record(const struct crl *, struct buffer *ret);
/* The same list again from what was kept, of a source that is known to be the same. Takes the
 * source; NULL where the record is none. */
struct crl_list *crl_list_recall(struct span record, const struct crl_reading *, struct crl *ret);

/* What was found in a list by a process in a box, for the one that it is the fork of; and the list
 * of that. Takes the source; NULL where nothing of ours has told this. Whatever is told of entries
 * is read again where it is used; that there are no others is believed. */
void crl_list_tell(const struct crl *, struct buffer *ret);
struct crl_list *crl_list_take(struct span told, const struct crl_reading *, struct crl *ret);

/* The DER of the same list without entries, but for one with an unknown critical extension where
 * there is one: what a library may be given for all but entries and signature. */
struct span crl_list_outline(const struct crl_list *);
/* The same of any list. */
void crl_outline(const struct crl *, struct buffer *ret);
uint64_t crl_list_size(const struct crl_list *); /* of the DER */
/* All of the DER of one that was read in parts; -1 where it is larger than limit, or is another
 * thing by now. */
[[nodiscard]] int crl_list_der(struct crl_list *, size_t limit, struct buffer *ret);
/* The digest of what is signed; -1 where it cannot be had. digest: as libcrypto names it. */
[[nodiscard]] int crl_list_digest(
	struct crl_list *, int digest_nid, uint8_t *ret, unsigned *ret_length);
/* What is signed, for schemes without a digest. */
[[nodiscard]] int crl_list_tbs(struct crl_list *, struct buffer *ret);
