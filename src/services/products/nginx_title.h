/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a master process, out of the title that it gives itself. */
#pragma once

#include "services/product.h"

/* Whether this is a master; fills ret then. */
bool nginx_title_read(struct arena *, const struct process *, struct instance *ret);
