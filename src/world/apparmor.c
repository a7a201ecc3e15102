/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an AppArmor profile's text can permit, by apparmor.d(5), with every doubt in the profile's
 * favour: all rules of the files that define it and of what they include count, deny rules do not,
 * a variable matches anything. So "no" is said only where no rule at all names the path.
 */
#include "world/labels.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define PROFILES "/etc/apparmor.d"

enum {
	PROFILE_MAX_FILE = 1 << 20,
	PROFILE_MAX_INCLUDES = 512,
	PROFILE_MAX_DEPTH = 16,
	RULE_MAX_SIZE = 8192,
	MATCH_MAX_STEPS = 100'000,
};

struct question {
	struct world *world;
	const char *path;
	unsigned includes; /* read so far */
	bool is_permitted, is_unclear;
};

static bool glob_match(const char *pattern, const char *path, unsigned *steps);

/* {one,two}: each alternative, followed by what is behind the braces. */
static bool
alternatives_match(const char *pattern, const char *path, unsigned *steps)
{
	CLEANUP(mem_freep) char *whole = mem_alloc(strlen(pattern) + 1);
	const char *start = pattern + 1, *end = NULL, *at = start;

	for (unsigned depth = 1; *at != '\0' && depth > 0; at++) {
		depth += *at == '{';
		depth -= *at == '}';
		end = depth == 0 ? at + 1 : NULL;
	}
	if (end == NULL)
		return true;
	for (at = start; at < end; start = ++at) {
		for (unsigned depth = 0; at < end - 1 && (depth > 0 || *at != ','); at++) {
			depth += *at == '{';
			depth -= *at == '}';
		}
		memcpy(whole, start, (size_t)(at - start));
		strcpy(whole + (at - start), end);
		if (glob_match(whole, path, steps))
			return true;
	}
	return false;
}

static bool
star_match(const char *pattern, const char *path, unsigned *steps)
{
	bool deep = pattern[1] == '*';

	for (pattern += deep ? 2 : 1;; path++) {
		if (glob_match(pattern, path, steps))
			return true;
		if (*path == '\0' || (!deep && *path == '/'))
			return false;
	}
}

/* A pattern that takes too long is taken to match. */
static bool
glob_match(const char *pattern, const char *path, unsigned *steps)
{
	for (; *pattern != '\0'; pattern++, path++) {
		if (++*steps > MATCH_MAX_STEPS)
			return true;
		if (*pattern == '*')
			return star_match(pattern, path, steps);
		if (*pattern == '{')
			return alternatives_match(pattern, path, steps);
		if (*path == '\0')
			return false;
		if (*pattern == '[') {
			pattern += strcspn(pattern, "]"); /* any byte: in the profile's favour */
			if (*pattern == '\0')
				return true;
			continue;
		}
		if (*pattern == '?' && *path != '/')
			continue;
		pattern += *pattern == '\\' && pattern[1] != '\0';
		if (*pattern != *path)
			return false;
	}
	return *path == '\0';
}

/* "@{HOME}/x" becomes "**" "/x"; "//" becomes "/". */
static void
pattern_put(const char *text, char out[static RULE_MAX_SIZE])
{
	size_t length = 0;

	while (*text != '\0' && length < RULE_MAX_SIZE - 3) {
		if (text[0] == '@' && text[1] == '{') {
			out[length++] = '*';
			out[length++] = '*';
			text += strcspn(text, "}");
			text += *text == '}';
		} else if (text[0] == '/' && length > 0 && out[length - 1] == '/') {
			text++;
		} else if (*text == '"') {
			text++;
		} else {
			out[length++] = *text++;
		}
	}
	out[length] = '\0';
}

/* Splits off the next word, with its quotes; braces and quotes hold blanks together. */
static char *
word_next(char **rest)
{
	char *start = *rest + strspn(*rest, " \t\n"), *at = start;
	bool quoted = false;

	for (; *at != '\0' && (quoted || strchr(" \t\n", *at) == NULL); at++) {
		quoted ^= *at == '"';
		at += *at == '\\' && at[1] != '\0';
	}
	*rest = *at != '\0' ? at + 1 : at;
	*at = '\0';
	return *start != '\0' ? start : NULL;
}

static bool
is_path_word(const char *word)
{
	word += *word == '"';
	return *word == '/' || *word == '{' || (word[0] == '@' && word[1] == '{');
}

static bool
is_reading(const char *word)
{
	return word[strspn(word, "rwamklixuUpPcCdD")] == '\0' && strchr(word, 'r') != NULL;
}

/* One rule without its comma: [audit] [allow] [owner] [file] PATH PERMISSIONS [-> …], or the two
 * the other way round. */
static void
rule_judge(struct question *question, char *rule)
{
	char pattern[RULE_MAX_SIZE], *word, *rest = rule;
	const char *path = NULL;
	bool reads = false, is_file = false, other = false;
	unsigned steps = 0;

	while ((word = word_next(&rest)) != NULL && strcmp(word, "->") != 0) {
		if (strcmp(word, "deny") == 0)
			return;
		if (strcmp(word, "audit") == 0 || strcmp(word, "allow") == 0 ||
			strcmp(word, "owner") == 0)
			continue;
		if (strcmp(word, "file") == 0 || strcmp(word, "all") == 0)
			is_file = true;
		else if (path == NULL && is_path_word(word))
			path = word;
		else if (is_reading(word))
			reads = true;
		else
			other = true;
	}
	if (path == NULL) {
		question->is_permitted |= is_file && !other;
		return;
	}
	if (!reads)
		return;
	pattern_put(path, pattern);
	question->is_permitted |= glob_match(pattern, question->path, &steps);
}

static void profile_read(struct question *, const char *path, unsigned depth);

static void
include_read(struct question *question, const char *line, unsigned depth)
{
	char name[PATH_MAX];
	const char *start = strpbrk(line, "<\"/"), *path;
	const char *const *names;
	size_t count, length;

	if (start == NULL || depth >= PROFILE_MAX_DEPTH ||
		++question->includes > PROFILE_MAX_INCLUDES) {
		question->is_unclear = true;
		return;
	}
	start += *start != '/';
	length = strcspn(start, ">\"\n");
	if (length >= sizeof(name)) {
		question->is_unclear = true;
		return;
	}
	memcpy(name, start, length);
	name[length] = '\0';
	path = path_join(question->world->arena, PROFILES, name);
	if (world_list(question->world, path, &names, &count, NULL) < 0) {
		profile_read(question, path, depth + 1);
		return;
	}
	for (size_t i = 0; i < count && question->includes++ < PROFILE_MAX_INCLUDES; i++)
		profile_read(
			question, path_join(question->world->arena, path, names[i]), depth + 1);
}

static void
comment_cut(char *line)
{
	char *at = line;

	while (*at != '\0' && !(*at == '#' && (at == line || isspace((unsigned char)at[-1]))))
		at++;
	*at = '\0';
}

static bool
starts_with_word(const char *line, const char *word)
{
	return text_starts(line, word) && strchr(" \t<\"", line[strlen(word)]) != NULL;
}

/* A brace of a pattern has no blank behind it. */
static bool
opens_block(const char *at)
{
	return *at == '{' && (at[1] == '\0' || isspace((unsigned char)at[1]));
}

/* The text without comments, one rule at a time. */
static void
rules_judge(struct question *question, const char *text)
{
	char rule[RULE_MAX_SIZE];
	unsigned braces = 0;
	size_t length = 0;
	bool quoted = false;

	for (const char *at = text; *at != '\0' && !question->is_permitted; at++) {
		quoted ^= *at == '"';
		if (!quoted && (opens_block(at) || (braces == 0 && (*at == '}' || *at == ',')))) {
			rule[length] = '\0';
			if (*at == ',')
				rule_judge(question, rule);
			length = 0;
			continue;
		}
		braces += !quoted && *at == '{';
		braces -= !quoted && *at == '}' && braces > 0;
		if (length == RULE_MAX_SIZE - 1) {
			question->is_unclear = true;
			return;
		}
		rule[length++] = *at;
	}
}

static void
profile_read(struct question *question, const char *path, unsigned depth)
{
	CLEANUP(mem_freep) char *text = NULL;
	CLEANUP(buffer_free) struct buffer rules = { 0 };
	const char *flags;
	struct span file;
	char *rest;

	if (world_read(question->world, path, PROFILE_MAX_FILE, &file, NULL) < 0)
		return;
	text = mem_alloc(file.length + 1);
	if (file.length > 0)
		memcpy(text, file.data, file.length);
	text[file.length] = '\0';
	rest = text;
	for (char *line; !question->is_permitted && (line = strsep(&rest, "\n")) != NULL;) {
		line += strspn(line, " \t");
		line += starts_with_word(line, "#include"); /* the old spelling */
		if (starts_with_word(line, "include")) {
			include_read(question, line + strlen("include"), depth);
			continue;
		}
		comment_cut(line);
		/* flags=(complain): it refuses nothing. */
		flags = strstr(line, "flags");
		question->is_permitted |=
			flags != NULL &&
			(strstr(flags, "complain") != NULL || strstr(flags, "unconfined") != NULL);
		buffer_addf(&rules, "%s\n", line);
	}
	if (rules.length > 0)
		rules_judge(question, (const char *)rules.data);
}

/* Whether the file's text names the profile as one that it defines. */
static bool
defines(struct world *world, const char *path, const char *profile)
{
	struct span file;
	size_t length = strlen(profile);

	if (length == 0 || world_read(world, path, PROFILE_MAX_FILE, &file, NULL) < 0)
		return false;
	for (size_t at = span_find(file, profile, 0); at != SIZE_MAX;
		at = span_find(file, profile, at + 1)) {
		char before = at > 0 ? (char)file.data[at - 1] : '\n';
		char behind = at + length < file.length ? (char)file.data[at + length] : '\n';

		if (strchr(" \t\n\"", before) != NULL && strchr(" \t\n\"{", behind) != NULL)
			return true;
	}
	return false;
}

bool
apparmor_may_read(struct world *world, const char *profile, const char *path)
{
	struct question question = { .world = world, .path = path };
	const char *const *names;
	bool is_defined = false;
	size_t count;

	if (world_list(world, PROFILES, &names, &count, NULL) < 0)
		return true;
	for (size_t i = 0; i < count && !question.is_permitted; i++) {
		const char *file = path_join(world->arena, PROFILES, names[i]);

		if (!defines(world, file, profile))
			continue;
		is_defined = true;
		profile_read(&question, file, 0);
	}
	return !is_defined || question.is_permitted || question.is_unclear;
}

/* "name (enforce)", as /proc/PID/attr/current has it. Any other label may not be enforced. */
static char *
enforced_profile(struct arena *arena, const char *label)
{
	const char *mode = strstr(label, " (enforce)");
	char *name;

	if (mode == NULL)
		return NULL;
	name = arena_strndup(arena, label, (size_t)(mode - label));
	if (strstr(name, "//&") != NULL || name[0] == ':')
		return NULL; /* stacked, or of another name space: judged by more than this text */
	if (strstr(name, "//") != NULL)
		*strstr(name, "//") = '\0'; /* a child profile stands in its parent's file */
	return name;
}

bool
apparmor_refuses(struct world *world, const char *label, const struct step *step,
	enum label_need need, const char **ret_reason)
{
	const char *profile = enforced_profile(world->arena, label);
	const char *path = step->path;

	/* The module judges the path of what is opened, not the directories on the way. */
	if (profile == NULL || need != LABEL_READ)
		return false;
	if (step->node.identity.type == FILE_DIRECTORY && strcmp(path, "/") != 0)
		path = arena_printf(world->arena, "%s/", path);
	if (apparmor_may_read(world, profile, path))
		return false;
	*ret_reason =
		arena_printf(world->arena, "AppArmor profile %s has no rule that lets it be read",
			world_printable(world, profile));
	return true;
}
