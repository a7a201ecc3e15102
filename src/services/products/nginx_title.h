/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a master process, out of the title that it gives itself. */
#pragma once

#include "services/product.h"

/* Whether nginx runs in it, in whatever part. */
bool nginx_title_is(const struct process *);
/* Whether this is a master; fills ret then. */
bool nginx_title_read(struct arena *, const struct process *, struct instance *ret);
