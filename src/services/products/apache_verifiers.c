/* SPDX-License-Identifier: Apache-2.0 */
/* Levels into verifiers, as mod_ssl merges them and asks for certificates. */
#include <string.h>

#include "services/products/apache.h"

enum {
	LIBRARY_SECURITY_LEVEL = 2, /* Debian's OpenSSL 3.0 is built so */
	DEFAULT_DEPTH = 1,          /* ssl_engine_init.c */
};

/* One place where certificates are asked for: a virtual host (0: the server itself), and a section
 * in it; section is 0 where the whole host is meant. */
struct place {
	size_t host, section;
};

/* How much a mode asks for: a section takes effect only where it asks for more. */
static int
rank_of(enum verify_mode mode)
{
	static const int ranks[] = {
		[MODE_NONE] = 0,
		[MODE_OPTIONAL] = 1,
		[MODE_OPTIONAL_NO_CA] = 1,
		[MODE_REQUIRED] = 2,
	};

	return ranks[mode];
}

/* The next level outwards that counts at this place, or SIZE_MAX: sections around, the virtual
 * host, the server. */
static size_t
outwards(const struct apache_service *apache, struct place place, size_t level)
{
	const struct apache_level *at = &apache->levels[level];

	if (at->kind == APACHE_LEVEL_DIRECTORY)
		return apache->levels[at->parent].kind == APACHE_LEVEL_DIRECTORY ? at->parent
										 : place.host;
	return level == 0 ? SIZE_MAX : 0;
}

static size_t
innermost(struct place place)
{
	return place.section != 0 ? place.section : place.host;
}

static const struct apache_level *
level_of_mode(const struct apache_service *apache, struct place place)
{
	for (size_t i = innermost(place); i != SIZE_MAX; i = outwards(apache, place, i))
		if (apache->levels[i].has_mode)
			return &apache->levels[i];
	return NULL;
}

static const struct apache_level *
level_of_depth(const struct apache_service *apache, struct place place)
{
	for (size_t i = innermost(place); i != SIZE_MAX; i = outwards(apache, place, i))
		if (apache->levels[i].has_depth)
			return &apache->levels[i];
	return NULL;
}

static enum verify_mode
mode_of(const struct apache_service *apache, struct place place)
{
	const struct apache_level *level = level_of_mode(apache, place);

	return level != NULL ? level->mode : MODE_NONE;
}

static int
depth_of(const struct apache_service *apache, struct place place)
{
	const struct apache_level *level = level_of_depth(apache, place);

	return level != NULL ? level->depth : DEFAULT_DEPTH;
}

static const struct apache_path *
file_of(const struct apache_service *apache, size_t host, enum apache_file file)
{
	const struct apache_path *own = &apache->levels[host].files[file];

	return own->path != NULL ? own : &apache->levels[0].files[file];
}

static const struct apache_level *
level_of_check(const struct apache_service *apache, size_t host)
{
	return &apache->levels[apache->levels[host].has_check ? host : 0];
}

static bool
has_any(const struct apache_service *apache, size_t host, enum apache_file a, enum apache_file b)
{
	return file_of(apache, host, a)->path != NULL || file_of(apache, host, b)->path != NULL;
}

static void
finding(struct apache_service *apache, size_t verifier, enum cause_code cause,
	enum severity severity, struct locus where, const char *text)
{
	apache->finding_verifiers =
		arena_grow(apache->arena, apache->finding_verifiers, apache->finding_count,
			&apache->finding_verifier_capacity, sizeof(*apache->finding_verifiers));
	apache->findings = arena_grow(apache->arena, apache->findings, apache->finding_count,
		&apache->finding_capacity, sizeof(*apache->findings));
	/* By index: the array of verifiers may still move. */
	apache->finding_verifiers[apache->finding_count] = verifier;
	apache->findings[apache->finding_count++] = (struct config_finding){
		.cause = cause,
		.severity = severity,
		.where = where,
		.text = text,
	};
}

/* What is looked up at a handshake is looked up by a child, which is in its ChrootDir by then. */
static const char *
path_when_read(const struct apache_service *apache, const char *path, unsigned read_times)
{
	if (apache->chroot == NULL || read_times != READ_AT_HANDSHAKE)
		return path;
	return path_join(apache->arena, apache->chroot, path + strspn(path, "/"));
}

static void
add_source(const struct apache_service *apache, struct verifier *verifier,
	struct trust_source *list, size_t host, enum apache_file file, enum trust_role role)
{
	static const struct {
		enum store_loader loader;
		unsigned read_times;
	} kinds[] = {
		[APACHE_CA_FILE] = { LOADER_OPENSSL_FILE, READ_AT_LOAD },
		/* Its names are read at load, by anybody's leave: root's. Its certificates are
		 * looked up at each handshake. */
		[APACHE_CA_PATH] = { LOADER_OPENSSL_DIRECTORY, READ_AT_HANDSHAKE },
		[APACHE_NAMES_FILE] = { LOADER_OPENSSL_NAMES, READ_AT_LOAD },
		[APACHE_NAMES_PATH] = { LOADER_OPENSSL_DIRECTORY, READ_AT_LOAD },
		[APACHE_CRL_FILE] = { LOADER_OPENSSL_FILE, READ_AT_LOAD },
		[APACHE_CRL_PATH] = { LOADER_OPENSSL_DIRECTORY, READ_AT_HANDSHAKE },
	};
	const struct apache_path *path = file_of(apache, host, file);

	if (path->path == NULL)
		return;
	list[verifier->source_count++] = (struct trust_source){
		.role = role,
		.loader = kinds[file].loader,
		.read_times = kinds[file].read_times,
		.path = path_when_read(apache, path->path, kinds[file].read_times),
		.directive = path->directive,
		.where = path->where,
		.inherited = path != &apache->levels[host].files[file],
	};
}

/* ssl_init_ctx_verify(), ssl_init_ctx_crl(). */
static void
set_sources(const struct apache_service *apache, struct verifier *verifier, size_t host)
{
	struct trust_source *list = arena_alloc(apache->arena, APACHE_FILE__COUNT * sizeof(*list));
	bool has_names = has_any(apache, host, APACHE_NAMES_FILE, APACHE_NAMES_PATH);
	bool has_anchors = has_any(apache, host, APACHE_CA_FILE, APACHE_CA_PATH);
	enum trust_role anchors = has_names ? ROLE_ANCHORS_UNSENT : ROLE_ANCHORS;

	verifier->sources = list;
	add_source(apache, verifier, list, host, APACHE_CA_FILE, anchors);
	add_source(apache, verifier, list, host, APACHE_CA_PATH, anchors);
	/* Without a CA nobody looks at the names. */
	if (has_anchors) {
		add_source(apache, verifier, list, host, APACHE_NAMES_FILE, ROLE_NAMES);
		add_source(apache, verifier, list, host, APACHE_NAMES_PATH, ROLE_NAMES);
	}
	add_source(apache, verifier, list, host, APACHE_CRL_FILE, ROLE_CRLS);
	add_source(apache, verifier, list, host, APACHE_CRL_PATH, ROLE_CRLS);
	/* The list is made of the file and the directory together: only where there is no directory
	 * does the file alone decide whether it is empty (AH01896). */
	verifier->names_required =
		file_of(apache, host, has_names ? APACHE_NAMES_PATH : APACHE_CA_PATH)->path == NULL;
}

/* A line of its own behind the one that asks for certificates. */
static void
set_insertion(struct apache_service *apache, struct setting *depth, const struct apache_item *line)
{
	if (line == NULL || line->where.path == NULL)
		return;
	depth->insert = line->where;
	depth->insert.offset += line->where.length;
	depth->insert.length = 0;
	depth->insert_format =
		*line->ending != '\0'
			? arena_printf(apache->arena, "%sSSLVerifyDepth %%d%s", line->indent,
				  line->ending)
			: arena_printf(apache->arena, "\n%sSSLVerifyDepth %%d\n", line->indent);
}

/*
 * httpd counts the certificates above the leaf (ssl_callback_SSLVerify: errdepth > depth), so N
 * allows N - 1 intermediates; 0 allows self-signed clients alone, which no number of intermediates
 * says: that is a finding of its own.
 */
static void
set_depth(struct apache_service *apache, struct verifier *verifier, struct place place)
{
	const struct apache_level *level = level_of_depth(apache, place);
	const struct apache_level *mode = level_of_mode(apache, place);
	struct setting *depth = &verifier->depth;

	*depth = (struct setting){
		.value = level != NULL && level->depth > 0 ? level->depth - 1 : 0,
		.is_default = level == NULL,
		.where = level != NULL ? level->depth_where : (struct locus){},
		.bias = 1,
		.directive = "SSLVerifyDepth",
	};
	set_insertion(apache, depth, mode != NULL ? mode->mode_line : NULL);
}

/* ssl_init_ctx_cipher_suite(), and SSLOpenSSLConfCmd behind it. */
static void
set_security(const struct apache_service *apache, struct verifier *verifier, size_t host)
{
	const struct apache_level *own = &apache->levels[host], *server = &apache->levels[0];
	const struct apache_level *ciphers = own->has_ciphers ? own : server;

	verifier->security_level = LIBRARY_SECURITY_LEVEL;
	if (own->command_security >= 0 || server->command_security >= 0) {
		const struct apache_level *command = own->command_security >= 0 ? own : server;

		verifier->security_level = command->command_security;
		verifier->security_where = command->command_where;
	} else if (ciphers->ciphers_security >= 0) {
		verifier->security_level = ciphers->ciphers_security;
		verifier->security_where = ciphers->ciphers_where;
	}
}

static const char *
section_title(struct apache_service *apache, size_t section)
{
	const struct apache_item *open = apache->levels[section].open;

	if (open->word_count == 0)
		return open->name;
	return arena_printf(
		apache->arena, "%s %s", open->name, open->words[open->word_count - 1].text);
}

/* "127.0.0.1:8443 localhost", "*:443 www.example.org Location /secure" */
static const char *
place_name(struct apache_service *apache, struct place place)
{
	const struct apache_level *host = &apache->levels[place.host];
	const char *name = host->name, *text;

	if (name == NULL && place.host == 0)
		name = "main server";
	if (place.host != 0 && host->open->word_count > 0)
		text = arena_printf(apache->arena, "%s%s%s", host->open->words[0].text,
			name != NULL ? " " : "", name != NULL ? name : "");
	else
		text = name != NULL ? name : "virtual host";
	if (place.section != 0)
		text = arena_printf(
			apache->arena, "%s %s", text, section_title(apache, place.section));
	return text_sanitize(apache->arena, text, strnlen(text, 500));
}

static bool
name_is_taken(const struct apache_service *apache, const char *name)
{
	for (size_t i = 0; i < apache->verifier_count; i++)
		if (strcmp(apache->verifiers[i].name, name) == 0)
			return true;
	return false;
}

static const char *
unique_name(struct apache_service *apache, struct place place)
{
	const char *wanted = place_name(apache, place), *name = wanted;

	apache->work += apache->verifier_count;
	if (!name_is_taken(apache, name))
		return name;
	/* By the line, which is unique at once, were there thousands of them. */
	name = arena_printf(apache->arena, "%s (line %u)", wanted,
		apache->levels[innermost(place)].open != NULL
			? apache->levels[innermost(place)].open->where.line
			: 0);
	if (!name_is_taken(apache, name))
		return name;
	return arena_printf(apache->arena, "%s (%zu)", wanted, apache->verifier_count + 1);
}

static size_t
add_verifier(struct apache_service *apache, struct place place, const char *path)
{
	const struct apache_level *mode = level_of_mode(apache, place);
	const struct apache_level *check = level_of_check(apache, place.host);
	struct verifier verifier = {
		.name = unique_name(apache, place),
		.mode = mode != NULL ? mode->mode : MODE_NONE,
		.mode_where = mode != NULL ? mode->mode_where : (struct locus){},
		.mode_directive = "SSLVerifyClient",
		.engine = "openssl",
		.crl_check = check->has_check ? check->check : CRL_CHECK_NONE,
		.crl_check_where = check->check_where,
		.crl_missing_ok = check->crl_missing_ok,
		.ocsp = apache_ocsp_policy(apache, place.host),
		.depth_counts_all = true,
	};

	set_sources(apache, &verifier, place.host);
	set_depth(apache, &verifier, place);
	set_security(apache, &verifier, place.host);
	/* Where no path is known that leads there, no request can tell. */
	if (path != NULL)
		verifier.endpoints =
			apache_endpoints(apache, place.host, path, &verifier.endpoint_count);
	apache->verifiers = arena_grow(apache->arena, apache->verifiers, apache->verifier_count,
		&apache->verifier_capacity, sizeof(*apache->verifiers));
	apache->verifiers[apache->verifier_count] = verifier;
	return apache->verifier_count++;
}

static void
check_mode(struct apache_service *apache, size_t index, struct place place)
{
	const struct verifier *verifier = &apache->verifiers[index];
	bool has_anchors = has_any(apache, place.host, APACHE_CA_FILE, APACHE_CA_PATH);

	if (verifier->mode == MODE_OPTIONAL_NO_CA)
		finding(apache, index, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_WARNING,
			verifier->mode_where,
			"SSLVerifyClient optional_no_ca lets clients of unknown CAs in: only what "
			"stands behind the server can refuse them");
	else if (verifier->mode != MODE_NONE && !has_anchors)
		finding(apache, index, CAUSE_POLICY_WRONG_DIRECTIVE,
			verifier->mode == MODE_REQUIRED ? SEVERITY_CRITICAL : SEVERITY_WARNING,
			verifier->mode_where,
			"certificates are asked for, and neither SSLCACertificateFile nor "
			"SSLCACertificatePath says whose: every one is refused (AH01897)");
	if (verifier->mode != MODE_NONE && depth_of(apache, place) == 0)
		finding(apache, index, CAUSE_CHAIN_DEPTH_LIMIT,
			verifier->mode == MODE_REQUIRED ? SEVERITY_CRITICAL : SEVERITY_WARNING,
			verifier->depth.where,
			"SSLVerifyDepth 0 accepts self-signed client certificates alone: none that "
			"a CA issued");
}

static void
check_crls(struct apache_service *apache, size_t index, size_t host)
{
	enum apache_file file = file_of(apache, host, APACHE_CRL_FILE)->path != NULL
					? APACHE_CRL_FILE
					: APACHE_CRL_PATH;
	const struct apache_path *path = file_of(apache, host, file);

	if (path->path == NULL || apache->verifiers[index].mode == MODE_NONE ||
		apache->verifiers[index].crl_check != CRL_CHECK_NONE)
		return;
	finding(apache, index, CAUSE_CRL_NOT_ENFORCED, SEVERITY_WARNING, path->where,
		"revocation lists are named and not looked at: SSLCARevocationCheck is not set "
		"(AH01902), so that revoked clients get in");
}

static void
check_inheritance(struct apache_service *apache, size_t index, struct place place)
{
	const struct verifier *verifier = &apache->verifiers[index];
	struct place host = { .host = place.host };

	if (rank_of(verifier->mode) <= rank_of(mode_of(apache, host)))
		return;
	finding(apache, index, CAUSE_POLICY_INHERITANCE, SEVERITY_NOTE, verifier->mode_where,
		"this section asks for a certificate that its virtual host does not ask for: with "
		"TLS 1.3 that needs post-handshake authentication, and clients without it get 403 "
		"(AH10158); with TLS 1.2 it needs renegotiation");
}

static bool
host_has_ssl(const struct apache_service *apache, size_t host)
{
	const struct apache_level *own = &apache->levels[host], *server = &apache->levels[0];

	return own->has_engine ? own->engine : server->has_engine && server->engine;
}

/* AH01899: it does not start. */
static void
check_start(struct apache_service *apache, size_t host)
{
	const struct apache_level *check = level_of_check(apache, host);

	if (!check->has_check || check->check == CRL_CHECK_NONE ||
		has_any(apache, host, APACHE_CRL_FILE, APACHE_CRL_PATH))
		return;
	for (size_t i = 0; i < apache->problem_count; i++)
		if (apache->problems[i].where.path == check->check_where.path &&
			apache->problems[i].where.offset == check->check_where.offset)
			return;
	apache_problem(apache, check->check_where,
		"revocation is checked, and neither SSLCARevocationFile nor SSLCARevocationPath "
		"names a list: the server does not start (AH01899)");
}

/* Whether the server's own settings ever meet a connection: with virtual hosts for all that it
 * listens on, they are only inherited. */
static bool
server_is_reached(struct apache_service *apache)
{
	size_t count;

	(void)apache_endpoints(apache, 0, "/", &count);
	return count > 0 || apache->listen_count == 0;
}

static bool
is_reached(const struct apache_service *apache, size_t host)
{
	return host != 0 || apache->server_is_reached;
}

static void
build_host(struct apache_service *apache, size_t host)
{
	struct place place = { .host = host };
	size_t index;

	if (!host_has_ssl(apache, host))
		return;
	check_start(apache, host);
	if (!is_reached(apache, host) || apache->verifier_count >= SERVICE_MAX_VERIFIERS)
		return;
	if (mode_of(apache, place) == MODE_NONE &&
		!has_any(apache, host, APACHE_CA_FILE, APACHE_CA_PATH) &&
		!has_any(apache, host, APACHE_CRL_FILE, APACHE_CRL_PATH))
		return;
	index = add_verifier(apache, place, "/");
	check_mode(apache, index, place);
	check_crls(apache, index, host);
}

/* The virtual host that a section stands in; 0 where it is at the level of the server. */
static size_t
host_around(const struct apache_service *apache, size_t section)
{
	while (apache->levels[section].kind == APACHE_LEVEL_DIRECTORY)
		section = apache->levels[section].parent;
	return section;
}

/* A section changes something where it asks for more than its virtual host does, or allows less.
 * (ssl_hook_Access: it renegotiates only then.) */
static bool
section_matters(const struct apache_service *apache, struct place place)
{
	struct place host = { .host = place.host };
	enum verify_mode mode = mode_of(apache, place), outer = mode_of(apache, host);

	if (mode == MODE_NONE || !host_has_ssl(apache, place.host))
		return false;
	return rank_of(mode) > rank_of(outer) ||
	       (rank_of(mode) == rank_of(outer) &&
		       depth_of(apache, place) < depth_of(apache, host));
}

static bool
build_section(struct apache_service *apache, struct place place, bool without_path)
{
	const char *path;
	size_t index;

	apache->work++;
	if (!section_matters(apache, place) || !is_reached(apache, place.host) ||
		apache->verifier_count >= SERVICE_MAX_VERIFIERS ||
		apache->work > APACHE_MAX_MATCHING)
		return false;
	path = apache_request_path(apache, place.host, place.section);
	if (path == NULL && !without_path)
		return false;
	index = add_verifier(apache, place, path);
	check_mode(apache, index, place);
	check_crls(apache, index, place.host);
	check_inheritance(apache, index, place);
	return true;
}

/* A section of the server's level counts in every virtual host that has a path to it; where none
 * has, it is kept for the first. */
static void
build_sections(struct apache_service *apache, size_t section)
{
	size_t around = host_around(apache, section);
	bool built = false;

	if (!apache->levels[section].has_mode && !apache->levels[section].has_depth)
		return;
	if (around != 0) {
		(void)build_section(apache, (struct place){ around, section }, true);
		return;
	}
	for (size_t host = 0; host < apache->level_count; host++)
		if (apache->levels[host].kind != APACHE_LEVEL_DIRECTORY)
			built |= build_section(apache, (struct place){ host, section }, false);
	for (size_t host = 0; host < apache->level_count && !built; host++)
		if (apache->levels[host].kind != APACHE_LEVEL_DIRECTORY)
			built = build_section(apache, (struct place){ host, section }, true);
}

void
apache_build(struct apache_service *apache)
{
	apache->server_is_reached = server_is_reached(apache);
	for (size_t i = 0; i < apache->level_count; i++)
		if (apache->levels[i].kind != APACHE_LEVEL_DIRECTORY)
			build_host(apache, i);
	for (size_t i = 0; i < apache->level_count; i++)
		if (apache->levels[i].kind == APACHE_LEVEL_DIRECTORY)
			build_sections(apache, i);
	for (size_t i = 0; i < apache->finding_count; i++)
		if (apache->finding_verifiers[i] != SIZE_MAX)
			apache->findings[i].verifier =
				&apache->verifiers[apache->finding_verifiers[i]];
}
