/* SPDX-License-Identifier: Apache-2.0 */
/* Matching of what the library read with entries; for what asks a library or goes by its rules. */
#pragma once

#include "stores/openssl_reader.h"

/* Marks the next entry of this kind and DER that is not marked yet; none where there is none. */
void openssl_match_take(struct arena *, struct openssl_match *, enum entry_kind, struct span der);
