/* SPDX-License-Identifier: Apache-2.0 */
/* What httpd takes from outside of its configuration: its environment, users, and its log. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "services/products/apache.h"

enum {
	ENVVARS_MAX_SIZE = 256 << 10,
	ACCOUNTS_MAX_SIZE = 16 << 20, /* of /etc/passwd, /etc/group */
	GROUPS_MAX = 1'000,
	LOG_TAIL = 256 << 10,
	NAME_MAX_LENGTH = 255,
	EXPANSION_MAX_DEPTH = 8,
	SCRIPT_MAX_STEPS = 200'000, /* lines and references looked at, for all variables */
	VALUE_MAX = 4'096,
};

/* The lines of a shell script, as far as they set variables. */
struct apache_script {
	struct arena *arena;
	char **lines;
	size_t line_count;
	size_t steps;       /* lines and references looked at so far */
	const char *suffix; /* of Debian's further instances: "-NAME" for /etc/apache2-NAME */
};

static const char *script_value(
	struct apache_script *script, const char *name, size_t before, unsigned depth);

static bool
is_name_byte(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= '0' && byte <= '9') || byte == '_';
}

/* "$NAME", "${NAME}", "${NAME:-word}", "${NAME:=word}" at text; its length, or 0. */
static size_t
shell_reference(struct apache_script *script, const char *text, size_t before, unsigned depth,
	const char **ret_value)
{
	bool braces = text[1] == '{';
	size_t first = braces ? 2 : 1, end = first, length;
	const char *name;

	script->steps++;
	while (end < NAME_MAX_LENGTH && is_name_byte(text[end]))
		end++;
	if (end == first)
		return 0;
	name = arena_strndup(script->arena, text + first, end - first);
	*ret_value = script_value(script, name, before, depth + 1);
	if (!braces)
		return end;
	length = strcspn(text, "}");
	if (text[length] != '}')
		return 0;
	if (*ret_value == NULL && text[end] == ':' &&
		(text[end + 1] == '-' || text[end + 1] == '='))
		*ret_value = arena_strndup(script->arena, text + end + 2,
			length - end - 2 < VALUE_MAX ? length - end - 2 : VALUE_MAX);
	return length + 1;
}

/* The value as the shell would make it, of the plain forms that envvars has. */
static const char *
shell_word(struct apache_script *script, const char *text, size_t before, unsigned depth)
{
	CLEANUP(buffer_free) struct buffer out = {};
	char quote = *text == '"' || *text == '\'' ? *text++ : '\0';

	buffer_add(&out, "", 0);
	while (*text != '\0' && out.length < VALUE_MAX && script->steps < SCRIPT_MAX_STEPS) {
		const char *value = NULL;
		size_t length = 0;

		if (quote != '\0' ? *text == quote : strchr(" \t;#", *text) != NULL)
			break;
		if (*text == '$' && quote != '\'' && depth < EXPANSION_MAX_DEPTH)
			length = shell_reference(script, text, before, depth, &value);
		if (length == 0)
			buffer_add(&out, text, 1);
		else if (value != NULL)
			buffer_add_text(&out, value);
		text += length > 0 ? length : 1;
	}
	return arena_strndup(script->arena, out.length > 0 ? (const char *)out.data : "",
		out.length < VALUE_MAX ? out.length : VALUE_MAX);
}

/* "[export] NAME=…" or ": ${NAME:=…}": what follows the sign, or NULL. */
static const char *
assignment_of(const char *line, const char *name)
{
	size_t length = strlen(name);

	line += strspn(line, " \t");
	if (text_starts(line, ": ${") && strncmp(line + 4, name, length) == 0 &&
		text_starts(line + 4 + length, ":="))
		return line + 2;
	if (text_starts(line, "export") && (line[6] == ' ' || line[6] == '\t'))
		line += 6 + strspn(line + 6, " \t");
	return strncmp(line, name, length) == 0 && line[length] == '=' ? line + length + 1 : NULL;
}

/* The value that a variable has before this line of the script. */
static const char *
script_value(struct apache_script *script, const char *name, size_t before, unsigned depth)
{
	if (strcmp(name, "SUFFIX") == 0)
		return script->suffix;
	for (size_t i = before; i > 0 && script->steps < SCRIPT_MAX_STEPS; i--) {
		const char *value = assignment_of(script->lines[i - 1], name);

		script->steps++;
		if (value != NULL)
			return shell_word(script, value, i - 1, depth);
	}
	return NULL;
}

static struct apache_script *
script_read(struct arena *arena, struct world *world, const char *config)
{
	struct apache_script *script = arena_alloc(arena, sizeof(*script));
	const char *directory = path_parent(arena, config);
	struct span bytes;
	size_t capacity = 0;
	char *text, *line;

	script->arena = arena;
	script->suffix =
		text_starts(directory, "/etc/apache2-") ? directory + strlen("/etc/apache2") : "";
	if (world_read(world, path_join(arena, directory, "envvars"), ENVVARS_MAX_SIZE, &bytes,
		    NULL) < 0)
		return script;
	text = arena_strndup(arena, (const char *)bytes.data, bytes.length);
	while ((line = strsep(&text, "\n")) != NULL) {
		script->lines = arena_grow(arena, script->lines, script->line_count, &capacity,
			sizeof(*script->lines));
		script->lines[script->line_count++] = line;
	}
	return script;
}

const char *
apache_environment(struct apache_service *apache, const char *name)
{
	const struct service *service = apache->service;

	if (*name == '\0' || strlen(name) > NAME_MAX_LENGTH)
		return NULL;
	if (service->running)
		return process_environment(apache->arena, service->main.pid, name);
	if (apache->script == NULL)
		apache->script = script_read(apache->arena, apache->world, service->config);
	return script_value(apache->script, name, apache->script->line_count, 0);
}

/* The fields of one line of /etc/passwd or /etc/group. */
struct account {
	const char *name, *members;
	uint64_t number, group;
};

static bool
account_parse(char *line, bool is_group, struct account *ret)
{
	const char *fields[4] = {};

	for (size_t i = 0; i < COUNT_OF(fields) && line != NULL; i++)
		fields[i] = strsep(&line, ":");
	if (fields[2] == NULL || text_number(fields[2], UINT32_MAX, &ret->number) < 0)
		return false;
	ret->name = fields[0];
	ret->members = fields[3] != NULL ? fields[3] : "";
	ret->group = 0;
	return is_group ||
	       (fields[3] != NULL && text_number(fields[3], UINT32_MAX, &ret->group) == 0);
}

static bool
is_member(const char *members, const char *name)
{
	size_t length = strlen(name);

	while (*members != '\0') {
		size_t end = strcspn(members, ",");

		if (end == length && strncmp(members, name, length) == 0)
			return true;
		members += end + (members[end] == ',');
	}
	return false;
}

static char *
accounts_read(struct arena *arena, struct world *world, const char *path)
{
	struct span bytes;

	if (world_read(world, path, ACCOUNTS_MAX_SIZE, &bytes, NULL) < 0)
		return NULL;
	return arena_strndup(arena, (const char *)bytes.data, bytes.length);
}

/* By name, or by number as "#NUMBER". */
static bool
account_find(char *text, const char *wanted, bool is_group, struct account *ret)
{
	char *line;
	uint64_t number;
	bool by_number = *wanted == '#' && text_number(wanted + 1, UINT32_MAX, &number) == 0;

	while ((line = strsep(&text, "\n")) != NULL)
		if (account_parse(line, is_group, ret) &&
			(by_number ? ret->number == number : strcmp(ret->name, wanted) == 0))
			return true;
	*ret = (struct account){ .number = by_number ? number : 0 };
	return by_number;
}

/* initgroups(3). */
static void
add_groups(struct arena *arena, char *groups, struct credentials *credentials)
{
	gid_t *list = arena_alloc(arena, GROUPS_MAX * sizeof(*list));
	struct account account;
	char *line;

	credentials->groups = list;
	list[credentials->group_count++] = credentials->group;
	while ((line = strsep(&groups, "\n")) != NULL && credentials->group_count < GROUPS_MAX)
		if (account_parse(line, true, &account) && credentials->user_name != NULL &&
			is_member(account.members, credentials->user_name))
			list[credentials->group_count++] = (gid_t)account.number;
}

const struct credentials *
apache_worker_credentials(
	struct arena *arena, struct world *world, const char *user, const char *group)
{
	struct credentials *credentials = arena_alloc(arena, sizeof(*credentials));
	char *users = accounts_read(arena, world, "/etc/passwd");
	char *groups = accounts_read(arena, world, "/etc/group");
	struct account account;

	if (user == NULL || users == NULL || groups == NULL ||
		!account_find(users, user, false, &account))
		return NULL;
	credentials->user = (uid_t)account.number;
	credentials->user_name = account.name;
	credentials->group = (gid_t)account.group;
	if (group != NULL && account_find(arena_strdup(arena, groups), group, true, &account))
		credentials->group = (gid_t)account.number;
	add_groups(arena, groups, credentials);
	return credentials;
}

/* The last bytes of a log of ours, from the start of a line; NULL where it cannot be read. */
static char *
log_tail(struct arena *arena, const struct service *service)
{
	const char *path =
		service->log != NULL ? world_host_path(service->world, service->log) : NULL;
	/* Non-blocking: it may be a pipe. */
	CLEANUP(fd_close)
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	struct stat status;
	char *text;
	off_t start;
	ssize_t length;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return NULL;
	start = status.st_size > LOG_TAIL ? status.st_size - LOG_TAIL : 0;
	text = arena_alloc(arena, LOG_TAIL + 1);
	length = pread(fd, text, LOG_TAIL, start);
	if (length < 0)
		return NULL;
	text[length] = '\0';
	return text;
}

/* "[Mon Nov 23 22:11:33.547333 2026] …": local time. */
static bool
log_moment(const char *line, struct timestamp *ret)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4];
	struct tm calendar = { .tm_isdst = -1 };
	unsigned microseconds = 0;
	const char *found;
	time_t moment;

	if (sscanf(line, "[%*3s %3s %2d %2d:%2d:%2d.%6u %4d]", month, &calendar.tm_mday,
		    &calendar.tm_hour, &calendar.tm_min, &calendar.tm_sec, &microseconds,
		    &calendar.tm_year) != 7)
		return false;
	found = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (found == NULL)
		return false;
	calendar.tm_mon = (int)(found - months) / 3;
	calendar.tm_year -= 1900;
	moment = mktime(&calendar);
	*ret = (struct timestamp){ moment, microseconds * 1'000 };
	return moment != (time_t)-1;
}

static bool
is_of_process(const char *line, pid_t pid)
{
	char mark[32];
	const char *found;

	(void)snprintf(mark, sizeof(mark), "[pid %d", (int)pid);
	found = strstr(line, mark);
	return found != NULL && (found[strlen(mark)] == ']' || found[strlen(mark)] == ':');
}

bool
apache_resumed(struct arena *arena, const struct service *service, struct timestamp *ret)
{
	char *text = log_tail(arena, service), *line;
	struct timestamp moment;
	bool found = false;

	/* AH00163, AH00292, AH00489: each kind of server has its own number for it. */
	while ((line = strsep(&text, "\n")) != NULL) {
		if (strstr(line, "resuming normal operations") == NULL ||
			!is_of_process(line, service->main.pid) || !log_moment(line, &moment))
			continue;
		*ret = moment;
		found = true;
	}
	return found;
}

struct timestamp
apache_loaded(struct arena *arena, const struct service *service, struct timestamp oldest_child)
{
	enum { CLOCK_SLACK = 2 };
	const struct timestamp started = service->main.started;
	struct timestamp loaded;

	/* A moment of another time zone, or of an earlier process of that number, is none. */
	if (!apache_resumed(arena, service, &loaded) ||
		loaded.seconds + CLOCK_SLACK < started.seconds || loaded.seconds > time(NULL))
		loaded = oldest_child;
	/* The log knows seconds only. */
	if (timestamp_is_before(loaded, started))
		loaded = started;
	return loaded;
}
