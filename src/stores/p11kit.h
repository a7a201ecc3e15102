/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in p11-kit's own form, wherever they stand. */
#pragma once

#include "stores/format.h"

/* Reads the builder's bytes. needs_authority: a certificate whose category is not that of an
 * authority is no anchor, whatever is said of its trust; so GnuTLS has it with tokens. */
void p11kit_read_objects(struct store_builder *, bool needs_authority);
