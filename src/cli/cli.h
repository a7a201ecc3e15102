/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: options as rows, commands as one file and one row each. A command has no logic
 * of its own: it asks the modules above, and hands what they say to a report.
 */
#pragma once

#include "report/report.h"

enum { OPTIONS_MAX_VALUES = 256 /* of one option; of arguments there may be any number */ };

/* A repeatable option, or the arguments. */
struct values {
	const char **list; /* from the arena */
	size_t count, capacity;
};

struct options {
	const char *state, *root, *at, *color;
	bool json, quiet, verbose, all, help, version;
	const char *clients, *plan, *name, *engine, *purpose, *crl_check, *crl_missing, *ocsp_check,
		*ocsp_missing, *ocsp_responder, *security, *depth, *title; /* title: --name */
	const char *to, *new_password_file, *new_password_fd, *new_password_env, *as;
	struct values client, known_good, trust, untrusted, crl, ocsp, policy;
	struct values password_file, password_fd, password_env;
	bool yes, dry_run, partial_chain, chain, explain, dot, strict, lint, no_probe, online,
		force, scan;
	struct values arguments;
};

/* What a command works with. */
struct session {
	struct arena *arena;
	struct options options;
	struct world *world;
	struct ledger *ledger; /* NULL until session_ledger */
	struct passwords *passwords;
	int64_t now, at;
	struct style style;
	struct buffer out; /* standard output */
	int out_fd;        /* where it goes as it comes; -1: all of it at the end */
	bool is_flushed;   /* some of it has gone */
	bool is_lost;      /* it cannot be written: what is left has nowhere to go */
	struct json json;  /* open where options.json */
	struct err err;
};

/* The groups of options that a command takes, beside those that all take. Bits. */
enum option_group {
	OPTIONS_EXAMINE = 1 << 0, /* clients, known-good */
	OPTIONS_REPAIR = 1 << 1,
	OPTIONS_CONFIRM = 1 << 2,
	OPTIONS_VERIFY = 1 << 3,
	OPTIONS_BASELINE = 1 << 4,
	OPTIONS_FORCE = 1 << 5,
	OPTIONS_CONVERT = 1 << 6,
	OPTIONS_DIFF = 1 << 7,
	OPTIONS_SCAN = 1 << 8,
	OPTIONS_NAME = 1 << 9,
	OPTIONS_ONLINE = 1 << 10,
};

struct command {
	const char *name, *arguments, *summary;
	unsigned groups;
	const char *examples;
	/* The exit status of the interface; or -1 with session->err. */
	int (*run)(struct session *);
};

const struct command *command_get(size_t index); /* NULL past the last */
const struct command *command_find(const char *name);

/* Reads arguments into options; argv has no program name. The command is set; -1 with ERR_USAGE. */
[[nodiscard]] int options_read(struct arena *, int argc, const char *const *argv, struct options *,
	const struct command **ret, struct err *err);
/* One value more. */
void values_add(struct arena *, struct values *, const char *value);
void options_help(const struct command *, struct buffer *out); /* NULL: of the program */

/* The state directory, whether it is there or not. */
const char *session_state(const struct session *);
/* Opens the ledger where it is not open yet; create false and none there: leaves it NULL. Takes the
 * lock where asked. */
[[nodiscard]] int session_ledger(struct session *, bool create, bool lock);
/* Lets the stores ask the ledger of long CRLs, where one of the files is long and there is a
 * ledger. */
void session_recall_lists(struct session *, struct stores *, const struct values *paths);
/* Ends what a crash left unfinished. */
[[nodiscard]] int session_recover(struct session *);
/* The request that the options make. */
struct request session_request(struct session *);
/* What relative paths of the command line are relative to. */
const char *session_directory(struct session *);
/* What a store's name on the command line means: a path, of "sql:DIR" its directory, or the name of
 * a token's objects as it is. */
const char *session_store_path(struct session *, const char *name);
/* Never NULL, as stores_open. */
const struct store *session_open_store(
	struct session *, struct stores *, const char *name, enum store_loader);
/* 0 where it is there and was read; else session->err says why not, by the name that was given. */
[[nodiscard]] int session_need_store(struct session *, const struct store *, const char *name);
/* The question on the terminal; false where standard input is none, or the answer is not yes. */
bool session_confirm(struct session *, const char *question);

/* Lets go what there is of standard output, where it goes as it comes; -1: it cannot be written. */
[[nodiscard]] int session_flush(struct session *);

/* A message on standard error, sanitised. */
void session_say(const struct session *, const char *format, ...) PRINTF(2, 3);
/* The same; none where only the exit status is wanted. */
void session_warn(const struct session *, const char *format, ...) PRINTF(2, 3);

/* Runs one command line; what goes to standard output is in out, messages go to standard error. */
int cli_run(int argc, const char *const *argv, bool force_json, struct buffer *out);
/* The same, but what a command has to say as it goes on is written to a descriptor at once. */
int cli_run_to(int fd, int argc, const char *const *argv, struct buffer *out);
