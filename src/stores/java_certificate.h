/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Java refuses of a certificate that OpenSSL reads, and takes of one that our strict reader
 * refuses (sun.security.x509.X509CertImpl and X509Key of the JDK): one that it refuses costs the
 * whole keystore.
 */
#pragma once

#include "stores/store.h"

/* Whether Java takes these bytes for a certificate. */
bool java_takes_certificate(struct span der);
/* Whether it takes all that stand in a keystore, also those that are no entries. */
bool java_takes_certificates(const struct store *);
