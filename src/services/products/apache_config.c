/* SPDX-License-Identifier: Apache-2.0 */
/* What httpd's directives say, level by level. */
#include <assert.h>
#include <string.h>

#include "services/products/apache.h"

enum { SECURITY_LEVEL_MAX = 5, DEPTH_MAX = 1'000, SECURITY_UNSET = -1 };

struct level_reading {
	struct apache_service *apache;
	size_t stack[APACHE_MAX_NESTING];
	size_t depth;
};

typedef void apply(struct apache_service *, struct apache_level *, const struct apache_item *);

void
apache_problem(struct apache_service *apache, struct locus where, const char *format, ...)
{
	va_list arguments;
	const char *text;

	if (apache->problem_count == APACHE_MAX_PROBLEMS)
		return;
	va_start(arguments, format);
	text = arena_vprintf(apache->arena, format, arguments);
	va_end(arguments);
	apache->problems = arena_grow(apache->arena, apache->problems, apache->problem_count,
		&apache->problem_capacity, sizeof(*apache->problems));
	apache->problems[apache->problem_count++] = (struct config_problem){ where,
		text_sanitize(apache->arena, text, strnlen(text, 1'000)) };
}

static const char *
absolute(const struct apache_service *apache, const char *path)
{
	return path_normalize(apache->arena, path_join(apache->arena, apache->config->root, path));
}

static void
bad_value(struct apache_service *apache, const struct apache_item *item, size_t word)
{
	apache_problem(apache, item->words[word].where, "%s: \"%s\" is no value of it", item->name,
		item->words[word].text);
}

static void
set_engine(
	struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	const char *value = item->words[0].text;

	level->engine = strcasecmp(value, "on") == 0 || strcasecmp(value, "optional") == 0;
	if (!level->engine && strcasecmp(value, "off") != 0)
		bad_value(apache, item, 0);
	level->has_engine = true;
}

static void
set_verify(
	struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	/* ssl_cmd_verify_parse() */
	static const struct {
		const char *value;
		enum verify_mode mode;
	} modes[] = {
		{ "none", MODE_NONE },
		{ "off", MODE_NONE },
		{ "optional", MODE_OPTIONAL },
		{ "optional_no_ca", MODE_OPTIONAL_NO_CA },
		{ "require", MODE_REQUIRED },
		{ "on", MODE_REQUIRED },
	};

	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		if (strcasecmp(item->words[0].text, modes[i].value) != 0)
			continue;
		level->has_mode = true;
		level->mode = modes[i].mode;
		level->mode_where = item->words[0].where;
		level->mode_line = item;
		return;
	}
	bad_value(apache, item, 0);
}

static void
set_depth(struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	uint64_t depth;

	if (text_number(item->words[0].text, INT32_MAX, &depth) < 0) {
		bad_value(apache, item, 0);
		return;
	}
	level->has_depth = true;
	level->depth = depth < DEPTH_MAX ? (int)depth : DEPTH_MAX;
	level->depth_where = item->words[0].where;
}

static void
set_check(struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	static const char *const values[] = {
		[CRL_CHECK_NONE] = "none",
		[CRL_CHECK_LEAF] = "leaf",
		[CRL_CHECK_CHAIN] = "chain",
	};
	size_t value = 0;

	while (value < COUNT_OF(values) && strcasecmp(item->words[0].text, values[value]) != 0)
		value++;
	if (value == COUNT_OF(values)) {
		bad_value(apache, item, 0);
		return;
	}
	level->has_check = true;
	level->check = (enum crl_check)value;
	level->check_where = item->words[0].where;
	level->crl_missing_ok = false;
	for (size_t i = 1; i < item->word_count; i++) {
		if (strcasecmp(item->words[i].text, "no_crl_for_cert_ok") == 0)
			level->crl_missing_ok = true;
		else
			bad_value(apache, item, i);
	}
}

static void
set_ocsp(struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	if (!apache_ocsp_take(level, item))
		bad_value(apache, item, 0);
}

static void
set_file(struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	static const char *const directives[] = {
		[APACHE_CA_FILE] = "SSLCACertificateFile",
		[APACHE_CA_PATH] = "SSLCACertificatePath",
		[APACHE_NAMES_FILE] = "SSLCADNRequestFile",
		[APACHE_NAMES_PATH] = "SSLCADNRequestPath",
		[APACHE_CRL_FILE] = "SSLCARevocationFile",
		[APACHE_CRL_PATH] = "SSLCARevocationPath",
	};
	static_assert(COUNT_OF(directives) == APACHE_FILE__COUNT);

	for (size_t i = 0; i < COUNT_OF(directives); i++)
		if (strcasecmp(item->name, directives[i]) == 0)
			level->files[i] =
				(struct apache_path){ absolute(apache, item->words[0].text),
					item->words[0].where, directives[i] };
}

/* "@SECLEVEL=N" of a cipher list, the last one. */
static void
security_of(const struct apache_word *ciphers, int *level, struct locus *where)
{
	static const char mark[] = "@SECLEVEL=";
	const char *text = ciphers->text;

	while ((text = strstr(text, mark)) != NULL) {
		text += strlen(mark);
		if (*text < '0' || *text > '0' + SECURITY_LEVEL_MAX)
			continue;
		*level = *text - '0';
		*where = ciphers->where;
	}
}

/* "SSLCipherSuite [SSL|TLSv1.3] LIST": the one of TLS 1.3 takes no level. */
static void
set_ciphers(struct apache_service *, struct apache_level *level, const struct apache_item *item)
{
	if (item->word_count == 2 && strcasecmp(item->words[0].text, "TLSv1.3") == 0)
		return;
	level->has_ciphers = true;
	level->ciphers_security = SECURITY_UNSET;
	security_of(&item->words[item->word_count - 1], &level->ciphers_security,
		&level->ciphers_where);
}

/* SSL_CONF_cmd(3). */
static void
set_command(
	struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	static const char *const others[] = { "VerifyCAFile", "VerifyCAPath", "VerifyCAStore",
		"VerifyMode", "ClientCAFile", "ClientCAPath", "RequestCAFile", "RequestCAPath" };

	if (strcasecmp(item->words[0].text, "CipherString") == 0 && item->word_count > 1)
		security_of(&item->words[1], &level->command_security, &level->command_where);
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (strcasecmp(item->words[0].text, others[i]) == 0)
			apache_problem(apache, item->where,
				"SSLOpenSSLConfCmd %s is not taken into account", others[i]);
}

static void
set_listen(struct apache_service *apache, struct apache_level *, const struct apache_item *item)
{
	struct apache_address address = {};

	if (!apache_address_parse(apache->arena, item->words[0].text, &address)) {
		bad_value(apache, item, 0);
		return;
	}
	/* "Listen 443": what stands there is the port. */
	if (address.port == APACHE_ANY_PORT && address.host != NULL) {
		uint64_t port;

		if (text_number(address.host, 65535, &port) < 0 || port == 0) {
			bad_value(apache, item, 0);
			return;
		}
		address = (struct apache_address){ .port = (unsigned)port };
	}
	if (address.port == APACHE_ANY_PORT || apache->listen_count == APACHE_MAX_ADDRESSES)
		return;
	apache->listens = arena_grow(apache->arena, apache->listens, apache->listen_count,
		&apache->listen_capacity, sizeof(*apache->listens));
	apache->listens[apache->listen_count++] = address;
}

/* "[scheme://]name[:port]" */
static void
set_name(struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	const char *name = item->words[0].text, *scheme = strstr(name, "://");
	size_t length;

	if (scheme != NULL)
		name = scheme + 3;
	length = *name == '[' ? strcspn(name, "]") + (strchr(name, ']') != NULL)
			      : strcspn(name, ":/");
	level->name =
		length > 0 && length < 256 ? arena_strndup(apache->arena, name, length) : NULL;
}

static void
set_document_root(
	struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	level->document_root = absolute(apache, item->words[0].text);
}

static void
add_alias(struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	/* Within a Location Alias has the directory alone. */
	if (item->word_count != 2 || level->kind == APACHE_LEVEL_DIRECTORY ||
		apache->alias_count == APACHE_MAX_ALIASES)
		return;
	apache->aliases = arena_grow(apache->arena, apache->aliases, apache->alias_count,
		&apache->alias_capacity, sizeof(*apache->aliases));
	apache->aliases[apache->alias_count++] = (struct apache_alias){
		.url = item->words[0].text,
		.directory = absolute(apache, item->words[1].text),
		.level = (size_t)(level - apache->levels),
	};
}

static void
set_server(
	struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	const char *value = item->words[0].text;

	/* A virtual host may have an ErrorLog of its own: that is not where starts are told. */
	if (level->kind != APACHE_LEVEL_SERVER)
		return;
	if (strcasecmp(item->name, "User") == 0)
		apache->user = value;
	else if (strcasecmp(item->name, "Group") == 0)
		apache->group = value;
	else if (strcasecmp(item->name, "ChrootDir") == 0)
		apache->chroot = absolute(apache, value);
	else if (strcasecmp(item->name, "PidFile") == 0)
		apache->pid_file = absolute(apache, value);
	else
		apache->error_log = *value == '|' || text_starts(value, "syslog")
					    ? NULL
					    : absolute(apache, value);
}

enum { SERVER = 1, HOST = 2, DIRECTORY = 4, EVERYWHERE = SERVER | HOST | DIRECTORY };

/* What is read: where it may stand, and how many arguments it takes. */
static const struct directive {
	const char *name;
	apply *apply;
	unsigned levels;
	unsigned minimum, maximum;
	bool of_ssl;
} directives[] = {
	{ "Alias", add_alias, EVERYWHERE, 1, 2, false },
	{ "ChrootDir", set_server, SERVER, 1, 1, false },
	{ "DocumentRoot", set_document_root, SERVER | HOST, 1, 1, false },
	{ "ErrorLog", set_server, SERVER | HOST, 1, 2, false },
	{ "Group", set_server, SERVER | HOST, 1, 1, false },
	{ "Listen", set_listen, SERVER, 1, 2, false },
	{ "PidFile", set_server, SERVER, 1, 1, false },
	{ "SSLCACertificateFile", set_file, SERVER | HOST, 1, 1, true },
	{ "SSLCACertificatePath", set_file, SERVER | HOST, 1, 1, true },
	{ "SSLCADNRequestFile", set_file, SERVER | HOST, 1, 1, true },
	{ "SSLCADNRequestPath", set_file, SERVER | HOST, 1, 1, true },
	{ "SSLCARevocationCheck", set_check, SERVER | HOST, 1, APACHE_MAX_NESTING, true },
	{ "SSLCARevocationFile", set_file, SERVER | HOST, 1, 1, true },
	{ "SSLCARevocationPath", set_file, SERVER | HOST, 1, 1, true },
	{ "SSLCipherSuite", set_ciphers, EVERYWHERE, 1, 2, true },
	{ "SSLEngine", set_engine, SERVER | HOST, 1, 1, true },
	{ "SSLOCSPDefaultResponder", set_ocsp, SERVER | HOST, 1, 1, true },
	{ "SSLOCSPEnable", set_ocsp, SERVER | HOST, 1, APACHE_MAX_NESTING, true },
	{ "SSLOCSPNoVerify", set_ocsp, SERVER | HOST, 1, 1, true },
	{ "SSLOCSPOverrideResponder", set_ocsp, SERVER | HOST, 1, 1, true },
	{ "SSLOCSPProxyURL", set_ocsp, SERVER | HOST, 1, 1, true },
	{ "SSLOCSPResponderCertificateFile", set_ocsp, SERVER | HOST, 1, 1, true },
	{ "SSLOCSPResponseMaxAge", set_ocsp, SERVER | HOST, 1, 1, true },
	{ "SSLOCSPResponseTimeSkew", set_ocsp, SERVER | HOST, 1, 1, true },
	{ "SSLOCSPUseRequestNonce", set_ocsp, SERVER | HOST, 1, 1, true },
	{ "SSLOpenSSLConfCmd", set_command, SERVER | HOST, 2, 2, true },
	{ "SSLVerifyClient", set_verify, EVERYWHERE, 1, 1, true },
	{ "SSLVerifyDepth", set_depth, EVERYWHERE, 1, 1, true },
	{ "ScriptAlias", add_alias, EVERYWHERE, 1, 2, false },
	{ "ServerName", set_name, SERVER | HOST, 1, 1, false },
	{ "User", set_server, SERVER | HOST, 1, 1, false },
};

static const struct directive *
directive_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(directives); i++)
		if (strcasecmp(directives[i].name, name) == 0)
			return &directives[i];
	return NULL;
}

bool
apache_directive_is_known(const char *name)
{
	return directive_find(name) != NULL;
}

static void
read_directive(
	struct apache_service *apache, struct apache_level *level, const struct apache_item *item)
{
	static const unsigned bits[] = {
		[APACHE_LEVEL_SERVER] = SERVER,
		[APACHE_LEVEL_HOST] = HOST,
		[APACHE_LEVEL_DIRECTORY] = DIRECTORY,
	};
	const struct directive *directive = directive_find(item->name);

	if (directive == NULL)
		return;
	if ((directive->levels & bits[level->kind]) == 0)
		apache_problem(apache, item->where, "%s is not allowed here", directive->name);
	else if (item->word_count < directive->minimum || item->word_count > directive->maximum)
		apache_problem(apache, item->where, "%s has %zu arguments", directive->name,
			item->word_count);
	else
		directive->apply(apache, level, item);
	if (directive->of_ssl && !apache->config->loads_ssl && !apache->ssl_without_module) {
		apache->ssl_without_module = true;
		apache_problem(apache, item->where,
			"%s, but no LoadModule line loads ssl_module: the server does not start",
			directive->name);
	}
}

static void
add_addresses(struct apache_service *apache, const struct apache_item *item, size_t level)
{
	for (size_t i = 0; i < item->word_count; i++) {
		struct apache_address address = {};

		if (!apache_address_parse(apache->arena, item->words[i].text, &address)) {
			bad_value(apache, item, i);
			continue;
		}
		if (apache->address_count == APACHE_MAX_ADDRESSES)
			return;
		address.level = level;
		apache->addresses =
			arena_grow(apache->arena, apache->addresses, apache->address_count,
				&apache->address_capacity, sizeof(*apache->addresses));
		apache->addresses[apache->address_count++] = address;
	}
}

static size_t
add_level(struct apache_service *apache, enum apache_level_kind kind, size_t parent,
	const struct apache_item *open)
{
	if (apache->level_count == APACHE_MAX_LEVELS)
		return parent;
	apache->levels = arena_grow(apache->arena, apache->levels, apache->level_count,
		&apache->level_capacity, sizeof(*apache->levels));
	apache->levels[apache->level_count] = (struct apache_level){
		.kind = kind,
		.parent = parent,
		.open = open,
		.ciphers_security = SECURITY_UNSET,
		.command_security = SECURITY_UNSET,
	};
	return apache->level_count++;
}

static void
open_section(struct level_reading *reading, const struct apache_item *item)
{
	struct apache_service *apache = reading->apache;
	size_t parent = reading->stack[reading->depth], level;
	bool is_host = strcasecmp(item->name, "VirtualHost") == 0;

	if (is_host && apache->levels[parent].kind != APACHE_LEVEL_SERVER)
		apache_problem(apache, item->where, "<VirtualHost> is not allowed here");
	level = add_level(apache, is_host ? APACHE_LEVEL_HOST : APACHE_LEVEL_DIRECTORY,
		is_host ? 0 : parent, item);
	if (is_host && level != parent)
		add_addresses(apache, item, level);
	reading->stack[++reading->depth] = level;
}

void
apache_read_levels(struct apache_service *apache)
{
	struct level_reading reading = { .apache = apache };

	/* DEFAULT_ERRORLOG as Debian's package sets it in its configuration anyway. */
	apache->error_log = absolute(apache, "logs/error_log");
	(void)add_level(apache, APACHE_LEVEL_SERVER, 0, NULL);
	for (size_t i = 0; i < apache->config->item_count; i++) {
		const struct apache_item *item = &apache->config->items[i];

		if (item->kind == APACHE_DIRECTIVE)
			read_directive(apache, &apache->levels[reading.stack[reading.depth]], item);
		else if (item->kind == APACHE_OPEN && reading.depth + 1 < COUNT_OF(reading.stack))
			open_section(&reading, item);
		else if (item->kind == APACHE_CLOSE && reading.depth > 0)
			reading.depth--;
	}
}
