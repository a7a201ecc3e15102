/* SPDX-License-Identifier: Apache-2.0 */
/* The error log of a running nginx: why the master refused to reload. */
#pragma once

#include "services/product.h"

/* Its present size: where a later reading begins. */
uint64_t nginx_log_size(struct arena *, const struct service *);
/* The last "[emerg]" line that the master wrote behind that offset, sanitised; NULL where there is
 * none. */
const char *nginx_log_failure(struct arena *, const struct service *, uint64_t from);
/* The moment that a line begins with, in local time; -1 where it begins with none. */
int64_t nginx_log_moment(const char *line);
