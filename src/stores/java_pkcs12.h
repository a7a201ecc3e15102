/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How Java goes through a PKCS#12 that has neither a MAC nor an encrypted part, so that nothing in
 * it tells that it is as it was written (sun.security.pkcs12.PKCS12KeyStore, engineLoad and
 * loadSafeContents).
 */
#pragma once

#include "base/bytes.h"

enum java_pkcs12 {
	JAVA_PKCS12_OTHER, /* it has a MAC, a key or an encrypted part: not gone through */
	JAVA_PKCS12_OPENS,
	JAVA_PKCS12_SIGNED, /* instead of having a MAC, which Java does not support */
	JAVA_PKCS12_FAILS,
};

enum java_pkcs12 java_pkcs12_read(struct span bytes);
