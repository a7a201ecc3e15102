/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate revocation lists (RFC 5280 section 5) as views over their bytes. Entries are
 * validated in one walk when the list is read and are not copied.
 */
#pragma once

#include "x509/cert.h"

enum { CRL_MAX_SIZE = 64 << 20 };

/* Issuing distribution point, RFC 5280 5.2.5. */
struct crl_scope {
	bool present;
	bool only_user, only_ca, only_attribute, indirect, only_some_reasons;
	unsigned reasons;               /* bit n is that of ReasonFlags; all where none are named */
	struct span distribution_point; /* DistributionPointName element content, or empty */
};

struct crl_list; /* opaque, see crl_list.h */

struct crl {
	struct span der, tbs; /* of one that is read in parts: empty, and so are its entries */
	struct span issuer;
	struct span signature_algorithm, signature;
	struct span inner_algorithm; /* what the signed part calls the algorithm; or not known */
	bool has_fingerprint;        /* but for one that is read in parts to judge alone */
	struct digest fingerprint, identity; /* SHA-256 of the DER; what it goes by: of all bytes */
	int version;                         /* 1 or 2 */
	int64_t this_update, next_update;    /* MOMENT_NEVER where there is no nextUpdate */
	bool has_number;
	struct span number; /* INTEGER content */
	bool is_delta;
	struct span base_number; /* of a delta */
	bool has_authority_key_id;
	struct authority_key_id authority_key_id;
	struct crl_scope scope;
	struct span unknown_critical; /* OID content */
	struct span entries;          /* content of revokedCertificates, or empty */
	size_t entry_count;
	bool entry_critical;   /* an entry has a critical extension that is unknown */
	bool entry_issuers;    /* an entry names its certificate issuer */
	struct crl_list *list; /* of one that is read in parts, or has an index; or NULL */
};

/* CRLReason, RFC 5280 5.3.1: those that anybody asks for. */
enum revocation_reason {
	REASON_NONE = -1, /* none is named */
	REASON_HOLD = 6,
	REASON_REMOVED = 8, /* of a delta: no longer on hold, or expired */
	REASON_LAST = 10,
};

struct crl_entry {
	struct span serial;
	int64_t revoked_at;
	int reason;                     /* an enum revocation_reason */
	struct span certificate_issuer; /* of an indirect CRL: GeneralNames content */
	bool unknown_critical;
};

enum { CRL_REASONS_ALL = 0x1fe }; /* bits 1 to 8, RFC 5280 4.2.1.13 */
/* The bits of ReasonFlags, from the content of its BIT STRING. */
unsigned crl_reasons(struct span content);

int crl_read(struct span der, struct crl *ret, const char **ret_fault, size_t *ret_offset);
/* Walks entries in order; false at the end. cursor starts as der_of(crl->entries). */
bool crl_entry_next(struct der *cursor, struct crl_entry *ret);

/* The entries of one serial, in order; each with the certificate issuer that is in force for it
 * (RFC 5280 5.3.3: where it names none, that of the one before), empty for the list's own. */
struct crl_search {
	const struct crl *crl;
	struct span serial;
	struct der cursor;  /* of entries in memory */
	struct span issuer; /* in force at the cursor */
	/* Of a list in parts, or with an index: */
	bool began;
	size_t next;
	struct buffer offsets, entry, issuer_entry;
};
void crl_search_end(struct crl_search *); /* for CLEANUP as well */
/* serial must outlive it; what it finds lives until the next call. */
struct crl_search crl_search_begin(const struct crl *, struct span serial);
/* 1: one more; 0: no more; -1: that cannot be told, for the file was changed or cannot be read any
 * more. Whoever judges takes that for a list that is not there. */
[[nodiscard]] int crl_search_next(struct crl_search *, struct crl_entry *ret);
/* 1 where the serial is listed (and not as removeFromCRL), 0 where not, -1 as above; ret may be
 * NULL; of a list in parts, or with an index, it has no spans. */
[[nodiscard]] int crl_find(const struct crl *, struct span serial, struct crl_entry *ret);
/* Compares CRL numbers as unsigned integers: -1, 0, 1. */
int crl_number_compare(struct span a, struct span b);
