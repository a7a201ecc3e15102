/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithm of acl(5), "ACCESS CHECK ALGORITHM". */
#include "world/acl.h"

enum { ACL_VERSION = 2, ACL_HEADER_SIZE = 4, ACL_ENTRY_SIZE = 8, PERMISSIONS_ALL = 7 };

bool
credentials_have_group(const struct credentials *credentials, gid_t group)
{
	if (credentials->group == group)
		return true;
	for (size_t i = 0; i < credentials->group_count; i++)
		if (credentials->groups[i] == group)
			return true;
	return false;
}

static unsigned
little_endian16(const uint8_t *bytes)
{
	return bytes[0] | (unsigned)bytes[1] << 8;
}

static uint32_t
little_endian32(const uint8_t *bytes)
{
	return little_endian16(bytes) | (uint32_t)little_endian16(bytes + 2) << 16;
}

size_t
acl_count(struct span list)
{
	if (list.length < ACL_HEADER_SIZE || little_endian32(list.data) != ACL_VERSION ||
		(list.length - ACL_HEADER_SIZE) % ACL_ENTRY_SIZE != 0)
		return 0;
	return (list.length - ACL_HEADER_SIZE) / ACL_ENTRY_SIZE;
}

struct acl_entry
acl_entry_at(struct span list, size_t index)
{
	const uint8_t *entry = list.data + ACL_HEADER_SIZE + index * ACL_ENTRY_SIZE;

	return (struct acl_entry){
		.tag = (enum acl_tag)little_endian16(entry),
		.permissions = little_endian16(entry + 2) & PERMISSIONS_ALL,
		.id = little_endian32(entry + 4),
	};
}

unsigned
acl_mask(struct span list)
{
	for (size_t i = 0; i < acl_count(list); i++)
		if (acl_entry_at(list, i).tag == ACL_MASK)
			return acl_entry_at(list, i).permissions;
	return PERMISSIONS_ALL;
}

static bool
entry_is_for_group(const struct acl_entry *entry, gid_t owning_group, const struct credentials *who)
{
	if (entry->tag == ACL_OWNING_GROUP)
		return credentials_have_group(who, owning_group);
	return entry->tag == ACL_GROUP && credentials_have_group(who, entry->id);
}

bool
acl_permits(
	struct span list, gid_t owning_group, const struct credentials *who, unsigned permissions)
{
	unsigned mask = acl_mask(list), others = 0;
	bool in_group = false;

	for (size_t i = 0; i < acl_count(list); i++) {
		struct acl_entry entry = acl_entry_at(list, i);
		bool enough = (entry.permissions & permissions) == permissions;

		if (entry.tag == ACL_USER && entry.id == who->user)
			return enough && (mask & permissions) == permissions;
		if (entry_is_for_group(&entry, owning_group, who)) {
			in_group = true;
			if (enough)
				return (mask & permissions) == permissions;
		}
		if (entry.tag == ACL_OTHER)
			others = entry.permissions;
	}
	/* Who is in a group that is named is not among the others. */
	return !in_group && (others & permissions) == permissions;
}

struct span
acl_with_mode(struct arena *arena, struct span list, mode_t mode)
{
	uint8_t *copy = arena_dup(arena, list.data, list.length);
	bool masked = false;

	for (size_t i = 0; i < acl_count(list); i++)
		masked |= acl_entry_at(list, i).tag == ACL_MASK;
	for (size_t i = 0; i < acl_count(list); i++) {
		uint8_t *permissions = copy + ACL_HEADER_SIZE + i * ACL_ENTRY_SIZE + 2;
		enum acl_tag tag = acl_entry_at(list, i).tag;

		if (tag == ACL_OWNER)
			*permissions = mode >> 6 & PERMISSIONS_ALL;
		if (tag == (masked ? ACL_MASK : ACL_OWNING_GROUP))
			*permissions = mode >> 3 & PERMISSIONS_ALL;
		if (tag == ACL_OTHER)
			*permissions = mode & PERMISSIONS_ALL;
	}
	return span_of(copy, list.length);
}
