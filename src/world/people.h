/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups as people call them; numbers where a world's names are not this machine's. */
#pragma once

#include "world/node.h"

/* From the world, printable. */
const char *people_user(struct world *, uid_t user);
const char *people_group(struct world *, gid_t group);
/* The user's group by the world's own list of users. */
bool people_primary_group(struct world *, uid_t user, gid_t *ret);
