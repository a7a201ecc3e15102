/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known-good material: what the operator vouches for. Files and directories given, baselines, and
 * sound versions in the ledger. What a client presents is never known-good; it may only supply
 * intermediates that an anchor already trusted has signed, and those are kept apart.
 */
#pragma once

#include "ledger/ledger.h"
#include "verify/verify.h"

enum material_source { MATERIAL_KNOWN_GOOD, MATERIAL_BASELINE, MATERIAL_LEDGER, MATERIAL__COUNT };

enum { MATERIAL_MAX_DEPTH = 8, MATERIAL_MAX_FILES = 20'000 };

/* A whole file that was good: for restoring byte for byte. */
struct material_file {
	enum material_source source;
	const char *path; /* where it stands, or stood when it was good */
	const struct store *store;
	const struct file_version *version; /* of a baseline or the ledger; else NULL */
};

struct material_cert {
	enum material_source source;
	const struct cert *cert;
	const struct entry *entry;
	const struct store *store;
};

struct material_crl {
	enum material_source source;
	const struct crl *crl;
	const struct entry *entry;
	const struct store *store;
};

/* Best source first, each certificate and CRL once. */
struct material {
	struct arena *arena;   /* all lists are from it */
	struct stores *stores; /* reads the files */
	struct material_file *files;
	size_t file_count, file_capacity;
	struct material_cert *certs;
	size_t cert_count, cert_capacity;
	struct material_crl *crls;
	size_t crl_count, crl_capacity;
	const struct digest **slots; /* what is held, by fingerprint */
	size_t slot_count, slots_used;
};

/* Adds a file, or a directory with all below it, of the host. ERR_NO_INPUT where it is not there,
 * ERR_DATA where a single file holds nothing that can be used. */
[[nodiscard]] int material_add_path(
	struct material *, struct world *host, const char *path, struct err *err);
/* Adds the newest baseline of the service, and the sound versions of these paths; ledger may be
 * NULL. */
[[nodiscard]] int material_add_ledger(struct material *, struct ledger *, const char *service,
	const char *const *paths, size_t path_count, struct err *err);

/* The certificate itself is vouched for. */
bool material_has_cert(const struct material *, const struct cert *);
/* Known-good issuers of subject by name and signature, best first; the n-th or NULL. */
const struct material_cert *material_issuer(
	const struct material *, struct judge *, const struct cert *subject, size_t n);
/*
 * The newest known-good complete CRL of this CA that is valid at this moment and signed by its key
 * (RFC 5280 6.3.3), or NULL. Unsigned or wrongly signed ones are never taken.
 */
const struct material_crl *material_crl_for(
	const struct material *, struct judge *, const struct cert *ca, int64_t at);
