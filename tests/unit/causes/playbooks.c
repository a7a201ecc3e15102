/* SPDX-License-Identifier: Apache-2.0 */
#include "causes/causes.h"

#include "tap.h"

enum { SCREEN_LINES = 46, SCREEN_COLUMNS = 100 };

static const char *const sections[] = { "## In the logs", "## Confirm it", "## Repair", "## Never",
	"## Seen" };

/* The length of the line without its newline; *next is the line after it, or NULL. */
static size_t
line_length(const char *line, const char **next)
{
	const char *end = strchr(line, '\n');

	*next = end != NULL && end[1] != '\0' ? end + 1 : NULL;
	return end != NULL ? (size_t)(end - line) : strlen(line);
}

/* Columns, not bytes: what continues a UTF-8 sequence takes none. */
static unsigned
columns(const char *line, size_t length)
{
	unsigned count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)line[i] & 0xc0) != 0x80;
	return count;
}

static bool
fits(const struct cause *cause)
{
	unsigned lines = 0;

	for (const char *line = cause->playbook, *next; line != NULL; line = next) {
		size_t length = line_length(line, &next);

		lines++;
		/* The first is the title, which is the catalogue's. */
		if (lines <= SCREEN_LINES &&
			(lines == 1 || columns(line, length) <= SCREEN_COLUMNS))
			continue;
		printf("# %s: line %u is too many or too wide: %.*s\n", cause->code, lines,
			(int)length, line);
		return false;
	}
	return lines > 0;
}

static bool
has_title(const struct cause *cause)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const char *title = arena_printf(arena, "# %s: %s\n", cause->code, cause->title);

	if (text_starts(cause->playbook, title))
		return true;
	printf("# %s: the first line is not \"%.*s\"\n", cause->code, (int)strlen(title) - 1,
		title);
	return false;
}

/* Exactly these sections in this order, each with something in it. */
static bool
has_sections(const struct cause *cause)
{
	size_t seen = 0;
	bool empty = true;

	for (const char *line = cause->playbook, *next; line != NULL; line = next) {
		size_t length = line_length(line, &next);

		if (strncmp(line, "## ", 3) != 0) {
			empty = empty && (length == 0 || line[0] == '#');
			continue;
		}
		if (empty || seen == COUNT_OF(sections) || length != strlen(sections[seen]) ||
			strncmp(line, sections[seen], length) != 0) {
			printf("# %s: out of place, or after an empty part: %.*s\n", cause->code,
				(int)length, line);
			return false;
		}
		seen++;
		empty = true;
	}
	if (seen < COUNT_OF(sections) || empty)
		printf("# %s: without %s\n", cause->code, sections[empty ? seen - 1 : seen]);
	return seen == COUNT_OF(sections) && !empty;
}

static bool
is_clean(const struct cause *cause)
{
	size_t length = strlen(cause->playbook);

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)cause->playbook[i];

		if ((byte < ' ' && byte != '\n') || byte == 0x7f ||
			(byte == ' ' && cause->playbook[i + 1] == '\n')) {
			printf("# %s: a control character or a trailing blank at byte %zu\n",
				cause->code, i);
			return false;
		}
	}
	return length > 0 && cause->playbook[length - 1] == '\n';
}

TEST(titles, "each playbook is titled as its cause")
{
	for (unsigned i = 0; i < CAUSE__COUNT; i++)
		CHECK(has_title(cause_get(i)));
}

TEST(parts, "each playbook has all sections, in order, none empty")
{
	for (unsigned i = 0; i < CAUSE__COUNT; i++)
		CHECK(has_sections(cause_get(i)));
}

TEST(screen, "each playbook fits on one screen")
{
	for (unsigned i = 0; i < CAUSE__COUNT; i++)
		CHECK(fits(cause_get(i)));
}

TEST(clean, "playbooks are plain text, and end with a newline")
{
	for (unsigned i = 0; i < CAUSE__COUNT; i++)
		CHECK(is_clean(cause_get(i)));
}

TAP_MAIN()
