/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates (RFC 5280 section 4) as views over their bytes: nothing is copied, so a struct cert
 * lives as long as the bytes it was read from. Reading is strict: what is not DER, or repeats an
 * extension, is refused with the offset of the fault. Odd but readable things (a negative serial, a
 * v1 CA) are kept, and left to the rules.
 */
#pragma once

#include "base/digest.h"
#include "x509/der.h"

enum { CERT_MAX_SIZE = 1 << 20, CERT_MAX_EXTENSIONS = 128, CERT_PATH_LENGTH_NONE = -1 };

/* RFC 5280 4.2.1.3: bit n of the BIT STRING is 1 << n. */
enum key_usage {
	KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0,
	KEY_USAGE_NON_REPUDIATION = 1 << 1,
	KEY_USAGE_KEY_ENCIPHERMENT = 1 << 2,
	KEY_USAGE_DATA_ENCIPHERMENT = 1 << 3,
	KEY_USAGE_KEY_AGREEMENT = 1 << 4,
	KEY_USAGE_CERT_SIGN = 1 << 5,
	KEY_USAGE_CRL_SIGN = 1 << 6,
	KEY_USAGE_ENCIPHER_ONLY = 1 << 7,
	KEY_USAGE_DECIPHER_ONLY = 1 << 8,
};

enum extended_key_usage {
	EKU_SERVER_AUTH = 1 << 0,
	EKU_CLIENT_AUTH = 1 << 1,
	EKU_CODE_SIGNING = 1 << 2,
	EKU_EMAIL_PROTECTION = 1 << 3,
	EKU_TIME_STAMPING = 1 << 4,
	EKU_OCSP_SIGNING = 1 << 5,
	EKU_ANY = 1 << 6,
	EKU_OTHER = 1 << 7,
};

enum key_kind { KEY_OTHER, KEY_RSA, KEY_RSA_PSS, KEY_EC, KEY_ED25519, KEY_ED448, KEY_DSA, KEY_DH };

/* What the SubjectPublicKeyInfo says, without asking libcrypto. */
struct key_info {
	enum key_kind kind;
	unsigned bits;            /* RSA and DSA modulus, EC field; 0 where unknown */
	unsigned exponent_bits;   /* of an RSA key */
	bool explicit_parameters; /* EC curve given by its equation */
	const char *curve;        /* static name, or NULL */
};

/* Authority key identifier, RFC 5280 4.2.1.1. Absent parts are empty. */
struct authority_key_id {
	struct span key_id;
	struct span issuer; /* GeneralNames content */
	struct span serial; /* INTEGER content */
};

struct cert {
	struct span der, tbs;
	struct span serial;              /* INTEGER content */
	struct span issuer, subject;     /* DER of the Name */
	struct span spki;                /* DER of SubjectPublicKeyInfo */
	struct span signature_algorithm; /* DER of the outer AlgorithmIdentifier */
	struct span signature;           /* the bits */
	struct span inner_algorithm;     /* what the signed part calls the algorithm */
	struct digest fingerprint;       /* SHA-256 of der */
	struct digest key_digest;        /* SHA-256 of spki */
	int version;                     /* 1, 2 or 3 */
	bool has_unique_ids;             /* issuerUniqueID or subjectUniqueID */
	bool has_odd_names;              /* a value in issuer or subject is no text, or empty */
	int64_t not_before, not_after;
	struct key_info key;

	/* Extensions; the spans are empty where one is absent. */
	bool has_basic_constraints, is_ca;
	int path_length; /* CERT_PATH_LENGTH_NONE */
	bool has_key_usage;
	unsigned key_usage;
	bool has_extended_key_usage, extended_key_usage_critical;
	unsigned extended_key_usage;
	struct span subject_key_id;
	bool has_authority_key_id;
	struct authority_key_id authority_key_id;
	struct span subject_alt_names; /* GeneralNames content */
	struct span name_constraints;  /* NameConstraints content */
	struct span policies, policy_mappings, policy_constraints,
		inhibit_any_policy;          /* extnValue content */
	bool policy_repeats;                 /* one of them is there twice */
	struct span crl_distribution_points; /* content */
	struct span authority_info_access;
	struct span unknown_critical; /* OID content of the first critical extension that nobody
					 here knows */
	struct span extensions;       /* content of Extensions, for those who look for more */
};

/* 0, or -1 with ret_fault (static text) and ret_offset into der. der must be exactly one
 * certificate. */
int cert_read(struct span der, struct cert *ret, const char **ret_fault, size_t *ret_offset);

/* The same but for the two digests, which take longer than the rest, and those alone. */
int cert_read_undigested(
	struct span der, struct cert *ret, const char **ret_fault, size_t *ret_offset);
void cert_digest(struct cert *);

/* Same bytes. */
bool cert_same(const struct cert *, const struct cert *);
/* Subject equals issuer by RFC 5280 name comparison. Says nothing about the signature. */
bool cert_is_self_issued(const struct cert *);
/* Serial as decimal and hex text; buffers of CERT_SERIAL_TEXT_SIZE. */
enum { CERT_SERIAL_TEXT_SIZE = 128 };
void cert_serial_text(struct span serial, char dec[static CERT_SERIAL_TEXT_SIZE],
	char hex[static CERT_SERIAL_TEXT_SIZE]);
/* Static name of a signature algorithm ("sha256WithRSAEncryption"), or "unknown". */
const char *signature_algorithm_name(struct span algorithm);
/* "RSA 2048", "EC P-256", …  into text. */
void key_info_text(const struct key_info *, char *text, size_t size);

/* One extension as it is written. */
struct cert_extension {
	struct span oid; /* content */
	bool critical;
	struct span value; /* extnValue content */
};
/* Walks der_of(cert->extensions); false at the end. */
bool cert_extension_next(struct der *extensions, struct cert_extension *ret);
/* Whether the extension of this OID is there and critical. */
bool cert_extension_is_critical(const struct cert *, const char *oid, size_t length);
/* By its OID, which holds no octet 0. */
bool cert_extension_find(const struct cert *, const char *oid, struct cert_extension *ret);
/* Whether a critical one is none of these; the first of such. */
bool cert_has_critical(const struct cert *, const char *const *known, size_t known_count,
	struct span *ret_unknown);

struct subject_alt_name {
	unsigned kind; /* GeneralName tag number, RFC 5280 4.2.1.6: 1 mail, 2 dns, 4 directory, 6
			  uri, 7 ip … */
	struct span value;
};
/* Walks GeneralNames; false at the end or at damage. */
bool subject_alt_name_next(struct der *names, struct subject_alt_name *ret);
