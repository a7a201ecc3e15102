/* SPDX-License-Identifier: Apache-2.0 */
#include "services/library.h"

#include <string.h>

enum { CONFIG_MAX_SIZE = 1 << 20, SECURITY_MAX = 5 };

/* Debian's OPENSSLDIR is /usr/lib/ssl, which links there. */
static const char usual_path[] = "/etc/ssl/openssl.cnf";

int
library_security_level(const char *ciphers)
{
	static const char mark[] = "@SECLEVEL=";
	int found = -1;

	for (const char *at = strstr(ciphers, mark); at != NULL; at = strstr(at + 1, mark)) {
		int level = at[strlen(mark)] - '0';

		if (level >= 0 && level <= SECURITY_MAX)
			found = level;
	}
	return found;
}

/* A line without comment and outer blanks. */
static char *
line_text(struct arena *arena, const char *line)
{
	size_t length = strcspn(line, "#\r\n");
	char *text;

	while (length > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	text = arena_strndup(arena, line, length);
	return text;
}

/* The value where the line is "name = value". */
static const char *
line_value(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(line, name, length) != 0)
		return NULL;
	line += length + strspn(line + length, " \t");
	if (*line != '=')
		return NULL;
	return line + 1 + strspn(line + 1, " \t\"'");
}

static bool
is_section(const char *line, const char *wanted)
{
	size_t length = strlen(wanted);

	if (*line != '[')
		return false;
	line += 1 + strspn(line + 1, " \t");
	if (strncmp(line, wanted, length) != 0)
		return false;
	line += length;
	return line[strspn(line, " \t")] == ']';
}

/* The last value of that name in a section; "default" is what stands before the first one. */
static const char *
find(struct arena *arena, const char *text, const char *section, const char *name,
	struct locus *ret_where)
{
	bool inside = strcmp(section, "default") == 0;
	const char *found = NULL;
	unsigned number = 0;

	for (const char *next = text; next != NULL; next = strchr(next, '\n')) {
		const char *line, *value;

		next += *next == '\n';
		number++;
		line = line_text(arena, next);
		if (*line == '[')
			inside = is_section(line, section);
		value = inside ? line_value(line, name) : NULL;
		if (value == NULL)
			continue;
		found = value;
		ret_where->line = number;
		ret_where->offset = (size_t)(next - text);
		ret_where->length = strcspn(next, "\r\n");
	}
	return found;
}

static const char *
config_path(struct arena *arena, const struct service *service)
{
	const char *set = service->running
				  ? process_environment(arena, service->main.pid, "OPENSSL_CONF")
				  : NULL;

	return set != NULL && *set == '/' ? set : usual_path;
}

/* openssl_conf → ssl_conf → system_default → CipherString. -1 where the way ends before. */
static int
configured_level(struct arena *arena, const char *text, struct locus *ret_where)
{
	static const char *const names[] = { "openssl_conf", "ssl_conf", "system_default",
		"CipherString" };
	const char *section = "default";

	for (size_t i = 0; i < COUNT_OF(names) && section != NULL; i++)
		section = find(arena, text, section, names[i], ret_where);
	return section != NULL ? library_security_level(section) : -1;
}

void
library_set_security(struct arena *arena, struct service *service)
{
	struct locus where = { .path = config_path(arena, service) };
	struct err err = { 0 };
	struct span bytes;
	int level;

	if (service->verifier_count == 0 ||
		world_read(service->world, where.path, CONFIG_MAX_SIZE, &bytes, &err) < 0)
		return;
	level = configured_level(
		arena, arena_strndup(arena, (const char *)bytes.data, bytes.length), &where);
	if (level < 0)
		return;
	for (size_t i = 0; i < service->verifier_count; i++) {
		struct verifier *verifier = &service->verifiers[i];

		if (verifier->security_where.path != NULL ||
			strcmp(verifier->engine, "openssl") != 0)
			continue;
		verifier->security_level = level;
		verifier->security_where = where;
	}
}
