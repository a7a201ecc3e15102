/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "cli/cli.h"
#include "stores/token.h"

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

static const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
};

const struct command *
command_get(size_t index)
{
	return index < COUNT_OF(commands) ? commands[index] : NULL;
}

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const char *
session_state(const struct session *session)
{
	return session->options.state != NULL ? session->options.state
					      : ledger_default_directory(session->arena);
}

int
session_ledger(struct session *session, bool create, bool lock)
{
	const char *directory = session_state(session);

	if (session->ledger == NULL)
		session->ledger = create && !lock ? ledger_open_lazily(directory, &session->err)
						  : ledger_open(directory, create, &session->err);
	if (session->ledger == NULL) {
		if (create || session->err.code != ERR_NO_INPUT)
			return -1;
		session->err = (struct err){ 0 };
		return 0;
	}
	return lock ? ledger_lock(session->ledger, &session->err) : 0;
}

void
session_recall_lists(struct session *session, struct stores *stores, const struct values *paths)
{
	struct file_identity identity;
	struct err ignored = { 0 };
	bool is_long = false;

	stores_read_lists_in_parts(stores, STORE_LIST_IN_PARTS);
	for (size_t i = 0; i < paths->count; i++) {
		const char *path =
			path_join(session->arena, session_directory(session), paths->list[i]);

		is_long = is_long || (world_stat(session->world, path, &identity, &ignored) == 0 &&
					     identity.size >= STORE_LIST_IN_PARTS);
	}
	if (!is_long)
		return;
	if (session_ledger(session, false, false) < 0)
		session->err = (struct err){ 0 };
	stores_use_ledger(stores, session->ledger);
}

int
session_flush(struct session *session)
{
	struct err ignored = {};

	if (session->out_fd < 0)
		return 0;
	session->is_flushed |= session->out.length > 0;
	if (session->options.quiet && !session->options.json) {
		buffer_clear(&session->out);
		return 0;
	}
	if (file_write_fd(
		    session->out_fd, "standard output", buffer_span(&session->out), &ignored) < 0) {
		session->is_lost = true;
		return err_set(&session->err, ERR_IO, "standard output cannot be written: %s",
			strerror(ignored.sys));
	}
	buffer_clear(&session->out);
	return 0;
}

PRINTF(2, 0)
static void
say(const struct session *session, const char *format, va_list arguments)
{
	const char *text = arena_vprintf(session->arena, format, arguments);

	(void)fprintf(stderr, "trustmend: %s\n", text_sanitize(session->arena, text, strlen(text)));
}

void
session_say(const struct session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(session, format, arguments);
	va_end(arguments);
}

void
session_warn(const struct session *session, const char *format, ...)
{
	va_list arguments;

	if (session->options.quiet)
		return;
	va_start(arguments, format);
	say(session, format, arguments);
	va_end(arguments);
}

int
session_recover(struct session *session)
{
	const char *note = NULL;
	size_t count = 0;

	TRY(transaction_recover(
		session->arena, session->ledger, session->world, &count, &note, &session->err));
	if (count > 0)
		session_warn(session, "%zu interrupted transaction%s undone: %s%s", count,
			count == 1 ? " was" : "s were",
			note == NULL ? "everything is as it was before"
				     : "every file is as it was before; ",
			note == NULL ? "" : note);
	return 0;
}

static const char *
working_directory(struct arena *arena)
{
	CLEANUP(mem_freep) char *directory = getcwd(NULL, 0);

	return arena_strdup(arena, directory != NULL ? directory : "/");
}

struct request
session_request(struct session *session)
{
	struct options *options = &session->options;

	/* Worlds know absolute paths alone. */
	for (size_t i = 0; i < options->known_good.count; i++)
		if (options->known_good.list[i][0] != '/')
			options->known_good.list[i] = path_join(session->arena,
				working_directory(session->arena), options->known_good.list[i]);
	return (struct request){
		.world = session->world,
		.is_host = options->root == NULL,
		.targets = options->arguments.list,
		.target_count = options->arguments.count,
		.clients_directory = options->clients,
		.client_files = options->client.list,
		.client_file_count = options->client.count,
		.known_good = options->known_good.list,
		.known_good_count = options->known_good.count,
		.ledger = session->ledger,
		.passwords = session->passwords,
		.now = session->now,
		.at = session->at,
		.may_ask = options->online,
		.may_probe = !options->no_probe && options->root == NULL,
	};
}

const char *
session_directory(struct session *session)
{
	return session->options.root == NULL ? working_directory(session->arena) : "/";
}

const char *
session_store_path(struct session *session, const char *name)
{
	const char *path = store_name_path(name);

	/* An empty name is nobody's, and not that of the directory that we are in. */
	return path[0] == '/' || path[0] == '\0' || token_is_name(path)
		       ? path
		       : path_join(session->arena, session_directory(session), path);
}

const struct store *
session_open_store(
	struct session *session, struct stores *stores, const char *name, enum store_loader loader)
{
	return stores_open(stores, session->world, session_store_path(session, name), loader);
}

int
session_need_store(struct session *session, const struct store *store, const char *name)
{
	bool is_token = token_is_name(name);

	if (store_name_path(name)[0] == '\0')
		return err_set(&session->err, ERR_USAGE, "\"%s\" names no file", name);
	/* The listing is there; what it is of may not be. */
	if (is_token && store->entry_count == 0 && store->defect_count > 0)
		return err_set(
			&session->err, ERR_NO_INPUT, "%s: %s", store->path, store->defects[0].text);
	return store_need(store, is_token ? store->path : name, &session->err);
}

bool
session_confirm(struct session *session, const char *question)
{
	char answer[16];

	if (session->options.yes)
		return true;
	if (!isatty(STDIN_FILENO))
		return false;
	(void)fwrite(session->out.data, 1, session->out.length, stdout);
	buffer_clear(&session->out);
	(void)printf("%s [yes/no] ", question);
	(void)fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

static bool
wants_color(const struct options *options)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM"),
		   *forced = getenv("CLICOLOR_FORCE");

	if (options->color != NULL && strcmp(options->color, "auto") != 0)
		return strcmp(options->color, "always") == 0;
	if (none != NULL && none[0] != '\0')
		return false;
	if (forced != NULL && forced[0] != '\0' && strcmp(forced, "0") != 0)
		return true;
	return isatty(STDOUT_FILENO) && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

/* Passwords to try on keystores, in the order of these options. */
static int
read_passwords(struct session *session)
{
	const struct options *options = &session->options;
	uint64_t descriptor;

	session->passwords = passwords_new();
	for (size_t i = 0; i < options->password_file.count; i++)
		TRY(passwords_add_file(
			session->passwords, options->password_file.list[i], &session->err));
	for (size_t i = 0; i < options->password_fd.count; i++) {
		if (text_number(options->password_fd.list[i], INT32_MAX, &descriptor) < 0)
			return err_set(&session->err, ERR_USAGE,
				"--password-fd is the number of an open descriptor, not %s",
				options->password_fd.list[i]);
		TRY(passwords_add_descriptor(session->passwords, (int)descriptor, &session->err));
	}
	for (size_t i = 0; i < options->password_env.count; i++)
		TRY(passwords_add_environment(
			session->passwords, options->password_env.list[i], &session->err));
	return 0;
}

static int
session_prepare(struct session *session)
{
	const struct options *options = &session->options;

	if (options->color != NULL && strcmp(options->color, "auto") != 0 &&
		strcmp(options->color, "always") != 0 && strcmp(options->color, "never") != 0)
		return err_set(&session->err, ERR_USAGE, "--color is auto, always or never, not %s",
			options->color);
	session->now = session->at = moment_now();
	TRY(read_passwords(session));
	if (options->at != NULL)
		TRY(moment_parse(options->at, session->now, &session->at, &session->err));
	session->style = (struct style){
		.color = wants_color(options),
		.verbose = options->verbose || options->explain,
		.all = options->all,
		.now = session->now,
		.arena = session->arena,
	};
	session->world =
		options->root != NULL ? world_below(options->root, &session->err) : world_host();
	return session->world != NULL ? 0 : -1;
}

static void
warn_of_missing_walls(const struct session *session)
{
	if (!sandbox_has_landlock())
		session_warn(session,
			"warning: this kernel has no Landlock: the process that reads stores is "
			"kept from the file system by seccomp and its user alone");
}

static void
say_version(struct buffer *out)
{
	buffer_addf(out, "trustmend %s (%s, SQLite %s)\n", TRUSTMEND_VERSION,
		OpenSSL_version(OPENSSL_VERSION), sqlite3_libversion());
}

static void
say_error(const struct session *session)
{
	session_say(session, "%s", session->err.message);
	if (session->err.code == ERR_USAGE)
		(void)fprintf(stderr, "See trustmend --help.\n");
}

static int
run_command(struct session *session, const struct command *command)
{
	int status;

	if (session_prepare(session) < 0)
		return -1;
	warn_of_missing_walls(session);
	if (session->options.json)
		report_begin(&session->json, &session->out, command->name);
	status = command->run(session);
	/* Of a document that has begun to go out the end must follow. */
	if (session->options.json && !session->is_lost && (status >= 0 || session->is_flushed))
		report_end(
			&session->json, status >= 0 ? status : err_exit_status(session->err.code));
	else if (status < 0)
		buffer_clear(&session->out);
	return status;
}

static int
run_line(int fd, int argc, const char *const *argv, bool force_json, struct buffer *out)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct session session = { .arena = arena, .out_fd = fd };
	const struct command *command = NULL;
	int status = options_read(arena, argc, argv, &session.options, &command, &session.err);

	session.options.json = session.options.json || force_json;
	if (status == 0 && session.options.version) {
		say_version(&session.out);
	} else if (status == 0 && (session.options.help || command == NULL)) {
		options_help(command, &session.out);
		status = session.options.help ? 0 : err_exit_status(ERR_USAGE);
	} else if (status == 0) {
		status = run_command(&session, command);
	}
	if (status < 0) {
		say_error(&session);
		status = err_exit_status(session.err.code);
	}
	if ((session.options.quiet && !session.options.json) || session.is_lost)
		buffer_clear(&session.out);
	if (out->length == 0) {
		buffer_free(out);
		*out = session.out;
	} else {
		buffer_add(out, session.out.data, session.out.length);
		buffer_free(&session.out);
	}
	ledger_close(session.ledger);
	passwords_free(session.passwords);
	world_free(session.world);
	return status;
}

int
cli_run(int argc, const char *const *argv, bool force_json, struct buffer *out)
{
	return run_line(-1, argc, argv, force_json, out);
}

int
cli_run_to(int fd, int argc, const char *const *argv, struct buffer *out)
{
	return run_line(fd, argc, argv, false, out);
}
