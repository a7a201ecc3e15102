/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certificates, CRLs and answers of OCSP have in common, and only their readers need: the
 * signed envelope, the small structures inside it, and the walk over extensions by a table of rows.
 */
#pragma once

#include "x509/cert.h"
#include "x509/crl.h"

struct envelope {
	struct der_element tbs;
	struct span algorithm; /* DER of the outer AlgorithmIdentifier */
	struct span signature;
};

/* SEQUENCE { SEQUENCE, AlgorithmIdentifier, BIT STRING } and nothing behind it. */
void envelope_read(struct der *, struct envelope *ret);
/* The DER of an AlgorithmIdentifier, or of a Name, whose structure is checked. */
struct span envelope_algorithm(struct der *);
/* The same; the content of its OBJECT IDENTIFIER, whatever its parameters are. */
struct span envelope_algorithm_oid(struct der *);
struct span envelope_name(struct der *);
/* The same; sets ret_has_odd_values where a value is no text, or empty. */
struct span envelope_name_noting(struct der *, bool *ret_has_odd_values);
/* [0] EXPLICIT INTEGER DEFAULT 0, as certificates and answers of OCSP have their version: what is
 * above last is this fault. */
unsigned envelope_version(struct der *, unsigned last, const char *fault);
/* CRLReason, RFC 5280 5.3.1. */
int envelope_reason(struct der *);
/* [number] IMPLICIT BOOLEAN DEFAULT FALSE. */
bool envelope_flag(struct der *, unsigned number);
/* extnValue of authorityKeyIdentifier, RFC 5280 4.2.1.1. */
void envelope_authority_key_id(struct der *value, struct authority_key_id *ret);

struct extension_row {
	const char *oid; /* content octets */
	size_t oid_length;
	const char *name;
	/* Reads the extnValue, all of it; NULL where nobody asks what it holds. */
	void (*read)(struct der *value, bool critical, void *owner);
	/* OpenSSL 3 carries on where it is critical. */
	bool critical_is_handled;
};

#define EXTENSION_ROW(oid, name, read, critical_is_handled)           \
	{                                                             \
		oid, sizeof(oid) - 1, name, read, critical_is_handled \
	}

struct extension_table {
	const struct extension_row *rows;
	size_t count; /* at most 64 */
};

/* Walks the content of Extensions; one that comes twice is a fault. ret_unknown_critical is the OID
 * of the first critical extension that is in no row, or in one that does not handle it. */
void extensions_walk(struct der *extensions, const struct extension_table *, void *owner,
	struct span *ret_unknown_critical);
/* [number] EXPLICIT Extensions OPTIONAL, walked so; their content, empty where there are none. */
struct span envelope_extensions(struct der *, unsigned number, const struct extension_table *,
	void *owner, struct span *ret_unknown_critical);
