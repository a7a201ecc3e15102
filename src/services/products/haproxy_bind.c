/* SPDX-License-Identifier: Apache-2.0 */
/* One bind line (configuration.txt 5.1), and the crt-list files that it names. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "services/products/haproxy.h"

enum { PORT_MAX = 65535, CERTIFICATE_LIST_MAX = 16 << 20, SECURITY_LEVEL_MAX = 5 };

enum option {
	OPTION_FLAG,  /* takes no value, and does not matter here */
	OPTION_VALUE, /* takes one, and does not matter here */
	OPTION_SSL,
	OPTION_STRICT_SNI,
	OPTION_CERTIFICATE,
	OPTION_CERTIFICATE_LIST,
	OPTION_IGNORE_LEAF,
	OPTION_IGNORE_CA,
	/* From here on those that a crt-list line may have too. */
	OPTION_VERIFY,
	OPTION_ANCHORS,
	OPTION_UNSENT,
	OPTION_CRLS,
	OPTION_NO_NAMES,
	OPTION_CIPHERS,
};

/* Those that matter, and those that take a value: that it is not taken for an option. What is not
 * listed stands alone. */
static const struct {
	const char *name;
	enum option option;
} options[] = {
	{ "accept-netscaler-cip", OPTION_VALUE },
	{ "alpn", OPTION_VALUE },
	{ "backlog", OPTION_VALUE },
	{ "ca-file", OPTION_ANCHORS },
	{ "ca-ignore-err", OPTION_IGNORE_CA },
	{ "ca-sign-file", OPTION_VALUE },
	{ "ca-sign-pass", OPTION_VALUE },
	{ "ca-verify-file", OPTION_UNSENT },
	{ "cc", OPTION_VALUE },
	{ "ciphers", OPTION_CIPHERS },
	{ "ciphersuites", OPTION_VALUE },
	{ "client-sigalgs", OPTION_VALUE },
	{ "crl-file", OPTION_CRLS },
	{ "crt", OPTION_CERTIFICATE },
	{ "crt-ignore-err", OPTION_IGNORE_LEAF },
	{ "crt-list", OPTION_CERTIFICATE_LIST },
	{ "curves", OPTION_VALUE },
	{ "default-crt", OPTION_CERTIFICATE },
	{ "ecdhe", OPTION_VALUE },
	{ "expose-fd", OPTION_VALUE },
	{ "gid", OPTION_VALUE },
	{ "group", OPTION_VALUE },
	{ "guid-prefix", OPTION_VALUE },
	{ "id", OPTION_VALUE },
	{ "interface", OPTION_VALUE },
	{ "level", OPTION_VALUE },
	{ "maxconn", OPTION_VALUE },
	{ "mode", OPTION_VALUE },
	{ "mss", OPTION_VALUE },
	{ "name", OPTION_VALUE },
	{ "namespace", OPTION_VALUE },
	{ "nbconn", OPTION_VALUE },
	{ "nice", OPTION_VALUE },
	{ "no-ca-names", OPTION_NO_NAMES },
	{ "npn", OPTION_VALUE },
	{ "ocsp-update", OPTION_VALUE },
	{ "process", OPTION_VALUE },
	{ "proto", OPTION_VALUE },
	{ "quic-cc-algo", OPTION_VALUE },
	{ "quic-socket", OPTION_VALUE },
	{ "severity-output", OPTION_VALUE },
	{ "shards", OPTION_VALUE },
	{ "sigalgs", OPTION_VALUE },
	{ "ssl", OPTION_SSL },
	{ "ssl-max-ver", OPTION_VALUE },
	{ "ssl-min-ver", OPTION_VALUE },
	{ "strict-sni", OPTION_STRICT_SNI },
	{ "tcp-ut", OPTION_VALUE },
	{ "thread", OPTION_VALUE },
	{ "tls-ticket-keys", OPTION_VALUE },
	{ "uid", OPTION_VALUE },
	{ "user", OPTION_VALUE },
	{ "verify", OPTION_VERIFY },
};

static enum option
option_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return options[i].option;
	return OPTION_FLAG;
}

static bool
option_has_value(enum option option)
{
	return option != OPTION_FLAG && option != OPTION_SSL && option != OPTION_STRICT_SNI &&
	       option != OPTION_NO_NAMES;
}

/* "@SECLEVEL=N" in an OpenSSL cipher list, the last one of them; or HAPROXY_SECURITY_LIBRARY. */
static int
security_level(const char *ciphers)
{
	static const char mark[] = "@SECLEVEL=";
	int level = HAPROXY_SECURITY_LIBRARY;

	while ((ciphers = strstr(ciphers, mark)) != NULL) {
		ciphers += strlen(mark);
		if (*ciphers >= '0' && *ciphers <= '0' + SECURITY_LEVEL_MAX)
			level = *ciphers - '0';
	}
	return level;
}

void
haproxy_set_security(const struct haproxy_word *ciphers, int *ret_level, struct locus *ret_where)
{
	*ret_level = security_level(ciphers->text);
	*ret_where = ciphers->where;
}

static void
read_verify(struct haproxy_config *config, struct haproxy_verification *verification,
	const struct haproxy_word *value)
{
	static const struct {
		const char *name;
		enum verify_mode mode;
	} modes[] = {
		{ "none", MODE_NONE },
		{ "optional", MODE_OPTIONAL },
		{ "required", MODE_REQUIRED },
	};

	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		if (strcmp(value->text, modes[i].name) != 0)
			continue;
		verification->has_mode = true;
		verification->mode = modes[i].mode;
		verification->mode_where = value->where;
		return;
	}
	haproxy_problem(config, value->where, "verify takes none, optional or required");
}

/* X509_get_default_cert_dir(): a link to /etc/ssl/certs on Debian. The world follows it. */
static const char system_certificates[] = "/usr/lib/ssl/certs";

static void
read_store(struct haproxy_config *config, struct haproxy_store *store,
	const struct haproxy_word *value)
{
	bool known;
	const char *directory;

	*store = (struct haproxy_store){ .given = true, .where = value->where };
	if (strcmp(value->text, "@system-ca") == 0) {
		directory = haproxy_variable(config, "SSL_CERT_DIR", &known);
		store->path = directory != NULL ? directory : system_certificates;
		store->is_system = true;
	} else if (value->unknown) {
		haproxy_problem(config, value->where,
			"the path stands on an environment variable whose value is not known here");
	} else {
		store->path = haproxy_path(config, config->ca_base, value->text);
	}
}

/* The options that bind lines and crt-list lines share. False where it is none of them. */
static bool
read_verification(struct haproxy_config *config, struct haproxy_verification *verification,
	enum option option, const struct haproxy_word *value)
{
	switch (option) {
	case OPTION_VERIFY:
		read_verify(config, verification, value);
		return true;
	case OPTION_ANCHORS:
		read_store(config, &verification->anchors, value);
		return true;
	case OPTION_UNSENT:
		read_store(config, &verification->unsent, value);
		return true;
	case OPTION_CRLS:
		read_store(config, &verification->crls, value);
		return true;
	case OPTION_NO_NAMES:
		verification->no_names = true;
		return true;
	case OPTION_CIPHERS:
		haproxy_set_security(value, &verification->security, &verification->security_where);
		return true;
	default:
		return false;
	}
}

/* "all", or numbers separated by commas, each read as atoi() would: "10x" is 10. Names are not
 * known to 2.6. */
static void
read_ignored(struct haproxy_config *config, struct haproxy_ignored *ignored,
	const struct haproxy_word *value)
{
	const char *at = value->text;

	ignored->where = value->where;
	ignored->any = true;
	if (strcmp(at, "all") == 0) {
		ignored->all = true;
		return;
	}
	for (; at != NULL; at = strchr(at, ',')) {
		long error;

		at += *at == ',';
		error = strtol(at, NULL, 10);
		if (error < 1 || error >= VERIFIER_IGNORED_ERRORS) {
			haproxy_problem(config, value->where,
				"takes \"all\", or error numbers separated by commas");
			return;
		}
		ignored->errors[error] = true;
	}
}

/* What reading a crt-list needs. */
struct list_context {
	struct haproxy_config *config;
	struct haproxy_bind *bind;
	bool is_first; /* of the bind line */
};

const char *
haproxy_server_name(struct arena *arena, const char *pattern)
{
	if (text_starts(pattern, "*."))
		return arena_printf(arena, "trustmend%s", pattern + 1);
	return arena_strdup(arena, pattern);
}

/* A name that a client may ask for to be served by this line. */
static const char *
filter_name(struct haproxy_config *config, const struct haproxy_certificate *line)
{
	for (size_t i = line->options_end > 0 ? line->options_end : 1; i < line->count; i++) {
		const char *text = line->words[i].text;

		if (*text == '!' || strcmp(text, "*") == 0)
			continue;
		return haproxy_server_name(config->arena, text);
	}
	return NULL;
}

static void
list_certificate(void *context, const struct haproxy_certificate *line)
{
	struct list_context *list = context;
	struct haproxy_config *config = list->config;
	struct haproxy_bind *bind = list->bind;
	struct haproxy_entry *entry;

	if (config->certificate_count == HAPROXY_MAX_CERTIFICATES)
		return;
	config->certificate_count++;
	bind->entries = arena_grow(config->arena, bind->entries, bind->entry_count,
		&bind->entry_capacity, sizeof(*bind->entries));
	entry = &bind->entries[bind->entry_count++];
	*entry = (struct haproxy_entry){
		.certificate = haproxy_path(config, config->crt_base, line->words[0].text),
		.verification.security = HAPROXY_SECURITY_UNSET,
		.filter = filter_name(config, line),
		.is_first = list->is_first,
		.where = line->where,
	};
	list->is_first = false;
	for (size_t i = line->options_begin; i < line->options_end; i++) {
		enum option option = option_find(line->words[i].text);
		size_t value = i + 1;

		if (option_has_value(option) && value == line->options_end) {
			haproxy_problem(config, line->words[i].where,
				"the value of this option is missing");
			return;
		}
		(void)read_verification(config, &entry->verification, option, &line->words[value]);
		i += option_has_value(option);
	}
}

static void
list_problem(void *context, struct locus where, const char *text)
{
	struct list_context *list = context;

	haproxy_problem(list->config, where, text);
}

static void
read_list(
	struct haproxy_config *config, struct haproxy_bind *bind, const struct haproxy_word *value)
{
	const char *path = haproxy_path(config, NULL, value->text);
	struct list_context list = { config, bind,
		bind->entry_count == 0 && !bind->has_certificates };
	const struct haproxy_certificate_reader reader = { &list, list_certificate, list_problem };
	struct err err = {};
	struct span bytes;

	if (value->unknown)
		return;
	if (world_read(config->world, path, CERTIFICATE_LIST_MAX, &bytes, &err) < 0) {
		haproxy_problem(config, value->where,
			arena_printf(
				config->arena, "the crt-list cannot be read: %s", err.message));
		return;
	}
	haproxy_config_file(config, path);
	haproxy_read_certificates(&reader, path, bytes);
}

static void
read_option(struct haproxy_config *config, struct haproxy_bind *bind, enum option option,
	const struct haproxy_word *value)
{
	if (read_verification(config, &bind->verification, option, value))
		return;
	switch (option) {
	case OPTION_SSL:
		bind->ssl = true;
		/* bind_parse_ssl(): the default of the moment, unless ciphers came before. */
		if (bind->verification.security != HAPROXY_SECURITY_UNSET)
			break;
		bind->verification.security = config->default_security;
		bind->verification.security_where = config->default_security_where;
		break;
	case OPTION_STRICT_SNI:
		bind->strict_sni = true;
		break;
	case OPTION_CERTIFICATE:
		if (bind->certificate == NULL)
			bind->certificate = haproxy_path(config, config->crt_base, value->text);
		bind->has_certificates = true;
		break;
	case OPTION_CERTIFICATE_LIST:
		read_list(config, bind, value);
		break;
	case OPTION_IGNORE_LEAF:
		read_ignored(config, &bind->leaf, value);
		break;
	case OPTION_IGNORE_CA:
		read_ignored(config, &bind->ca, value);
		break;
	default:
		break;
	}
}

/* "4-8", "443": the first and the last port, or false. */
static bool
read_ports(const char *text, unsigned long *ret_first, unsigned long *ret_last)
{
	char *end;

	*ret_first = *ret_last = strtoul(text, &end, 10);
	if (end == text || !isdigit((unsigned char)*text))
		return false;
	if (*end == '-' && isdigit((unsigned char)end[1]))
		*ret_last = strtoul(end + 1, &end, 10);
	return *end == '\0' && *ret_first > 0 && *ret_first <= *ret_last && *ret_last <= PORT_MAX;
}

/* Behind "ipv4@" and its like; NULL for what is no TCP socket with an address: unix@, abns@, fd@,
 * sockpair@, udp@, quic4@ and paths (configuration.txt 4.2, bind). */
static const char *
without_family(const char *text)
{
	static const char *const families[] = { "ipv4@", "ipv6@", "tcp4@", "tcp6@", "tcp@" };

	if (text_starts(text, "stream+"))
		text += strlen("stream+");
	for (size_t i = 0; i < COUNT_OF(families); i++)
		if (text_starts(text, families[i]))
			return text + strlen(families[i]);
	return *text == '/' || strchr(text, '@') != NULL ? NULL : text;
}

/* One address of the list. */
static void
read_address(struct haproxy_config *config, struct endpoint *list, size_t *count,
	const struct haproxy_word *word, const char *text)
{
	const char *address = without_family(text), *colon;
	unsigned long first, last;
	size_t length;

	if (address == NULL)
		return;
	colon = strrchr(address, ':');
	if (colon == NULL || !read_ports(colon + 1, &first, &last)) {
		if (!word->unknown)
			haproxy_problem(config, word->where, "an address without a valid port");
		return;
	}
	length = (size_t)(colon - address);
	if (length > 1 && *address == '[' && address[length - 1] == ']') {
		address++;
		length -= 2;
	}
	for (unsigned long port = first; port <= last && *count < HAPROXY_MAX_ENDPOINTS; port++)
		list[(*count)++] = (struct endpoint){
			.address =
				length == 0 ? "*" : arena_strndup(config->arena, address, length),
			.port = (unsigned)port,
			.http_path = "/",
		};
}

static void
read_addresses(
	struct haproxy_config *config, struct haproxy_bind *bind, const struct haproxy_word *word)
{
	struct endpoint *list = arena_alloc(config->arena, HAPROXY_MAX_ENDPOINTS * sizeof(*list));
	char *text = arena_strdup(config->arena, word->text), *rest = text;

	bind->endpoints = list;
	for (char *item; (item = strsep(&rest, ",")) != NULL;)
		read_address(config, list, &bind->endpoint_count, word, item);
}

void
haproxy_read_bind(struct haproxy_config *config, const struct haproxy_line *line,
	const struct haproxy_word *words, size_t count)
{
	struct haproxy_bind bind = {
		.proxy = config->proxy_count - 1,
		.where = line->where,
		.uncertain = line->uncertain,
		.verification.security = HAPROXY_SECURITY_UNSET,
	};

	if (count == 0) {
		haproxy_problem(config, line->where, "a bind line without an address");
		return;
	}
	if (config->bind_count == HAPROXY_MAX_BINDS)
		return;
	bind.address = text_sanitize(config->arena, words[0].text, strlen(words[0].text));
	read_addresses(config, &bind, &words[0]);
	for (size_t i = 1; i < count; i++) {
		enum option option = option_find(words[i].text);

		if (option_has_value(option) && i + 1 == count) {
			haproxy_problem(
				config, words[i].where, "the value of this option is missing");
			break;
		}
		read_option(config, &bind, option, &words[i + 1]);
		i += option_has_value(option);
	}
	config->binds = arena_grow(config->arena, config->binds, config->bind_count,
		&config->bind_capacity, sizeof(*config->binds));
	config->binds[config->bind_count++] = bind;
}
