/* SPDX-License-Identifier: Apache-2.0 */
/* Who may read: the kernel's inode_permission for each object that the walk passes. */
#include "world/acl.h"
#include "world/labels.h"
#include "world/people.h"

#include <errno.h>
#include <string.h>

enum { MAY_EXECUTE = 1, MAY_READ = 4 };
enum { MODE_STICKY = 01000, MODE_OTHERS_WRITE = 0002, MODE_GROUP = 0070 };

struct reading {
	struct world *world;
	const struct credentials *who;
	struct access access;
};

static struct span
acl_of(struct world *world, const char *real)
{
	struct attributes attributes;

	if (world_attributes_of(world, real, &attributes) == 0)
		for (size_t i = 0; i < attributes.count; i++)
			if (strcmp(attributes.list[i].name, ACL_ATTRIBUTE) == 0 &&
				acl_count(attributes.list[i].value) > 0)
				return attributes.list[i].value;
	return (struct span){ 0 };
}

/* acl_permission_check of Linux fs/namei.c: an ACL counts for others than the owner, and only while
 * the group's bits of the mode, then its mask, leave it anything. */
static bool
mode_permits(struct reading *reading, const struct step *step, unsigned permissions)
{
	const struct file_identity *identity = &step->node.identity;
	const struct credentials *who = reading->who;
	struct span list = { 0 };
	unsigned shift = 0;

	reading->access.by_acl = false;
	if (who->user == identity->owner)
		return (identity->mode >> 6 & permissions) == permissions;
	if ((identity->mode & MODE_GROUP) != 0)
		list = acl_of(reading->world, step->path);
	if (list.length > 0) {
		reading->access.by_acl = true;
		return acl_permits(list, identity->group, who, permissions);
	}
	if (credentials_have_group(who, identity->group))
		shift = 3;
	return (identity->mode >> shift & permissions) == permissions;
}

static bool
id_map_has(const struct id_map *map, uint32_t id)
{
	for (size_t i = 0; i < map->count; i++)
		if (id >= map->ranges[i].first && id - map->ranges[i].first < map->ranges[i].count)
			return true;
	return false;
}

/* capable_wrt_inode_uidgid of Linux kernel/capability.c. */
static bool
capabilities_hold(const struct credentials *who, const struct file_identity *identity)
{
	return !who->in_user_namespace || (id_map_has(&who->mapped_users, identity->owner) &&
						  id_map_has(&who->mapped_groups, identity->group));
}

/* Both capabilities search directories and read all; only to execute a file would need x bits. */
static bool
step_permits(struct reading *reading, const struct step *step, unsigned permissions)
{
	if (mode_permits(reading, step, permissions))
		return true;
	return (reading->who->capabilities &
		       (CREDENTIALS_DAC_OVERRIDE | CREDENTIALS_DAC_READ_SEARCH)) != 0 &&
	       capabilities_hold(reading->who, &step->node.identity);
}

static const char *
user_text(const struct reading *reading)
{
	if (reading->who->user_name != NULL)
		return world_printable(reading->world, reading->who->user_name);
	return people_user(reading->world, reading->who->user);
}

/* Notes the object that stops; the text is to follow. */
static struct access *
stop_at(struct reading *reading, enum access_stop stop, const struct step *step)
{
	struct access *access = &reading->access;

	access->stop = stop;
	access->component = step->path;
	access->mode = step->node.identity.mode;
	access->owner = step->node.identity.owner;
	access->group = step->node.identity.group;
	return access;
}

static const char *
kind_text(const struct step *step)
{
	switch (step->node.identity.type) {
	case FILE_DIRECTORY:
		return "directory";
	case FILE_LINK:
		return "symbolic link";
	default:
		return "file";
	}
}

static const char *
object_text(struct world *world, const struct step *step)
{
	const struct file_identity *identity = &step->node.identity;

	return arena_printf(world->arena, "%s %s is %04o %s:%s", kind_text(step),
		world_printable(world, step->path), (unsigned)identity->mode,
		people_user(world, identity->owner), people_group(world, identity->group));
}

static bool
stops_by_mode(struct reading *reading, const struct step *step, enum access_stop stop)
{
	bool search = stop == ACCESS_NOT_SEARCHABLE;
	bool directory = step->node.identity.type == FILE_DIRECTORY;
	unsigned permissions = search ? MAY_EXECUTE : MAY_READ;
	struct access *access;

	if (step_permits(reading, step, permissions))
		return false;
	access = stop_at(reading, stop, step);
	access->text = arena_printf(reading->world->arena, "%s: user %s may not %s%s",
		object_text(reading->world, step), user_text(reading),
		search      ? "pass"
		: directory ? "list it"
			    : "read it",
		access->by_acl ? ", by its ACL" : "");
	return true;
}

static bool
stops_by_label(struct reading *reading, const struct step *step, enum label_need need)
{
	const char *reason;
	struct access *access;

	if (!label_refuses(reading->world, reading->who->label, step, need, &reason))
		return false;
	access = stop_at(reading, ACCESS_LABEL, step);
	access->by_acl = false;
	access->text = arena_printf(reading->world->arena, "%s %s: %s", kind_text(step),
		world_printable(reading->world, step->path), reason);
	return true;
}

static bool
links_are_protected(void)
{
	CLEANUP(buffer_free) struct buffer text = { 0 };

	/* The running kernel's setting: no file of the target. */
	return file_read("/proc/sys/fs/protected_symlinks", 16, &text, NULL) == 0 &&
	       text.length > 0 && text.data[0] == '1';
}

/* fs.protected_symlinks, proc_sys_fs(5): in a sticky directory that everyone can write, a link is
 * followed only by its owner, or where the directory's owner made it. No capability helps. */
static bool
stops_by_link(struct reading *reading, const struct step *directory, const struct step *link)
{
	const struct file_identity *above = &directory->node.identity;
	const struct file_identity *self = &link->node.identity;
	struct access *access;

	if ((above->mode & MODE_STICKY) == 0 || (above->mode & MODE_OTHERS_WRITE) == 0 ||
		self->owner == reading->who->user || self->owner == above->owner ||
		!links_are_protected())
		return false;
	access = stop_at(reading, ACCESS_NOT_SEARCHABLE, directory);
	access->by_acl = false;
	access->text = arena_printf(reading->world->arena,
		"%s: the kernel lets user %s not follow the link %s of user %s there "
		"(fs.protected_symlinks)",
		object_text(reading->world, directory), user_text(reading),
		world_printable(reading->world, link->path),
		people_user(reading->world, self->owner));
	return true;
}

static bool
stops_on_the_way(struct reading *reading, const struct walk *walk)
{
	for (size_t i = 0; i < walk->step_count; i++) {
		const struct step *step = &walk->steps[i];

		if (step->node.identity.type == FILE_LINK) {
			if (stops_by_link(reading, step - 1, step))
				return true;
			continue;
		}
		if (stops_by_mode(reading, step, ACCESS_NOT_SEARCHABLE) ||
			stops_by_label(reading, step, LABEL_SEARCH))
			return true;
	}
	return false;
}

static void
stops_by_error(struct reading *reading, const struct walk *walk, int sys)
{
	struct world *world = reading->world;
	const char *real = arena_strdup(world->arena, (const char *)walk->real.data);
	const char *text = world_printable(world, real);
	struct step step = { .path = real };

	if (sys == ENOENT && walk->link != NULL) {
		step.path = walk->link;
		stop_at(reading, ACCESS_DANGLING, &step)->text = arena_printf(world->arena,
			"symbolic link %s leads to %s, which does not exist",
			world_printable(world, walk->link), text);
	} else if (sys == ENOENT) {
		stop_at(reading, ACCESS_MISSING, &step)->text =
			arena_printf(world->arena, "%s does not exist", text);
	} else if (sys == ENOTDIR) {
		stop_at(reading, ACCESS_NOT_DIRECTORY, &step)->text =
			arena_printf(world->arena, "%s is no directory", text);
	} else if (sys == ELOOP) {
		stop_at(reading, ACCESS_DANGLING, &step)->text = arena_printf(world->arena,
			"symbolic link %s: more than %d links have to be followed", text,
			WORLD_MAX_LINKS);
	} else {
		/* We may not look ourselves, or its name is longer than a name can be. */
		stop_at(reading, ACCESS_MISSING, &step)->text = arena_printf(
			world->arena, "%s cannot be examined: %s", text, strerror(sys));
	}
}

struct access
world_may_read(struct world *world, const char *path, const struct credentials *who)
{
	CLEANUP(walk_free) struct walk walk;
	struct reading reading = { .world = world, .who = who };
	int sys = walk_to(world, path, WALK_FOLLOW | WALK_TRAIL, &walk);
	struct step last;
	bool directory;

	if (stops_on_the_way(&reading, &walk))
		return reading.access;
	if (sys != 0) {
		stops_by_error(&reading, &walk, sys);
		return reading.access;
	}
	last = (struct step){
		.path = arena_strdup(world->arena, (const char *)walk.real.data),
		.node = walk.node,
	};
	directory = walk.node.identity.type == FILE_DIRECTORY;
	/* To pass comes first: it is all that a lookup by hash needs. */
	if ((directory && (stops_by_mode(&reading, &last, ACCESS_NOT_SEARCHABLE) ||
				  stops_by_label(&reading, &last, LABEL_SEARCH))) ||
		stops_by_mode(&reading, &last, ACCESS_NOT_READABLE) ||
		stops_by_label(&reading, &last, LABEL_READ))
		return reading.access;
	reading.access.by_acl = false;
	(void)stop_at(&reading, ACCESS_GRANTED, &last);
	/* Without names, which cost more than all the rest where everything is well. */
	reading.access.text =
		arena_printf(world->arena, "%s may be read", world_printable(world, last.path));
	return reading.access;
}
