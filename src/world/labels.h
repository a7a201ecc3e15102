/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mandatory access control beside modes and ACLs: what the kernel's security module would say to a
 * process with this label. Silence where that is not certain: a label is blamed only when it does
 * refuse.
 */
#pragma once

#include "world/node.h"

enum label_need { LABEL_SEARCH, LABEL_READ };

/* Whether the label refuses; *ret_reason, from the world, then says why. */
bool label_refuses(struct world *, const char *label, const struct step *, enum label_need,
	const char **ret_reason);

/* The two modules. Both are asked only on a kernel that has them. */
bool selinux_refuses(struct world *, const char *context, const struct step *, enum label_need,
	const char **ret_reason);
bool apparmor_refuses(struct world *, const char *label, const struct step *, enum label_need,
	const char **ret_reason);

/* Whether any rule in the files that define this profile could let it read the path; true as well
 * where no file defines it or one cannot be understood. */
bool apparmor_may_read(struct world *, const char *profile, const char *path);
