/* SPDX-License-Identifier: Apache-2.0 */
/* POSIX access control lists, as the kernel keeps them in an attribute (linux/posix_acl_xattr.h).
 */
#pragma once

#include "world/access.h"

#define ACL_ATTRIBUTE "system.posix_acl_access"

enum acl_tag {
	ACL_OWNER = 0x01,
	ACL_USER = 0x02,
	ACL_OWNING_GROUP = 0x04,
	ACL_GROUP = 0x08,
	ACL_MASK = 0x10,
	ACL_OTHER = 0x20,
};

struct acl_entry {
	enum acl_tag tag;
	unsigned permissions; /* 4 read, 2 write, 1 execute or search */
	uint32_t id;
};

/* The number of entries, 0 where the bytes are no such list. */
size_t acl_count(struct span);
struct acl_entry acl_entry_at(struct span, size_t index);
/* What the mask leaves of an entry of a group or a named user: 7 without a mask. */
unsigned acl_mask(struct span);
/* Whether the list lets them; for a user who is not the owner. */
bool acl_permits(struct span, gid_t owning_group, const struct credentials *, unsigned permissions);
/* A copy as chmod(2) leaves it: owner, mask (without one, group) and others become those of mode.
 */
struct span acl_with_mode(struct arena *, struct span, mode_t mode);

bool credentials_have_group(const struct credentials *, gid_t group);
