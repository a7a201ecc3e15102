/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"

enum option_kind { OPTION_FLAG, OPTION_VALUE, OPTION_VALUES };

enum { OPTIONS_ALL = 0 };

static const char engine_names[] = JUDGE_STANDARD
#define ENGINE(name) ", " #name
#include "verify/engines.def"
#undef ENGINE
	", or all";

/* Usage, help, completions and the manual's list are made of these rows. */
static const struct option_row {
	const char *name, *alias;
	enum option_kind kind;
	unsigned group;
	size_t offset;
	const char *value, *help;
} option_rows[] = {
#define ROW(name, alias, kind, group, field, value, help)                              \
	{                                                                              \
		name, alias, kind, group, offsetof(struct options, field), value, help \
	}
	ROW("--state", NULL, OPTION_VALUE, OPTIONS_ALL, state, "DIR", "where the ledger lives"),
	ROW("--root", NULL, OPTION_VALUE, OPTIONS_ALL, root, "DIR",
		"examine the file system below DIR"),
	ROW("--at", NULL, OPTION_VALUE, OPTIONS_ALL, at, "TIME",
		"judge as if it were then: RFC 3339, @SECONDS, or +30d"),
	ROW("--json", NULL, OPTION_FLAG, OPTIONS_ALL, json, NULL,
		"one JSON document on standard output"),
	ROW("--color", NULL, OPTION_VALUE, OPTIONS_ALL, color, "WHEN", "auto, always or never"),
	ROW("--quiet", "-q", OPTION_FLAG, OPTIONS_ALL, quiet, NULL, "only the exit status"),
	ROW("--verbose", "-v", OPTION_FLAG, OPTIONS_ALL, verbose, NULL,
		"more detail: paths, transcripts"),
	ROW("--all", NULL, OPTION_FLAG, OPTIONS_ALL, all, NULL, "notes too"),
	ROW("--password-file", NULL, OPTION_VALUES, OPTIONS_ALL, password_file, "FILE",
		"try the first line of FILE on keystores"),
	ROW("--password-fd", NULL, OPTION_VALUES, OPTIONS_ALL, password_fd, "N",
		"try what is read from descriptor N"),
	ROW("--password-env", NULL, OPTION_VALUES, OPTIONS_ALL, password_env, "NAME",
		"try what the variable NAME holds"),
	ROW("--help", "-h", OPTION_FLAG, OPTIONS_ALL, help, NULL, "this text"),
	ROW("--version", NULL, OPTION_FLAG, OPTIONS_ALL, version, NULL,
		"versions of trustmend and of its libraries"),
	ROW("--clients", NULL, OPTION_VALUE, OPTIONS_EXAMINE, clients, "DIR",
		"accept/NAME.pem and reject/NAME.pem"),
	ROW("--client", NULL, OPTION_VALUES, OPTIONS_EXAMINE, client, "FILE",
		"one more client that must get in"),
	ROW("--known-good", NULL, OPTION_VALUES, OPTIONS_EXAMINE, known_good, "PATH",
		"material that you vouch for; never written"),
	ROW("--no-probe", NULL, OPTION_FLAG, OPTIONS_EXAMINE, no_probe, NULL,
		"no handshakes with running servers"),
	ROW("--dry-run", NULL, OPTION_FLAG, OPTIONS_REPAIR, dry_run, NULL,
		"prepare, then take it back"),
	ROW("--plan", NULL, OPTION_VALUE, OPTIONS_REPAIR, plan, "FILE",
		"with --dry-run write the plan to FILE, without it carry that plan out"),
	ROW("--yes", NULL, OPTION_FLAG, OPTIONS_CONFIRM, yes, NULL, "do not ask"),
	ROW("--trust", NULL, OPTION_VALUES, OPTIONS_VERIFY, trust, "PATH", "anchors to judge by"),
	ROW("--untrusted", NULL, OPTION_VALUES, OPTIONS_VERIFY, untrusted, "PATH",
		"intermediates that clients send"),
	ROW("--crl", NULL, OPTION_VALUES, OPTIONS_VERIFY, crl, "PATH", "revocation lists"),
	ROW("--ocsp", NULL, OPTION_VALUES, OPTIONS_VERIFY, ocsp, "PATH", "answers of OCSP, stored"),
	ROW("--ocsp-check", NULL, OPTION_VALUE, OPTIONS_VERIFY, ocsp_check, "SCOPE",
		"none, leaf or chain"),
	ROW("--ocsp-missing", NULL, OPTION_VALUE, OPTIONS_VERIFY, ocsp_missing, "HOW",
		"fail or ok"),
	ROW("--ocsp-responder", NULL, OPTION_VALUE, OPTIONS_VERIFY, ocsp_responder, "URL",
		"ask this one, whatever certificates name"),
	ROW("--online", NULL, OPTION_FLAG, OPTIONS_ONLINE, online, NULL, "ask OCSP responders"),
	ROW("--purpose", NULL, OPTION_VALUE, OPTIONS_VERIFY, purpose, "PURPOSE",
		"client, server or any"),
	ROW("--depth", NULL, OPTION_VALUE, OPTIONS_VERIFY, depth, "N", "intermediates allowed"),
	ROW("--partial-chain", NULL, OPTION_FLAG, OPTIONS_VERIFY, partial_chain, NULL,
		"any trusted certificate ends a path"),
	ROW("--crl-check", NULL, OPTION_VALUE, OPTIONS_VERIFY, crl_check, "SCOPE",
		"none, leaf or chain"),
	ROW("--crl-missing", NULL, OPTION_VALUE, OPTIONS_VERIFY, crl_missing, "HOW", "fail or ok"),
	ROW("--security", NULL, OPTION_VALUE, OPTIONS_VERIFY, security, "LEVEL",
		"legacy, normal or strict"),
	ROW("--policy", NULL, OPTION_VALUES, OPTIONS_VERIFY, policy, "OID",
		"a certificate policy, one of which must be valid"),
	ROW("--strict", NULL, OPTION_FLAG, OPTIONS_VERIFY, strict, NULL,
		"demand what RFC 5280 demands of who issues"),
	ROW("--engine", NULL, OPTION_VALUE, OPTIONS_VERIFY, engine, "NAME", engine_names),
	ROW("--chain", NULL, OPTION_FLAG, OPTIONS_VERIFY, chain, NULL,
		"the rest of each file belongs to its first certificate"),
	ROW("--lint", NULL, OPTION_FLAG, OPTIONS_VERIFY, lint, NULL,
		"what some engine refuses, or will; without --trust nothing else"),
	ROW("--dot", NULL, OPTION_FLAG, OPTIONS_VERIFY, dot, NULL,
		"the paths as a graph for Graphviz"),
	ROW("--explain", NULL, OPTION_FLAG, OPTIONS_VERIFY, explain, NULL,
		"every path, with every rule that failed"),
	ROW("--name", NULL, OPTION_VALUE, OPTIONS_NAME, title, "TEXT",
		"the host that the certificate must be for; of a baseline, its name"),
	ROW("--force", NULL, OPTION_FLAG, OPTIONS_FORCE, force, NULL,
		"do it although something speaks against it"),
	ROW("--to", NULL, OPTION_VALUE, OPTIONS_CONVERT, to, "FORMAT",
		"pem, der, pkcs7, pkcs12, jks, hashdir, nss, p11kit, kubernetes, json or spiffe"),
	ROW("--new-password-file", NULL, OPTION_VALUE, OPTIONS_CONVERT, new_password_file, "FILE",
		"password of what is written: the first line of FILE"),
	ROW("--new-password-fd", NULL, OPTION_VALUE, OPTIONS_CONVERT, new_password_fd, "N",
		"the same from descriptor N"),
	ROW("--new-password-env", NULL, OPTION_VALUE, OPTIONS_CONVERT, new_password_env, "NAME",
		"the same from the variable NAME"),
	ROW("--as", NULL, OPTION_VALUE, OPTIONS_DIFF, as, "WHAT",
		"stores, clients or services; told by what they are if not given"),
	ROW("--scan", NULL, OPTION_FLAG, OPTIONS_SCAN, scan, NULL,
		"find the stores below each PATH, and show a row of each"),
#undef ROW
};

static const struct option_row *
row_find(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT_OF(option_rows); i++) {
		const struct option_row *row = &option_rows[i];

		if (strlen(row->name) == length && strncmp(row->name, name, length) == 0)
			return row;
		if (row->alias != NULL && strlen(row->alias) == length &&
			strncmp(row->alias, name, length) == 0)
			return row;
	}
	return NULL;
}

static int
unknown_option(const char *name, struct err *err)
{
	const char *names[COUNT_OF(option_rows)], *near;

	for (size_t i = 0; i < COUNT_OF(option_rows); i++)
		names[i] = option_rows[i].name;
	near = text_nearest(name, names, COUNT_OF(names));
	if (near == NULL)
		return err_set(err, ERR_USAGE, "unknown option %s", name);
	return err_set(err, ERR_USAGE, "unknown option %s: did you mean %s?", name, near);
}

void
values_add(struct arena *arena, struct values *values, const char *value)
{
	values->list = arena_grow(
		arena, values->list, values->count, &values->capacity, sizeof(values->list[0]));
	values->list[values->count++] = value;
}

/* What is read of the command line. */
struct reading {
	struct arena *arena;
	int argc;
	const char *const *argv;
	struct options *options;
	unsigned used_groups;
};

/* One option at argv[*index], with its value behind it or after "=". */
static int
option_take(struct reading *reading, int *index, struct err *err)
{
	const char *word = reading->argv[*index],
		   *equals = text_starts(word, "--") ? strchr(word, '=') : NULL;
	const struct option_row *row =
		row_find(word, equals != NULL ? (size_t)(equals - word) : strlen(word));
	void *field = row != NULL ? (char *)reading->options + row->offset : NULL;
	struct values *values = field;
	const char *value;

	if (row == NULL)
		return unknown_option(word, err);
	reading->used_groups |= row->group;
	if (row->kind == OPTION_FLAG) {
		if (equals != NULL)
			return err_set(err, ERR_USAGE, "%s takes no value", row->name);
		*(bool *)field = true;
		return 0;
	}
	if (equals == NULL && *index + 1 >= reading->argc)
		return err_set(err, ERR_USAGE, "%s needs a value: %s", row->name, row->value);
	value = equals != NULL ? equals + 1 : reading->argv[++*index];
	if (row->kind == OPTION_VALUE)
		*(const char **)field = value;
	else if (values->count < OPTIONS_MAX_VALUES)
		values_add(reading->arena, values, value);
	else
		return err_set(
			err, ERR_USAGE, "more than %d times %s", OPTIONS_MAX_VALUES, row->name);
	return 0;
}

static int
command_take(const char *name, const struct command **ret, struct err *err)
{
	const char *names[32], *near;
	size_t count = 0;

	*ret = command_find(name);
	if (*ret != NULL)
		return 0;
	while (count < COUNT_OF(names) && command_get(count) != NULL) {
		names[count] = command_get(count)->name;
		count++;
	}
	near = text_nearest(name, names, count);
	if (near == NULL)
		return err_set(
			err, ERR_USAGE, "there is no command %s: see trustmend --help", name);
	return err_set(err, ERR_USAGE, "there is no command %s: did you mean %s?", name, near);
}

static int
check_groups(const struct command *command, const struct options *options, unsigned used,
	struct err *err)
{
	if (command == NULL || (used & ~command->groups) == 0)
		return 0;
	for (size_t i = 0; i < COUNT_OF(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		const char *field = (const char *)options + row->offset;
		bool given = row->kind == OPTION_FLAG ? *(const bool *)field
			     : row->kind == OPTION_VALUES
				     ? ((const struct values *)field)->count > 0
				     : *(const char *const *)field != NULL;

		if (row->group != OPTIONS_ALL && given && (row->group & command->groups) == 0)
			return err_set(
				err, ERR_USAGE, "%s does not take %s", command->name, row->name);
	}
	return 0;
}

int
options_read(struct arena *arena, int argc, const char *const *argv, struct options *options,
	const struct command **ret, struct err *err)
{
	struct reading reading = { arena, argc, argv, options, 0 };
	bool only_arguments = false;

	*ret = NULL;
	for (int i = 0; i < argc; i++) {
		if (!only_arguments && strcmp(argv[i], "--") == 0) {
			only_arguments = true;
			continue;
		}
		if (!only_arguments && argv[i][0] == '-' && argv[i][1] != '\0')
			TRY(option_take(&reading, &i, err));
		else if (*ret == NULL)
			TRY(command_take(argv[i], ret, err));
		else
			values_add(arena, &options->arguments, argv[i]);
	}
	return check_groups(*ret, options, reading.used_groups, err);
}

static void
help_rows(unsigned groups, bool common, struct buffer *out)
{
	for (size_t i = 0; i < COUNT_OF(option_rows); i++) {
		const struct option_row *row = &option_rows[i];
		size_t width;

		if (common ? row->group != OPTIONS_ALL : (row->group & groups) == 0)
			continue;
		width = out->length;
		buffer_addf(out, "  %s%s%s%s%s", row->alias != NULL ? row->alias : "",
			row->alias != NULL ? ", " : "", row->name, row->value != NULL ? " " : "",
			row->value != NULL ? row->value : "");
		width = out->length - width;
		buffer_addf(out, "%*s%s\n", width < 26 ? (int)(26 - width) : 1, "", row->help);
	}
}

void
options_help(const struct command *command, struct buffer *out)
{
	if (command != NULL) {
		buffer_addf(out, "trustmend %s: %s\n\nUsage: trustmend [OPTION…] %s%s%s\n\n",
			command->name, command->summary, command->name,
			command->arguments[0] != '\0' ? " " : "", command->arguments);
		help_rows(command->groups, false, out);
		if (command->groups != 0)
			buffer_add_text(out, "\n");
		help_rows(0, true, out);
		buffer_addf(out, "\nExamples\n%s", command->examples);
	} else {
		buffer_add_text(out,
			"trustmend: why a server refuses valid client certificates, and how to "
			"mend it safely\n\n"
			"Usage: trustmend [OPTION…] COMMAND [ARGUMENT…]\n\nCommands\n");
		for (size_t i = 0; command_get(i) != NULL; i++)
			buffer_addf(
				out, "  %-11s %s\n", command_get(i)->name, command_get(i)->summary);
		buffer_add_text(out, "\nOptions\n");
		help_rows(0, true, out);
		buffer_add_text(out,
			"\nA target is PRODUCT:CONFIG, such as nginx:/etc/nginx/nginx.conf, a "
			"short name that inventory prints, or\n"
			"all. With none, every service found on the machine. trustmend COMMAND "
			"--help shows more.\n");
	}
	buffer_add_text(out, "\nExit status\n"
			     "  0 healthy, done, nothing to do    1 warnings only    2 critical, "
			     "refused, or no safe repair\n"
			     "  3 not determined, or undone       4 could not be undone    64-78 "
			     "as in sysexits.h\n");
}
