/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust as NSS keeps it: in objects of their own (CKO_NSS_TRUST) beside the certificates, which
 * they name by issuer and serial number, and by a digest where they have one. NSS's own database,
 * tokens and p11-kit's files have them.
 */
#pragma once

#include "stores/format.h"

/* Objects and CK_TRUST values of pkcs11n.h. */
#define NSS_CLASS_CRL         0xce534351U
#define NSS_CLASS_TRUST       0xce534353U
#define NSS_TRUSTED           0xce534351U
#define NSS_TRUSTED_DELEGATOR 0xce534352U
#define NSS_MUST_VERIFY       0xce534353U
#define NSS_NOT_TRUSTED       0xce53435aU

/* What a certificate is trusted for, each by an attribute of its own: CKA_TRUST_CLIENT_AUTH … */
enum nss_purpose {
	NSS_CLIENT_AUTH,
	NSS_SERVER_AUTH,
	NSS_EMAIL_PROTECTION,
	NSS_CODE_SIGNING,
	NSS_PURPOSE__COUNT
};

struct nss_trust {
	struct span issuer, serial;          /* in DER, identifier and length with them */
	struct span sha1;                    /* of the certificate; of another length: not known */
	uint64_t values[NSS_PURPOSE__COUNT]; /* CK_TRUST; 0 where nothing is said */
	bool other;                          /* trusted for something else */
};

struct nss_trusts {
	struct nss_trust_item *items;
	size_t count, capacity;
};

/* Whether the value of one of the CKA_TRUST_ attributes says that it is trusted. */
bool nss_trust_is_given(uint64_t value);
void nss_trusts_add(struct arena *, struct nss_trusts *, const struct nss_trust *);
/*
 * Gives the builder's certificates from first on the trust that is said of them. One that is
 * trusted for all four purposes is trusted without a word; of others the settings say for which, as
 * OpenSSL writes them: what is rejected alone, where nothing is left open.
 */
void nss_trusts_put(struct nss_trusts *, struct store_builder *, size_t first);
/* The values for an entry that is to be written; false where NSS has no way to say what the
 * settings of the entry say. */
bool nss_trust_of(const struct entry *, uint64_t ret[static NSS_PURPOSE__COUNT]);
