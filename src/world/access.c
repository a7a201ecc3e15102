/* SPDX-License-Identifier: Apache-2.0 */
#include "world/access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "world/internal.h"

enum { MAY_READ = 4, MAY_WRITE = 2, MAY_PASS = 1 };

/* acl(5) in its extended attribute: a version, then entries of tag, permissions and id, all
 * little-endian. */
enum { ACL_VERSION = 2, ACL_HEADER = 4, ACL_ENTRY = 8 };
enum acl_tag {
	ACL_USER_OBJ = 1,
	ACL_USER = 2,
	ACL_GROUP_OBJ = 4,
	ACL_GROUP = 8,
	ACL_MASK = 16,
	ACL_OTHER = 32
};

struct acl_entry {
	unsigned tag, permissions;
	uint32_t id;
};

static bool
acl_entry_at(struct span acl, size_t index, struct acl_entry *ret)
{
	const uint8_t *at = acl.data + ACL_HEADER + index * ACL_ENTRY;

	if (acl.length < ACL_HEADER || acl.data[0] != ACL_VERSION ||
		(index + 1) * ACL_ENTRY > acl.length - ACL_HEADER)
		return false;
	ret->tag = (unsigned)at[0] | (unsigned)at[1] << 8;
	ret->permissions = (unsigned)at[2] | (unsigned)at[3] << 8;
	ret->id = (uint32_t)at[4] | (uint32_t)at[5] << 8 | (uint32_t)at[6] << 16 |
		  (uint32_t)at[7] << 24;
	return true;
}

static bool
is_in_group(const struct credentials *who, gid_t group)
{
	if (who->group == group)
		return true;
	for (size_t i = 0; i < who->group_count; i++)
		if (who->groups[i] == group)
			return true;
	return false;
}

/* acl(5), access check algorithm: 1 granted, 0 denied. */
static bool
acl_permits(struct span acl, const struct file_identity *file, const struct credentials *who,
	unsigned wanted)
{
	unsigned mask = 7, others = 0;
	struct acl_entry entry;
	bool in_group = false, group_grants = false;

	for (size_t i = 0; acl_entry_at(acl, i, &entry); i++) {
		if (entry.tag == ACL_MASK)
			mask = entry.permissions;
		if (entry.tag == ACL_OTHER)
			others = entry.permissions;
	}
	if (who->user == file->owner)
		return (file->mode >> 6 & wanted) == wanted;
	for (size_t i = 0; acl_entry_at(acl, i, &entry); i++)
		if (entry.tag == ACL_USER && entry.id == who->user)
			return (entry.permissions & mask & wanted) == wanted;
	for (size_t i = 0; acl_entry_at(acl, i, &entry); i++) {
		bool mine = (entry.tag == ACL_GROUP_OBJ && is_in_group(who, file->group)) ||
			    (entry.tag == ACL_GROUP && is_in_group(who, entry.id));

		in_group = in_group || mine;
		group_grants =
			group_grants || (mine && (entry.permissions & mask & wanted) == wanted);
	}
	return in_group ? group_grants : (others & wanted) == wanted;
}

static bool
mode_permits(const struct file_identity *file, const struct credentials *who, unsigned wanted)
{
	unsigned bits = file->mode & 7;

	if (who->user == file->owner)
		bits = file->mode >> 6 & 7;
	else if (is_in_group(who, file->group))
		bits = file->mode >> 3 & 7;
	return (bits & wanted) == wanted;
}

static struct span
acl_of(struct world *world, const char *path)
{
	const struct extended_attribute *attributes;
	struct err ignored = { 0 };
	size_t count;

	if (world_attributes(world, path, &attributes, &count, &ignored) < 0)
		return span_of(NULL, 0);
	for (size_t i = 0; i < count; i++)
		if (strcmp(attributes[i].name, "system.posix_acl_access") == 0)
			return attributes[i].value;
	return span_of(NULL, 0);
}

/* capabilities(7): reading and searching are granted to both; a plain file's read too. */
static bool
capabilities_permit(const struct credentials *who)
{
	return (who->capabilities & (CREDENTIALS_DAC_OVERRIDE | CREDENTIALS_DAC_READ_SEARCH)) != 0;
}

static bool
permits(struct world *world, const char *path, const struct node *node,
	const struct credentials *who, unsigned wanted, bool *ret_by_acl)
{
	struct span acl;

	if (capabilities_permit(who))
		return true;
	/* What the overlay set by mode replaces the group's part of an ACL; it stands for what
	 * chmod(2) would do to its mask. */
	acl = acl_of(world, path);
	*ret_by_acl = acl.length > 0;
	if (acl.length > 0 && (node->staged == NULL || !node->staged->sets_mode))
		return acl_permits(acl, &node->identity, who, wanted);
	return mode_permits(&node->identity, who, wanted);
}

struct question {
	const struct credentials *who;
	struct access access;
};

static const char *
user_text(struct world *world, uid_t user)
{
	const struct passwd *entry = strcmp(world->root, "/") == 0 ? getpwuid(user) : NULL;

	return entry != NULL ? arena_strdup(world->arena, entry->pw_name)
			     : arena_printf(world->arena, "%u", user);
}

static const char *
group_text(struct world *world, gid_t group)
{
	const struct group *entry = strcmp(world->root, "/") == 0 ? getgrgid(group) : NULL;

	return entry != NULL ? arena_strdup(world->arena, entry->gr_name)
			     : arena_printf(world->arena, "%u", group);
}

static const char *
safe(struct world *world, const char *path)
{
	return text_sanitize(world->arena, path, strlen(path));
}

static int
visit_component(
	struct world *world, const char *path, const struct node *node, bool is_last, void *context)
{
	struct question *question = context;
	struct access *access = &question->access;
	const struct credentials *who = question->who;
	bool directory = node->identity.type == FILE_DIRECTORY;
	unsigned wanted = directory ? (is_last ? MAY_READ | MAY_PASS : MAY_PASS) : MAY_READ;

	if (node->identity.type == FILE_LINK ||
		permits(world, path, node, who, wanted, &access->by_acl))
		return 0;
	access->stop = directory && !permits(world, path, node, who, MAY_PASS, &access->by_acl)
			       ? ACCESS_NOT_SEARCHABLE
			       : ACCESS_NOT_READABLE;
	access->component = arena_strdup(world->arena, path);
	access->mode = node->identity.mode;
	access->owner = node->identity.owner;
	access->group = node->identity.group;
	access->text = arena_printf(world->arena, "%s %s is %04o %s:%s%s: user %s may not %s it",
		directory ? "directory" : "file", safe(world, path), node->identity.mode,
		user_text(world, node->identity.owner), group_text(world, node->identity.group),
		access->by_acl ? " with an ACL" : "",
		who->user_name != NULL ? who->user_name : user_text(world, who->user),
		access->stop == ACCESS_NOT_SEARCHABLE ? "pass" : "read");
	return 1;
}

static enum access_stop
stop_of_errno(struct world *world, const char *path, int number)
{
	struct file_identity identity;
	struct err ignored = { 0 };

	if (number == ENOTDIR)
		return ACCESS_NOT_DIRECTORY;
	if (number == ELOOP ||
		(world_lstat(world, path, &identity, &ignored) == 0 && identity.type == FILE_LINK))
		return ACCESS_DANGLING;
	return ACCESS_MISSING;
}

struct access
world_may_read(struct world *world, const char *path, const struct credentials *who)
{
	struct question question = { .who = who };
	int number;

	if (world_walk(world, path, 0, visit_component, &question) != NULL)
		return question.access;
	number = errno;
	if (question.access.stop != ACCESS_GRANTED)
		return question.access;
	question.access.stop = stop_of_errno(world, path, number);
	question.access.component = arena_strdup(world->arena, path);
	question.access.text = arena_printf(world->arena, "%s: %s", safe(world, path),
		question.access.stop == ACCESS_DANGLING ? "a symbolic link that leads nowhere"
							: strerror(number));
	return question.access;
}

struct suspicion {
	uid_t owner;
	const char *text;
};

static bool
acl_lets_others_write(struct world *world, const char *path)
{
	struct span acl = acl_of(world, path);
	struct acl_entry entry;
	unsigned mask = 7;
	bool found = false;

	for (size_t i = 0; acl_entry_at(acl, i, &entry); i++)
		if (entry.tag == ACL_MASK)
			mask = entry.permissions;
	for (size_t i = 0; acl_entry_at(acl, i, &entry); i++)
		found = found ||
			((entry.tag == ACL_USER || entry.tag == ACL_GROUP) && entry.id != 0 &&
				(entry.permissions & mask & MAY_WRITE) != 0);
	return found;
}

/* A sticky directory lets nobody rename or remove what is another's (unlink(2)). */
static int
visit_writable(struct world *world, const char *path, const struct node *node, bool, void *context)
{
	struct suspicion *suspicion = context;
	const struct file_identity *file = &node->identity;
	bool sticky = file->type == FILE_DIRECTORY && (file->mode & S_ISVTX) != 0;
	const char *how = NULL;

	if (file->type == FILE_LINK)
		return 0;
	if (file->owner != 0 && file->owner != suspicion->owner)
		how = "belongs to another user";
	else if ((file->mode & S_IWOTH) != 0 && !sticky)
		how = "can be written by everybody";
	else if ((file->mode & S_IWGRP) != 0 && !sticky && file->group != 0)
		how = "can be written by its group";
	else if (acl_lets_others_write(world, path))
		how = "can be written by others through its ACL";
	if (how == NULL)
		return 0;
	suspicion->text = arena_printf(world->arena, "%s %s (%04o %s:%s)", safe(world, path), how,
		file->mode, user_text(world, file->owner), group_text(world, file->group));
	return 1;
}

bool
world_is_writable_by_others(
	struct world *world, const char *path, uid_t owner, const char **ret_text)
{
	struct suspicion suspicion = { .owner = owner };

	(void)world_walk(world, path, 0, visit_writable, &suspicion);
	*ret_text = suspicion.text;
	return suspicion.text != NULL;
}
