/* SPDX-License-Identifier: Apache-2.0 */
#include "world/people.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

enum { PEOPLE_RECORD_SIZE = 64 * 1024, PEOPLE_MAX_FILE = 8 << 20, PASSWD_FIELDS = 4 };

const char *
people_user(struct world *world, uid_t user)
{
	CLEANUP(mem_freep) char *record = mem_alloc(PEOPLE_RECORD_SIZE);
	struct passwd entry, *found = NULL;

	if (!world->is_ours || getpwuid_r(user, &entry, record, PEOPLE_RECORD_SIZE, &found) != 0 ||
		found == NULL)
		return arena_printf(world->arena, "%u", (unsigned)user);
	return world_printable(world, found->pw_name);
}

const char *
people_group(struct world *world, gid_t group)
{
	CLEANUP(mem_freep) char *record = mem_alloc(PEOPLE_RECORD_SIZE);
	struct group entry, *found = NULL;

	if (!world->is_ours || getgrgid_r(group, &entry, record, PEOPLE_RECORD_SIZE, &found) != 0 ||
		found == NULL)
		return arena_printf(world->arena, "%u", (unsigned)group);
	return world_printable(world, found->gr_name);
}

/* A line of passwd(5): name:password:user:group:… */
static bool
line_parse(char *line, uint64_t *ret_user, uint64_t *ret_group)
{
	char *fields[PASSWD_FIELDS];

	for (size_t i = 0; i < PASSWD_FIELDS; i++)
		if ((fields[i] = strsep(&line, ":")) == NULL)
			return false;
	return text_number(fields[2], UINT32_MAX, ret_user) == 0 &&
	       text_number(fields[3], UINT32_MAX, ret_group) == 0;
}

static bool
group_from_file(struct world *world, uid_t user, gid_t *ret)
{
	CLEANUP(mem_freep) char *text = NULL;
	struct span file;
	uint64_t found, group;
	char *rest;

	if (world_read(world, "/etc/passwd", PEOPLE_MAX_FILE, &file, NULL) < 0)
		return false;
	text = mem_alloc(file.length + 1);
	if (file.length > 0)
		memcpy(text, file.data, file.length);
	text[file.length] = '\0';
	rest = text;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		if (!line_parse(line, &found, &group) || found != user)
			continue;
		*ret = (gid_t)group;
		return true;
	}
	return false;
}

bool
people_primary_group(struct world *world, uid_t user, gid_t *ret)
{
	CLEANUP(mem_freep) char *record = NULL;
	struct passwd entry, *found = NULL;

	if (!world->is_ours)
		return group_from_file(world, user, ret);
	record = mem_alloc(PEOPLE_RECORD_SIZE);
	if (getpwuid_r(user, &entry, record, PEOPLE_RECORD_SIZE, &found) != 0 || found == NULL)
		return false;
	*ret = found->pw_gid;
	return true;
}
