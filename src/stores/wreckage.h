/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is whole in a file whose structure is not: certificates and CRLs that stand in its bytes as
 * they are, in base64, in base64 of base64, or in an encrypted part of a PKCS#12. Nothing but their
 * own bytes leads to them, so nothing that is damaged can lose them.
 */
#pragma once

#include "stores/format.h"

/* Adds what no entry from first_entry on holds already. The bytes between those entries are gone
 * through, and where a block is damaged those too. */
void builder_salvage_wreckage(struct store_builder *, size_t first_entry, size_t first_defect);
