/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apache httpd, between its own files: what the configuration says at each level
 * (apache_config.c), where each virtual host is reached (apache_hosts.c), the verifiers that come
 * of both (apache_verifiers.c), and its processes (apache.c, apache_control.c).
 *
 * Directives of mod_ssl are merged one by one: what a virtual host does not say, the server level
 * says (ssl_engine_config.c, modssl_ctx_cfg_merge).
 */
#pragma once

#include "services/grammars/apache.h"
#include "services/product.h"

enum {
	APACHE_MAX_LEVELS = 20'000,
	APACHE_MAX_ADDRESSES = 10'000, /* Listen lines; addresses of all virtual hosts */
	APACHE_MAX_ALIASES = 10'000,
	APACHE_MAX_ENDPOINTS = 64,        /* of one verifier */
	APACHE_MAX_MATCHING = 50'000'000, /* steps spent on matching addresses and paths */
	APACHE_ANY_PORT = 0,
};

/* "192.0.2.1:443", "[::1]:443", "*:443" */
struct apache_address {
	const char *host; /* NULL: any */
	unsigned port;    /* APACHE_ANY_PORT: any */
	size_t level;     /* the virtual host it belongs to; of Listen, 0 */
};

struct apache_path {
	const char *path; /* NULL: not set; absolute */
	struct locus where;
	const char *directive;
};

enum apache_file {
	APACHE_CA_FILE,
	APACHE_CA_PATH,
	APACHE_NAMES_FILE,
	APACHE_NAMES_PATH,
	APACHE_CRL_FILE,
	APACHE_CRL_PATH,
	APACHE_FILE__COUNT
};

enum apache_ocsp {
	APACHE_OCSP_ENABLE,
	APACHE_OCSP_RESPONDER,
	APACHE_OCSP_OVERRIDE,
	APACHE_OCSP_SKEW,
	APACHE_OCSP_MAX_AGE,
	APACHE_OCSP_NONCE,
	APACHE_OCSP_PROXY,
	APACHE_OCSP_NO_VERIFY,
	APACHE_OCSP_SIGNERS,
	APACHE_OCSP__COUNT
};

enum apache_level_kind {
	APACHE_LEVEL_SERVER,
	APACHE_LEVEL_HOST,
	APACHE_LEVEL_DIRECTORY, /* Directory, Location, Files, and nested ones */
};

/* What is set at one level. */
struct apache_level {
	enum apache_level_kind kind;
	size_t parent;                  /* the level around it; of the server itself, 0 */
	const struct apache_item *open; /* its section, or NULL */
	bool has_engine, engine;        /* SSLEngine */
	bool has_mode;
	enum verify_mode mode;
	struct locus mode_where;
	const struct apache_item *mode_line;
	bool has_depth;
	int depth; /* as written */
	struct locus depth_where;
	struct apache_path files[APACHE_FILE__COUNT];
	bool has_check, crl_missing_ok;
	enum crl_check check;
	struct locus check_where;
	const struct apache_item *ocsp[APACHE_OCSP__COUNT]; /* the last line of each, or NULL */
	bool has_ciphers;
	int ciphers_security, command_security; /* of SSLCipherSuite; of SSLOpenSSLConfCmd; -1 */
	struct locus ciphers_where, command_where;
	const char *name;          /* ServerName without scheme and port, or NULL */
	const char *document_root; /* or NULL */
};

/* Alias and ScriptAlias. */
struct apache_alias {
	const char *url, *directory;
	size_t level;
};

struct apache_script; /* opaque */

/* What the reading of one configuration gathers. */
struct apache_service {
	struct arena *arena;
	struct service *service;
	struct world *world;
	const struct apache_config *config;
	struct apache_level *levels; /* 0 is the server's own */
	size_t level_count, level_capacity;
	struct apache_address *listens, *addresses;
	size_t listen_count, listen_capacity, address_count, address_capacity;
	struct apache_alias *aliases;
	size_t alias_count, alias_capacity;
	const char *user, *group, *error_log, *chroot, *pid_file;
	bool ssl_without_module;
	bool server_is_reached;       /* by an address that no virtual host takes */
	size_t work;                  /* steps spent on matching addresses and paths */
	struct apache_script *script; /* envvars, once it was asked for */
	struct config_problem *problems;
	size_t problem_count, problem_capacity;
	struct config_finding *findings;
	size_t *finding_verifiers; /* parallel: index of the verifier, or SIZE_MAX */
	size_t finding_count, finding_capacity, finding_verifier_capacity;
	struct verifier *verifiers;
	size_t verifier_count, verifier_capacity;
};

void apache_problem(struct apache_service *, struct locus, const char *format, ...) PRINTF(3, 4);
/* Whether the directive is read at all; any case. */
bool apache_directive_is_known(const char *name);
/* Levels, addresses, and what else the directives say. */
void apache_read_levels(struct apache_service *);

/* False where the text is no address; a port that is not given is any. */
bool apache_address_parse(struct arena *, const char *text, struct apache_address *ret);
/* Where a virtual host, or the server itself where level is 0, is reached. */
const struct endpoint *apache_endpoints(
	struct apache_service *, size_t level, const char *path, size_t *ret_count);
/* The path of a request that meets a Directory, Location or Files section within a virtual host;
 * NULL where that cannot be told. */
const char *apache_request_path(struct apache_service *, size_t host, size_t section);

/* Verifiers, and what the configuration alone shows. */
void apache_build(struct apache_service *);

/* Keeps a line of SSLOCSP…; false where httpd would not start with its value. */
bool apache_ocsp_take(struct apache_level *, const struct apache_item *);
/* What a virtual host says of OCSP, or else the server. */
struct ocsp_policy apache_ocsp_policy(const struct apache_service *, size_t host);

/* The user whom the workers become by the configuration, through the world's own /etc/passwd and
 * /etc/group; NULL where it cannot be told. */
const struct credentials *apache_worker_credentials(
	struct arena *, struct world *, const char *user, const char *group);

/* ServerRoot before the configuration names one, of a configuration at this path. */
const char *apache_default_root(struct arena *, const char *config);
/* A variable of the server's environment: of its process, or of /etc/apache2/envvars. */
const char *apache_environment(struct apache_service *, const char *name);
/* When the parent last said in its log that it had loaded; false where it did not, or its log
 * cannot be read. */
bool apache_resumed(struct arena *, const struct service *, struct timestamp *ret);
/* When what now runs was read: by the last "resuming normal operations" in its log, if that may be
 * read; else by its children. */
struct timestamp apache_loaded(
	struct arena *, const struct service *, struct timestamp oldest_child);

int apache_test(struct arena *, const struct service *, const char **ret_output, struct err *);
int apache_reload(struct arena *, struct service *, struct err *);
int apache_start(struct arena *, struct service *, struct err *);
