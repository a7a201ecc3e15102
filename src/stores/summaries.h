/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What files of the same bytes were found to be. The same bundle of CAs stands in a tree many
 * times: in the layers of containers, in the packages of each environment. It is read once.
 */
#pragma once

#include "stores/scan.h"

enum { SUMMARIES_MAX = 4'096 /* kept; then all are forgotten */ };

struct summaries; /* opaque */

void summaries_free(struct summaries *);
ALLOCATES(summaries_free) struct summaries *summaries_new(void);
/* NULL: nobody knows. Of what is no store the format is NULL. Its path is none; valid until the
 * next one is added. */
const struct found_store *summaries_find(const struct summaries *, const struct digest *);
void summaries_add(struct summaries *, const struct digest *, const struct found_store *);
