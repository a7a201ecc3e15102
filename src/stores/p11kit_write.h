/* SPDX-License-Identifier: Apache-2.0 */
/* Writing p11-kit's own form, with the trust that each entry has. */
#pragma once

#include "stores/format.h"

/* Whether it has a way to say what is said of the entry. */
bool p11kit_holds(const struct entry *);
int p11kit_write(const struct store_content *, struct buffer *out, struct err *);
