/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A public-key infrastructure for tests, made in the process with libcrypto: certificates and CRLs
 *with exactly the faults that a test asks for. A zeroed spec with a subject is sound: a client
 *certificate (or with .ca a CA) that is valid from yesterday for ten years, with the usual
 *extensions.
 *
 *	struct pki *pki = pki_new();
 *	const struct pki_cert *root = pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca =
 *true }); const struct pki_cert *leaf = pki_issue(pki, &(struct pki_spec){ .subject = "CN=alice",
 *.issuer = root });
 *
 * Texts of extensions are those of x509v3_config(5); "-" leaves an extension out, NULL takes the
 *usual one.
 */
#pragma once

#include <openssl/x509.h>

#include "x509/x509.h"

enum pki_key { PKI_EC, PKI_RSA_2048, PKI_RSA_1024, PKI_RSA_768, PKI_ED25519, PKI_EC_EXPLICIT };
enum pki_key_id { PKI_AKI_USUAL, PKI_AKI_NONE, PKI_AKI_WRONG, PKI_AKI_ISSUER_SERIAL };

/* The moment around which everything is valid: 2026-06-01T00:00:00Z. */
#define PKI_NOW INT64_C(1780272000)

struct pki; /* opaque: owns all that it made */

struct pki_cert {
	struct cert cert; /* as our own reader sees it */
	struct span der;
	X509 *x509;
	EVP_PKEY *key;
};

struct pki_spec {
	const char *subject;           /* "CN=alice,O=Lab"; "" is the empty name */
	int subject_type;              /* V_ASN1_PRINTABLESTRING …; 0: UTF8String */
	const struct pki_cert *issuer; /* NULL: self-signed */
	const char *issuer_name;       /* written as issuer instead of the issuer's subject */
	const struct pki_cert *signer; /* its key signs instead of the issuer's */
	const struct pki_cert *key_of; /* takes over this one's key; NULL: a new one */
	enum pki_key key;
	bool ca;
	int days_from, days; /* notBefore in days from PKI_NOW (0: -1), and the length (0: 3650) */
	const char *digest;  /* "SHA256" by default */
	int version;         /* 1 or 3; 0: 3. Version 1 has no extensions */
	int64_t serial;      /* 0: the next free one */
	const char *basic_constraints, *key_usage, *extended_key_usage, *alt_names,
		*name_constraints, *crl_points, *subject_key_id, *policies, *policy_mappings,
		*policy_constraints, *inhibit_any;
	enum pki_key_id authority_key_id;
	bool unknown_critical;
	bool broken_signature;
};

struct pki_crl_spec {
	const struct pki_cert *issuer;
	const struct pki_cert *signer; /* its key signs instead */
	int days_from, days;           /* thisUpdate (0: -1) and the length (0: 30) */
	bool no_next_update;
	uint64_t number;                  /* 0: 1 */
	const struct pki_cert *revoked;   /* one certificate that is listed, or NULL */
	enum pki_key_id authority_key_id; /* of the signer */
	const char *scope;                /* issuingDistributionPoint, "critical,onlyCA:TRUE" */
	uint64_t delta_of;                /* base number of a delta CRL */
	bool unknown_critical;
	bool broken_signature;
};

struct pki *pki_new(void);
void pki_free(struct pki *);
DEFINE_CLEANUP(struct pki, pki_free)

/* These end the process where libcrypto fails: a test cannot go on. Results belong to the pki. */
const struct pki_cert *pki_issue(struct pki *, const struct pki_spec *);
const struct crl *pki_crl(struct pki *, const struct pki_crl_spec *);

/* PEM text of a certificate, a CRL or a key, from the heap. */
char *pki_pem(const char *label, struct span der);
char *pki_key_pem(const struct pki_cert *);
