/* SPDX-License-Identifier: Apache-2.0 */
/* Who else may change: the file, or by a directory on the way which file the path leads to. */
#include "world/acl.h"
#include "world/people.h"

#include <errno.h>
#include <string.h>

enum { MAY_WRITE = 2, MODE_STICKY = 01000, MODE_OTHERS_WRITE = 0002, MODE_GROUP_WRITE = 0020 };

struct writers {
	struct world *world;
	uid_t owner;
	gid_t group; /* the owner's own; 0, root's, where it is not known */
	const char *text;
};

static bool
user_is_trusted(const struct writers *writers, uid_t user)
{
	return user == 0 || user == writers->owner;
}

static bool
group_is_trusted(const struct writers *writers, gid_t group)
{
	return group == 0 || group == writers->group;
}

static bool
blames(struct writers *writers, const struct step *step, const char *who)
{
	struct world *world = writers->world;
	const struct file_identity *identity = &step->node.identity;

	writers->text = arena_printf(world->arena, "%s %s is %04o %s:%s: %s",
		identity->type == FILE_DIRECTORY ? "directory"
		: identity->type == FILE_LINK    ? "symbolic link"
						 : "file",
		world_printable(world, step->path), (unsigned)identity->mode,
		people_user(world, identity->owner), people_group(world, identity->group), who);
	return true;
}

static bool
blames_group(struct writers *writers, const struct step *step, gid_t group, const char *how)
{
	return blames(writers, step,
		arena_printf(writers->world->arena, "group %s can change it%s",
			people_group(writers->world, group), how));
}

static bool
others_own(struct writers *writers, const struct step *step)
{
	uid_t owner = step->node.identity.owner;

	if (user_is_trusted(writers, owner))
		return false;
	return blames(writers, step,
		arena_printf(writers->world->arena, "its owner, user %s, can change it",
			people_user(writers->world, owner)));
}

static bool
others_write_by_acl(struct writers *writers, const struct step *step, struct span list)
{
	struct world *world = writers->world;
	unsigned mask = acl_mask(list);

	for (size_t i = 0; i < acl_count(list); i++) {
		struct acl_entry entry = acl_entry_at(list, i);
		gid_t group = entry.tag == ACL_OWNING_GROUP ? step->node.identity.group : entry.id;

		if ((entry.permissions & MAY_WRITE) == 0 || (mask & MAY_WRITE) == 0)
			continue;
		if (entry.tag == ACL_USER && !user_is_trusted(writers, entry.id))
			return blames(writers, step,
				arena_printf(world->arena, "user %s can change it, by its ACL",
					people_user(world, entry.id)));
		if ((entry.tag == ACL_GROUP || entry.tag == ACL_OWNING_GROUP) &&
			!group_is_trusted(writers, group))
			return blames_group(writers, step, group, ", by its ACL");
	}
	return false;
}

static bool
others_write(struct writers *writers, const struct step *step)
{
	const struct file_identity *identity = &step->node.identity;
	struct attributes attributes;

	if ((identity->mode & MODE_OTHERS_WRITE) != 0)
		return blames(writers, step, "everyone can change it");
	/* With an ACL the group's bits are its mask, acl(5): without w no entry has it. */
	if ((identity->mode & MODE_GROUP_WRITE) == 0)
		return false;
	if (world_attributes_of(writers->world, step->path, &attributes) == 0)
		for (size_t i = 0; i < attributes.count; i++)
			if (strcmp(attributes.list[i].name, ACL_ATTRIBUTE) == 0 &&
				acl_count(attributes.list[i].value) > 0)
				return others_write_by_acl(writers, step, attributes.list[i].value);
	return !group_is_trusted(writers, identity->group) &&
	       blames_group(writers, step, identity->group, "");
}

/* A directory on the way: who can write it can put another file in the place of the one meant.
 * Where it is sticky only the owners of the directory and of the name in it can (inode(7)). */
static bool
others_redirect(struct writers *writers, const struct step *step)
{
	if (others_own(writers, step))
		return true;
	return (step->node.identity.mode & MODE_STICKY) == 0 && others_write(writers, step);
}

static bool
is_changed_on_the_way(struct writers *writers, const struct walk *walk)
{
	for (size_t i = 0; i < walk->step_count; i++) {
		const struct step *step = &walk->steps[i];

		if (step->node.identity.type != FILE_LINK) {
			if (others_redirect(writers, step))
				return true;
			continue;
		}
		/* A link's owner can replace it only where the directory is sticky and theirs to
		 * write; if they could write it otherwise, it was blamed already. */
		if ((step[-1].node.identity.mode & MODE_STICKY) != 0 && others_own(writers, step))
			return true;
	}
	return false;
}

/* Sticky or not, anyone who can write a directory can make what is missing in it. */
static bool
can_be_made_by_others(struct writers *writers, const struct walk *walk, int sys)
{
	return sys == ENOENT && walk->step_count > 0 &&
	       walk->steps[walk->step_count - 1].node.identity.type == FILE_DIRECTORY &&
	       others_write(writers, &walk->steps[walk->step_count - 1]);
}

static struct writers
writers_other_than(struct world *world, uid_t owner)
{
	struct writers writers = { .world = world, .owner = owner };

	if (!people_primary_group(world, owner, &writers.group))
		writers.group = 0;
	return writers;
}

bool
world_is_writable_by_others(
	struct world *world, const char *path, uid_t owner, const char **ret_text)
{
	CLEANUP(walk_free) struct walk walk;
	struct writers writers = writers_other_than(world, owner);
	int sys = walk_to(world, path, WALK_FOLLOW | WALK_TRAIL, &walk);
	bool found = is_changed_on_the_way(&writers, &walk);

	if (!found && sys == 0) {
		struct step last = {
			.path = arena_strdup(world->arena, (const char *)walk.real.data),
			.node = walk.node,
		};

		found = others_own(&writers, &last) || others_write(&writers, &last);
	}
	found = found || can_be_made_by_others(&writers, &walk, sys);
	*ret_text = writers.text;
	return found;
}

bool
world_is_redirectable_by_others(
	struct world *world, const char *path, uid_t owner, const char **ret_text)
{
	CLEANUP(walk_free) struct walk walk;
	struct writers writers = writers_other_than(world, owner);
	int sys = walk_to(world, path, WALK_TRAIL, &walk);
	bool found = is_changed_on_the_way(&writers, &walk) ||
		     can_be_made_by_others(&writers, &walk, sys);

	*ret_text = writers.text;
	return found;
}
