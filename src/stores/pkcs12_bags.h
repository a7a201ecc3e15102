/* SPDX-License-Identifier: Apache-2.0 */
/* SafeContents of PKCS#12 (RFC 7292 4.2): bags, their attributes, and the entries that they are. */
#pragma once

#include "stores/ber.h"
#include "stores/format.h"

/* Java's mark of a trusted certificate (sun.security.pkcs12.PKCS12KeyStore, TrustedKeyUsage_OID),
 * 2.16.840.1.113894.746875.1.1; anyExtendedKeyUsage is what keytool writes into it. */
#define PKCS12_TRUSTED_KEY_USAGE "\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01"

struct pkcs12_bags {
	struct store_builder *builder;
	struct place place; /* of what the contents come out of, where they are not in the file */
	bool is_cut;        /* the file ends too early: that is said once, and not of each bag */
};

/* Adds an entry for each bag. What is lost is a defect, and what stands whole in it is kept. */
void pkcs12_bags_read(const struct pkcs12_bags *, struct span contents);
