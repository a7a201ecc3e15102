/* SPDX-License-Identifier: Apache-2.0 */
/* The ids that a process's user namespace knows, as the reader of /proc sees them
 * (user_namespaces(7)). */
#pragma once

#include "world/access.h"

enum { ID_MAP_MAX_RANGES = 340 }; /* UID_GID_MAP_MAX_EXTENTS of Linux */

/* name: "uid_map" or "gid_map" below the directory of a process. Empty where nothing is mapped. */
struct id_map id_map_read(struct arena *, int directory, const char *name);
