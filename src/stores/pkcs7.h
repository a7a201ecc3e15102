/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#7 and CMS containers where they stand in something else: as blocks among PEM blocks. */
#pragma once

#include "stores/format.h"

/* Whether a PEM block of this label is such a container. */
bool pkcs7_is_label(struct span label);
/* Adds the certificates and CRLs of a container that came out of the bytes at place. */
void pkcs7_read_block(struct store_builder *, struct span der, const struct place *);
