/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HAProxy, between its own files: what its configuration says of bind lines (haproxy_config.c reads
 * sections, haproxy_bind.c one bind line, haproxy_verifiers.c makes verifiers of them), how its
 * processes are told apart (haproxy.c, haproxy_arguments.c) and steered (haproxy_control.c).
 */
#pragma once

#include "services/grammars/haproxy.h"
#include "services/product.h"

#define HAPROXY_USUAL_CONFIG "/etc/haproxy/haproxy.cfg"

enum {
	HAPROXY_MAX_BINDS = 10'000,
	HAPROXY_MAX_CERTIFICATES = 10'000, /* crt-list lines kept, of all bind lines */
	HAPROXY_MAX_ENDPOINTS = 32,        /* of one bind line; the rest of a port range is alike */
	HAPROXY_ERROR_MAX = 94,            /* highest error number that 2.6.12 lets be ignored */
	HAPROXY_SECURITY_UNSET = -1,       /* nothing said of ciphers */
	HAPROXY_SECURITY_LIBRARY = -2,     /* ciphers given, and no level with them */
};

/* A file that a bind line or a crt-list line names. */
struct haproxy_store {
	const char *path; /* NULL: not named, or not known */
	bool given;
	struct locus where;
	bool is_system; /* @system-ca: what the system trusts */
};

/* The settings that a crt-list line may override: sslbindconf in HAProxy's terms. */
struct haproxy_verification {
	bool has_mode;
	enum verify_mode mode;
	struct locus mode_where;
	struct haproxy_store anchors, unsent, crls; /* ca-file, ca-verify-file, crl-file */
	bool no_names;                              /* no-ca-names */
	int security;                               /* @SECLEVEL of the ciphers, or one of above */
	struct locus security_where;
};

/* A crt-list line. */
struct haproxy_entry {
	const char *certificate; /* path */
	struct haproxy_verification verification;
	const char *filter; /* a server name that leads to it, or NULL: the certificate's own */
	bool is_first;      /* nothing before it on the bind line: without SNI, it decides */
	struct locus where;
};

/* The ignored errors of one depth. */
struct haproxy_ignored {
	bool errors[VERIFIER_IGNORED_ERRORS];
	bool all, any;
	struct locus where;
};

struct haproxy_proxy {
	const char *name;
	const char *title; /* "fe"; "peers mine" where it is no proxy */
	bool is_defaults;
	bool http;
	bool checks_verdict; /* uses ssl_c_verify, ssl_c_err or ssl_c_ca_err in its rules */
	bool is_backend;
};

struct haproxy_bind {
	size_t proxy;
	struct locus where;
	const char *address; /* as written */
	const struct endpoint *endpoints;
	size_t endpoint_count;
	bool ssl, strict_sni, uncertain;
	struct haproxy_verification verification;
	struct haproxy_ignored leaf, ca;
	const char *certificate; /* the first crt */
	bool has_certificates;   /* crt is there beside crt-list */
	struct haproxy_entry *entries;
	size_t entry_count, entry_capacity;
};

/* A variable of the environment that was asked for. */
struct haproxy_cached {
	const char *name, *value;
	bool known;
};

/* What the reading of one configuration gathers. */
struct haproxy_config {
	struct arena *arena;
	struct service *service;
	struct world *world;
	struct stores *stores; /* while verifiers are built, once a certificate was looked into */
	const char *directory; /* for relative paths: by -C, working directory, default-path */
	const char *file;      /* that is being read */
	const char *ca_base, *crt_base;
	enum { PATHS_CURRENT, PATHS_CONFIG, PATHS_PARENT, PATHS_ORIGIN } path_policy;
	const char *path_origin;
	int default_security;
	struct locus default_security_where;
	bool drops_user;
	enum { SECTION_OTHER, SECTION_GLOBAL, SECTION_PROXY, SECTION_LISTENERS } section;
	struct haproxy_proxy *proxies;
	size_t proxy_count, proxy_capacity;
	size_t defaults; /* index of the last defaults section, or SIZE_MAX */
	bool backend_checks_verdict;
	struct haproxy_bind *binds;
	size_t bind_count, bind_capacity, certificate_count;
	struct haproxy_cached cached[HAPROXY_MAX_VARIABLES];
	size_t cached_count;
	const char **files;
	size_t file_count, file_capacity;
	struct config_problem *problems;
	size_t problem_count, problem_capacity;
	struct config_finding *findings;
	size_t *finding_verifiers; /* parallel: index of the verifier each is about */
	size_t finding_count, finding_capacity, finding_verifier_capacity;
	size_t judged; /* index of the verifier that findings are about now, or SIZE_MAX */
	struct verifier *verifiers;
	size_t verifier_count, verifier_capacity;
};

/* Takes the level out of a list of ciphers. */
void haproxy_set_security(
	const struct haproxy_word *ciphers, int *ret_level, struct locus *ret_where);
void haproxy_problem(struct haproxy_config *, struct locus, const char *text);
/* A name to ask for that a filter or a name of a certificate covers: "*." stands for any label. */
const char *haproxy_server_name(struct arena *, const char *pattern);
/* A file was read that belongs to the configuration. */
void haproxy_config_file(struct haproxy_config *, const char *path);
/* The path below base, or below what relative paths are relative to; normalised. */
const char *haproxy_path(const struct haproxy_config *, const char *base, const char *path);
/* Reads "ADDRESS[,ADDRESS…] OPTIONS" from words, which are those of a bind line from its address
 * on. */
void haproxy_read_bind(
	struct haproxy_config *, const struct haproxy_line *, const struct haproxy_word *, size_t);
/* Verifiers, and what the configuration alone shows. */
void haproxy_build(struct haproxy_config *);
/* The whole: service->config_files, verifiers, problems, findings, chroot, pid_file. ret_drops_user
 * (may be NULL): the configuration itself names the user to run as. */
void haproxy_read_config(struct arena *, struct service *, bool *ret_drops_user);
/* "NAME=value" of all variables that the configuration or the library asks for, NULL-terminated. */
const char *const *haproxy_environment(struct arena *, const struct service *);
/* The value of a variable of HAProxy's environment. */
const char *haproxy_variable(void *config, const char *name, bool *ret_known);
/* Processes. */
bool haproxy_recognise(struct arena *, const struct process *, const struct process *all,
	size_t count, struct instance *ret);
void haproxy_observe(struct arena *, struct service *, const struct process *all, size_t count);
/* The youngest child of the master that is a HAProxy itself, or NULL. */
const struct process *haproxy_newest_worker(
	const struct process *master, const struct process *all, size_t count);
bool haproxy_has_master(const struct service *);

/* As in struct product. */
int haproxy_test(struct arena *, const struct service *, const char **ret_output, struct err *err);
int haproxy_reload(struct arena *, struct service *, struct err *err);
const char *haproxy_reload_failure(struct arena *, const struct service *);
int haproxy_start(struct arena *, struct service *, struct err *err);

/* Command lines: NULL-terminated, without the program's name. */

/* The argument is one of names. */
bool haproxy_argument_is(const char *argument, const char *const *names);
/* What follows this option, or NULL. */
const char *haproxy_option_value(const char *const *arguments, const char *name);
/* The arguments without those options and their values; "--" and what follows stays. */
const char *const *haproxy_arguments_without(struct arena *, const char *const *arguments,
	const char *const *dropped, size_t *ret_count);
/* Paths that the arguments name with -f and behind "--". */
const char *const *haproxy_files(struct arena *, const char *const *arguments, size_t *ret_count);
/* It only prints or checks something. */
bool haproxy_is_no_server(const char *const *arguments);
/* Whether the process was started to take over from that pid (-sf, -st). */
bool haproxy_takes_over_from(const struct process *, pid_t pid);
