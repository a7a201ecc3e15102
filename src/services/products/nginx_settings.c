/* SPDX-License-Identifier: Apache-2.0 */
#include "services/products/nginx_settings.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "services/library.h"
#include "services/products/nginx_ocsp.h"

enum setting_name {
	SET_CERTIFICATE,
	SET_CIPHERS,
	SET_CLIENT,
	SET_CRL,
	SET_DEPTH,
	SET_OCSP,
	SET_OCSP_RESPONDER,
	SET_RESOLVER,
	SET_SSL,
	SET_TRUSTED,
	SET_VERIFY,
	SET__COUNT
};

struct directive_row {
	const char *name;
	bool repeats; /* may be given several times at one level */
};

static const struct directive_row rows[] = {
	[SET_CERTIFICATE] = { "ssl_certificate", true },
	[SET_CIPHERS] = { "ssl_ciphers", false },
	[SET_CLIENT] = { "ssl_client_certificate", false },
	[SET_CRL] = { "ssl_crl", false },
	[SET_DEPTH] = { "ssl_verify_depth", false },
	[SET_OCSP] = { "ssl_ocsp", false },
	[SET_OCSP_RESPONDER] = { "ssl_ocsp_responder", false },
	[SET_RESOLVER] = { "resolver", true }, /* once, of several words */
	[SET_SSL] = { "ssl", false },
	[SET_TRUSTED] = { "ssl_trusted_certificate", false },
	[SET_VERIFY] = { "ssl_verify_client", false },
};

static_assert(COUNT_OF(rows) == SET__COUNT);

struct mode_row {
	const char *word;
	enum verify_mode mode;
};

static const struct mode_row modes[] = {
	{ "off", MODE_NONE },
	{ "on", MODE_REQUIRED },
	{ "optional", MODE_OPTIONAL },
	{ "optional_no_ca", MODE_OPTIONAL_NO_CA },
};

enum {
	DEPTH_DEFAULT = 1,
	/* Debian compiles OpenSSL with -DOPENSSL_TLS_SECURITY_LEVEL=2. */
	SECURITY_DEFAULT = 2,
	INDENT_MAX = 64,
};

/* Which directives are in force, and where each was set. */
struct settings {
	const struct nginx_directive *set[SET__COUNT];
	bool inherited[SET__COUNT];
	const struct nginx_directive *commands; /* the first ssl_conf_command of its level */
};

static void
note_problem(struct nginx_notes *notes, const struct nginx_directive *at, const char *text)
{
	/* What is wrong at an outer level is met again by each server. */
	for (size_t i = 0; i < notes->problem_count; i++)
		if (notes->problems[i].where.offset == at->words[0].where.offset &&
			strcmp(notes->problems[i].where.path, at->words[0].where.path) == 0)
			return;
	if (notes->problem_count >= NGINX_MAX_PROBLEMS)
		return;
	notes->problems = arena_grow(notes->arena, notes->problems, notes->problem_count,
		&notes->problem_capacity, sizeof(*notes->problems));
	notes->problems[notes->problem_count++] =
		(struct config_problem){ .where = at->words[0].where,
			.text = text_sanitize(notes->arena, text, strlen(text)) };
}

static void
note_finding(struct nginx_notes *notes, struct config_finding finding)
{
	finding.text = text_sanitize(notes->arena, finding.text, strlen(finding.text));
	notes->findings = arena_grow(notes->arena, notes->findings, notes->finding_count,
		&notes->finding_capacity, sizeof(*notes->findings));
	notes->findings[notes->finding_count++] = finding;
}

/* The directives of one level into the places that are still free. */
static void
collect(const struct nginx_level *level, const struct nginx_directive *block, bool inherited,
	struct settings *settings)
{
	const struct nginx_directive *here[SET__COUNT] = { NULL };

	for (const struct nginx_directive *directive = block->children; directive != NULL;
		directive = directive->next)
		for (size_t i = 0; i < SET__COUNT; i++) {
			if (strcmp(directive->words[0].text, rows[i].name) != 0)
				continue;
			if (!rows[i].repeats && directive->word_count != 2)
				note_problem(level->notes, directive,
					arena_printf(level->arena,
						"invalid number of arguments in \"%s\" directive",
						rows[i].name));
			else if (here[i] != NULL && !rows[i].repeats)
				note_problem(level->notes, directive,
					arena_printf(level->arena, "\"%s\" directive is duplicate",
						rows[i].name));
			else if (directive->word_count > 1)
				here[i] = directive;
		}
	for (size_t i = 0; i < SET__COUNT; i++)
		if (settings->set[i] == NULL && here[i] != NULL) {
			settings->set[i] = here[i];
			settings->inherited[i] = inherited;
		}
	if (settings->commands == NULL)
		settings->commands = nginx_directive_find(block->children, "ssl_conf_command");
}

static const char *
value_of(const struct settings *settings, enum setting_name name)
{
	return settings->set[name] != NULL ? settings->set[name]->words[1].text : "";
}

static struct locus
place_of(const struct settings *settings, enum setting_name name)
{
	return settings->set[name] != NULL ? settings->set[name]->words[1].where
					   : (struct locus){ 0 };
}

static void
read_mode(
	const struct nginx_level *level, const struct settings *settings, struct verifier *verifier)
{
	const struct nginx_directive *directive = settings->set[SET_VERIFY];

	verifier->mode_directive = rows[SET_VERIFY].name;
	verifier->mode = MODE_NONE;
	verifier->mode_where =
		directive != NULL ? directive->words[1].where : level->own->words[0].where;
	if (directive == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (strcasecmp(modes[i].word, directive->words[1].text) == 0) {
			verifier->mode = modes[i].mode;
			return;
		}
	note_problem(level->notes, directive,
		arena_printf(level->arena, "invalid value \"%s\" in \"%s\" directive",
			directive->words[1].text, rows[SET_VERIFY].name));
}

/* A file name is relative to the directory of nginx.conf (ngx_conf_full_name with conf_prefix); an
 * empty one switches off what the outer level names. */
static void
add_source(const struct nginx_level *level, const struct settings *settings, enum setting_name name,
	enum trust_role role, struct verifier *verifier)
{
	struct trust_source *sources = (struct trust_source *)verifier->sources;

	if (*value_of(settings, name) == '\0')
		return;
	sources[verifier->source_count++] = (struct trust_source){
		.role = role,
		.loader = LOADER_OPENSSL_FILE,
		.read_times = READ_AT_LOAD,
		.path = path_normalize(level->arena,
			path_join(level->arena, level->conf_prefix, value_of(settings, name))),
		.directive = rows[name].name,
		.where = place_of(settings, name),
		.inherited = settings->inherited[name],
	};
}

/* In the order of ngx_http_ssl_merge_srv_conf: client CAs are read where clients are asked, the
 * others always. */
static void
read_sources(
	const struct nginx_level *level, const struct settings *settings, struct verifier *verifier)
{
	verifier->sources = arena_alloc(level->arena, SET__COUNT * sizeof(struct trust_source));
	if (verifier->mode != MODE_NONE)
		add_source(level, settings, SET_CLIENT, ROLE_ANCHORS, verifier);
	add_source(level, settings, SET_TRUSTED, ROLE_ANCHORS_UNSENT, verifier);
	add_source(level, settings, SET_CRL, ROLE_CRLS, verifier);
	if (*value_of(settings, SET_CRL) != '\0') {
		/* ngx_ssl_crl: X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL */
		verifier->crl_check = CRL_CHECK_CHAIN;
		verifier->crl_check_where = place_of(settings, SET_CRL);
	}
}

/* Nothing but blanks or a comment follows up to the end of the line; its end. */
static bool
is_rest_empty(const struct span *bytes, size_t from, size_t *ret_end)
{
	bool comment = false;

	for (size_t i = from; i < bytes->length; i++) {
		uint8_t c = bytes->data[i];

		if (c == '\n') {
			*ret_end = i + 1;
			return true;
		}
		comment = comment || c == '#';
		if (!comment && c != ' ' && c != '\t' && c != '\r')
			return false;
	}
	return false;
}

static const char *
indent_of(struct arena *arena, const struct span *bytes, size_t offset)
{
	size_t start = offset, end;

	while (start > 0 && bytes->data[start - 1] != '\n')
		start--;
	for (end = start; end < offset && (bytes->data[end] == ' ' || bytes->data[end] == '\t');)
		end++;
	return end - start > INDENT_MAX
		       ? "\t"
		       : arena_strndup(arena, (const char *)bytes->data + start, end - start);
}

/* A line of its own behind the directive; on the same line where more stands there, which may be
 * the end of the block. The format of the directive stays one. */
static struct text_setting
setting_behind(
	const struct nginx_level *level, const struct nginx_directive *after, const char *directive)
{
	const struct nginx_word *name = &after->words[0];
	struct text_setting ret = {
		.where = { .path = name->where.path,
			.line = name->where.line,
			.offset = after->end },
		.format = arena_printf(level->arena, " %s", directive),
	};
	struct span bytes;
	struct err err = { 0 };

	if (world_read(level->world, name->where.path, SERVICE_MAX_CONFIG_SIZE, &bytes, &err) < 0 ||
		!is_rest_empty(&bytes, after->end, &ret.where.offset))
		return ret;
	ret.where.line++;
	ret.format = arena_printf(level->arena, "%s%s\n",
		indent_of(level->arena, &bytes, name->where.offset), directive);
	return ret;
}

static void
set_insertion(
	const struct nginx_level *level, const struct nginx_directive *after, struct setting *ret)
{
	struct text_setting behind = setting_behind(level, after, "ssl_verify_depth %d;");

	ret->insert = behind.where;
	ret->insert_format = behind.format;
}

static void
read_depth(
	const struct nginx_level *level, const struct settings *settings, struct verifier *verifier)
{
	struct setting *depth = &verifier->depth;
	const struct nginx_directive *after = settings->set[SET_VERIFY] != NULL
						      ? settings->set[SET_VERIFY]
						      : settings->set[SET_CLIENT];
	uint64_t number;

	*depth = (struct setting){
		.value = DEPTH_DEFAULT, .is_default = true, .directive = rows[SET_DEPTH].name
	};
	if (settings->set[SET_DEPTH] == NULL) {
		if (after != NULL)
			set_insertion(level, after, depth);
		return;
	}
	depth->is_default = false;
	depth->where = place_of(settings, SET_DEPTH);
	if (text_number(value_of(settings, SET_DEPTH), INT_MAX, &number) == 0)
		depth->value = (int)number;
	else
		note_problem(level->notes, settings->set[SET_DEPTH],
			"\"ssl_verify_depth\" directive invalid number");
}

static void
set_level(const struct nginx_word *word, struct verifier *verifier)
{
	int level = library_security_level(word->text);

	if (level < 0)
		return;
	verifier->security_level = level;
	verifier->security_where = word->where;
}

static void
read_security(const struct settings *settings, struct verifier *verifier)
{
	verifier->security_level = SECURITY_DEFAULT;
	if (settings->set[SET_CIPHERS] != NULL)
		set_level(&settings->set[SET_CIPHERS]->words[1], verifier);
	/* Commands come last (ngx_ssl_conf_commands). */
	for (const struct nginx_directive *command = settings->commands; command != NULL;
		command = nginx_directive_find(command->next, "ssl_conf_command"))
		if (command->word_count == 3 &&
			strcasecmp(command->words[1].text, "CipherString") == 0)
			set_level(&command->words[2], verifier);
}

static void
read_ocsp(
	const struct nginx_level *level, const struct settings *settings, struct verifier *verifier)
{
	struct nginx_ocsp ocsp = {
		.check = settings->set[SET_OCSP],
		.responder = settings->set[SET_OCSP_RESPONDER],
		.resolver = settings->set[SET_RESOLVER],
	};
	const struct nginx_directive *at;
	const char *problem = nginx_ocsp_read(level->arena, &ocsp, verifier, &at);
	struct ocsp_policy *policy = &verifier->ocsp;

	if (problem != NULL)
		note_problem(level->notes, at, problem);
	if (policy->check == CRL_CHECK_NONE)
		return;
	policy->set_resolver = setting_behind(level, ocsp.check, "resolver %s;");
	policy->set_responder =
		ocsp.responder != NULL
			? (struct text_setting){ ocsp.responder->words[1].where, "%s" }
			: setting_behind(level, ocsp.check, "ssl_ocsp_responder %s;");
}

/* Client CAs and CRLs from two levels: they need not belong together. */
static void
note_levels(const struct nginx_level *level, const struct settings *settings,
	const struct verifier *verifier)
{
	bool has_both =
		*value_of(settings, SET_CLIENT) != '\0' && *value_of(settings, SET_CRL) != '\0';
	enum setting_name outer = settings->inherited[SET_CRL] ? SET_CRL : SET_CLIENT;
	enum setting_name own = outer == SET_CRL ? SET_CLIENT : SET_CRL;

	if (verifier->mode == MODE_NONE || !has_both ||
		settings->inherited[SET_CLIENT] == settings->inherited[SET_CRL])
		return;
	note_finding(level->notes,
		(struct config_finding){ .cause = CAUSE_POLICY_INHERITANCE,
			.severity = SEVERITY_NOTE,
			.verifier = verifier,
			.where = place_of(settings, outer),
			.text = arena_printf(level->arena,
				"%s is set for this server (line %u) and %s is inherited from the "
				"level above: each is inherited by itself",
				rows[own].name, place_of(settings, own).line, rows[outer].name) });
}

static void
note_mode(const struct nginx_level *level, const struct settings *settings,
	const struct verifier *verifier)
{
	struct config_finding finding = { .verifier = verifier, .where = verifier->mode_where };

	if (verifier->mode == MODE_OPTIONAL_NO_CA) {
		finding.cause = CAUSE_POLICY_OPTIONAL_OR_REQUIRED;
		finding.severity = SEVERITY_WARNING;
		finding.text = "ssl_verify_client optional_no_ca lets in certificates of any CA: "
			       "unless the application looks at $ssl_client_verify, nobody judges "
			       "them";
		note_finding(level->notes, finding);
	}
	if (verifier->mode != MODE_NONE)
		return;
	/* Whoever wrote "off" into this server meant it; whoever wrote nothing may have
	 * forgotten. */
	finding.severity = settings->set[SET_VERIFY] == NULL ? SEVERITY_WARNING : SEVERITY_NOTE;
	if (settings->set[SET_CLIENT] != NULL && !settings->inherited[SET_CLIENT]) {
		finding.cause = CAUSE_POLICY_OPTIONAL_OR_REQUIRED;
		finding.where = place_of(settings, SET_CLIENT);
		finding.text = "client CAs are named, and ssl_verify_client is off: no client is "
			       "asked for a certificate";
		note_finding(level->notes, finding);
	}
	if (verifier->crl_check != CRL_CHECK_NONE && !settings->inherited[SET_CRL]) {
		finding.cause = CAUSE_CRL_NOT_ENFORCED;
		finding.where = place_of(settings, SET_CRL);
		finding.text = "ssl_crl names a CRL, and ssl_verify_client is off: nobody is "
			       "checked against it";
		note_finding(level->notes, finding);
	}
}

/* 1.22 wants client CAs for the list of names that it sends; ssl_trusted_certificate alone does
 * since 1.27.2. Only a server with a certificate of its own gets that far. */
static void
note_directive(const struct nginx_level *level, const struct settings *settings,
	const struct verifier *verifier)
{
	if ((verifier->mode != MODE_REQUIRED && verifier->mode != MODE_OPTIONAL) ||
		*value_of(settings, SET_CLIENT) != '\0' || settings->set[SET_CERTIFICATE] == NULL)
		return;
	note_problem(level->notes, settings->set[SET_VERIFY],
		"no ssl_client_certificate for ssl_verify_client");
	if (*value_of(settings, SET_TRUSTED) == '\0')
		return;
	note_finding(level->notes,
		(struct config_finding){ .cause = CAUSE_POLICY_WRONG_DIRECTIVE,
			.severity = SEVERITY_CRITICAL,
			.verifier = verifier,
			.where = place_of(settings, SET_TRUSTED),
			.text = "the client CAs are named by ssl_trusted_certificate alone: nginx "
				"before 1.27.2 does not start without ssl_client_certificate" });
}

bool
nginx_verifier_read(const struct nginx_level *level, struct verifier *verifier)
{
	struct settings settings = { 0 };

	*verifier = (struct verifier){
		.engine = "openssl", .names_required = true, .last_error_decides = true
	};
	collect(level, level->own, false, &settings);
	collect(level, level->outer, true, &settings);
	read_mode(level, &settings, verifier);
	/* ssl_trusted_certificate by itself serves OCSP stapling. */
	if (verifier->mode == MODE_NONE && *value_of(&settings, SET_CLIENT) == '\0' &&
		*value_of(&settings, SET_CRL) == '\0')
		return false;
	read_sources(level, &settings, verifier);
	read_depth(level, &settings, verifier);
	read_security(&settings, verifier);
	read_ocsp(level, &settings, verifier);
	note_levels(level, &settings, verifier);
	note_mode(level, &settings, verifier);
	note_directive(level, &settings, verifier);
	return true;
}

bool
nginx_ssl_switch(const struct nginx_directive *own, const struct nginx_directive *outer)
{
	const struct nginx_directive *directive =
		nginx_directive_find(own->children, rows[SET_SSL].name);

	if (directive == NULL)
		directive = nginx_directive_find(outer->children, rows[SET_SSL].name);
	return directive != NULL && directive->word_count == 2 &&
	       strcasecmp(directive->words[1].text, "on") == 0;
}
