/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli.h"
#include "tap.h"

/* What was read of one command line. */
struct line {
	struct options options;
	const struct command *command;
	struct err err;
	int status;
};

/* What was read stays until the program ends. */
static struct arena *
arena_of_test(void)
{
	static struct arena *arena;

	if (arena == NULL)
		arena = arena_new();
	return arena;
}

static struct line
read_words(const char *const *words)
{
	struct line line = { .status = 0 };
	int count = 0;

	while (words[count] != NULL)
		count++;
	line.status = options_read(
		arena_of_test(), count, words, &line.options, &line.command, &line.err);
	return line;
}

#define READ(...) read_words((const char *const[]){ __VA_ARGS__, NULL })

/* A usage error that speaks of these words. */
static bool
is_refused(const struct line *line, const char *words)
{
	return line->status == -1 && line->err.code == ERR_USAGE &&
	       strstr(line->err.message, words) != NULL;
}

TEST(anywhere, "options stand before and behind the command and its arguments")
{
	struct line line = READ("--json", "diagnose", "nginx", "--clients", "d", "-v", "haproxy");

	CHECK(line.status == 0);
	CHECK_TEXT(line.command->name, "diagnose");
	CHECK(line.options.json && line.options.verbose && !line.options.quiet);
	CHECK_TEXT(line.options.clients, "d");
	CHECK(line.options.arguments.count == 2);
	CHECK_TEXT(line.options.arguments.list[1], "haproxy");
}

TEST(values, "a value stands behind its option or behind an equals sign, and may be empty or begin "
	     "with a dash")
{
	struct line line = READ("diagnose", "--state=/s=1", "--root", "-r", "--clients=");

	CHECK(line.status == 0);
	CHECK_TEXT(line.options.state, "/s=1");
	CHECK_TEXT(line.options.root, "-r");
	CHECK_TEXT(line.options.clients, "");
}

TEST(repeated, "a repeatable option is kept each time, in order; of another the last counts")
{
	struct line line =
		READ("diagnose", "--client", "a", "--client=b", "--at", "1", "--at", "2");

	CHECK(line.status == 0 && line.options.client.count == 2);
	CHECK_TEXT(line.options.client.list[0], "a");
	CHECK_TEXT(line.options.client.list[1], "b");
	CHECK_TEXT(line.options.at, "2");
}

TEST(arguments_only, "behind -- all are arguments; a dash alone is one anywhere")
{
	struct line line = READ("inspect", "-", "--", "--json", "--");

	CHECK(line.status == 0 && !line.options.json && line.options.arguments.count == 3);
	CHECK_TEXT(line.options.arguments.list[0], "-");
	CHECK_TEXT(line.options.arguments.list[1], "--json");
	CHECK_TEXT(line.options.arguments.list[2], "--");
}

TEST(refused, "unknown options and commands are refused, and the nearest is named")
{
	struct line line = READ("diagnose", "--cleints", "d");

	CHECK(is_refused(&line, "did you mean --clients?"));
	line = READ("diagnoze");
	CHECK(is_refused(&line, "did you mean diagnose?"));
	line = READ("--zzzzzzzzzz");
	CHECK(is_refused(&line, "unknown option --zzzzzzzzzz") &&
		strstr(line.err.message, "mean") == NULL);
	line = READ("xyzzyxyzzy");
	CHECK(is_refused(&line, "there is no command"));
	line = READ("diagnose", "-x");
	CHECK(is_refused(&line, "-x"));
	line = READ("diagnose", "--jso");
	CHECK(is_refused(&line, "--json"));
}

TEST(missing, "a value that is missing, and one that a flag does not take, are refused")
{
	struct line line = READ("diagnose", "--clients");

	CHECK(is_refused(&line, "--clients needs a value: DIR"));
	line = READ("diagnose", "--json=yes");
	CHECK(is_refused(&line, "--json takes no value"));
}

TEST(groups, "an option of another command is refused: nothing is asked for in vain")
{
	struct line line = READ("inventory", "--yes");

	CHECK(is_refused(&line, "inventory does not take --yes"));
	line = READ("--dry-run", "diagnose");
	CHECK(is_refused(&line, "diagnose does not take --dry-run"));
	line = READ("repair", "--dry-run", "--yes", "--known-good", "g");
	CHECK(line.status == 0 && line.options.dry_run && line.options.yes);
}

TEST(bound, "of one option more than can be kept are refused, not dropped; arguments are all kept")
{
	const char *words[2 * OPTIONS_MAX_VALUES + 4] = { "verify" };
	struct line line;

	for (size_t i = 1; i <= 2 * OPTIONS_MAX_VALUES; i++)
		words[i] = i % 2 == 1 ? "--trust" : "a";
	line = read_words(words);
	CHECK(line.status == 0 && line.options.trust.count == OPTIONS_MAX_VALUES);
	words[2 * OPTIONS_MAX_VALUES + 1] = "--trust";
	words[2 * OPTIONS_MAX_VALUES + 2] = "a";
	line = read_words(words);
	CHECK(is_refused(&line, "more than 256 times --trust"));
	for (size_t i = 1; i < COUNT_OF(words) - 1; i++)
		words[i] = "a";
	line = read_words(words);
	CHECK(line.status == 0 && line.options.arguments.count == COUNT_OF(words) - 2);
}

TEST(help, "each command's help names its own options and examples, and the exit status")
{
	for (size_t i = 0; command_get(i) != NULL; i++) {
		CLEANUP(buffer_free) struct buffer out = { 0 };
		const struct command *command = command_get(i);
		bool examines = (command->groups & OPTIONS_EXAMINE) != 0;

		CHECK(command_find(command->name) == command);
		options_help(command, &out);
		CHECK(strstr((const char *)out.data, command->summary) != NULL);
		CHECK(strstr((const char *)out.data, command->examples) != NULL);
		CHECK((strstr((const char *)out.data, "--known-good PATH") != NULL) == examines);
		CHECK(strstr((const char *)out.data, "Exit status") != NULL);
	}
}

static int
run_words(struct buffer *out, const char *const *words)
{
	int count = 0;

	while (words[count] != NULL)
		count++;
	return cli_run(count, words, false, out);
}

#define RUN(out, ...) run_words(out, (const char *const[]){ __VA_ARGS__, NULL })

TEST(statuses, "help and version are 0; no command, bad usage and a missing input are what "
	       "sysexits.h says")
{
	CLEANUP(buffer_free) struct buffer out = { 0 };

	CHECK(RUN(&out, "--help") == 0 && out.length > 0);
	CHECK(RUN(&out, "--version") == 0);
	CHECK(cli_run(0, NULL, false, &out) == 64);
	CHECK(RUN(&out, "diagnose", "--at", "never ever") == 64);
	CHECK(RUN(&out, "inspect", "/no/such/file") == 66);
	CHECK(RUN(&out, "explain", "chain.root-mising") == 64);
	CHECK(RUN(&out, "history", "--state", "/no/such/state", "--root", "/no/such/root") == 66);
}

TEST(quiet, "where only the status is asked for nothing is printed")
{
	CLEANUP(buffer_free) struct buffer out = { 0 };

	CHECK(RUN(&out, "explain", "chain.root-missing", "--quiet") == 0);
	CHECK(out.length == 0);
	CHECK(RUN(&out, "explain", "chain.root-missing") == 0);
	CHECK(out.length > 0);
}

TAP_MAIN()
