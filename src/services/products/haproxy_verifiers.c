/* SPDX-License-Identifier: Apache-2.0 */
/* Bind lines into verifiers, as ssl_sock_prepare_ctx() makes contexts of them. */
#include <string.h>

#include "services/products/haproxy.h"

/* The library's own level where no cipher list sets one: Debian's OpenSSL 3.0 is built so. */
enum { LIBRARY_SECURITY_LEVEL = 2, MAX_SOURCES = 3, DNS_NAME = 2 /* of GeneralName */ };

static void
finding(struct haproxy_config *config, enum cause_code cause, enum severity severity,
	struct locus where, const char *text)
{
	config->findings = arena_grow(config->arena, config->findings, config->finding_count,
		&config->finding_capacity, sizeof(*config->findings));
	config->finding_verifiers =
		arena_grow(config->arena, config->finding_verifiers, config->finding_count,
			&config->finding_verifier_capacity, sizeof(*config->finding_verifiers));
	config->finding_verifiers[config->finding_count] = config->judged;
	config->findings[config->finding_count++] = (struct config_finding){
		.cause = cause,
		.severity = severity,
		.where = where,
		.text = text,
	};
}

static bool
store_same(const struct haproxy_store *a, const struct haproxy_store *b)
{
	if (a->path == NULL || b->path == NULL)
		return a->path == b->path;
	return strcmp(a->path, b->path) == 0;
}

static bool
verification_same(const struct haproxy_verification *a, const struct haproxy_verification *b)
{
	return a->mode == b->mode && a->no_names == b->no_names && a->security == b->security &&
	       store_same(&a->anchors, &b->anchors) && store_same(&a->unsent, &b->unsent) &&
	       store_same(&a->crls, &b->crls);
}

/* What holds for a crt-list line: its own options, and the bind line's for the rest. */
static struct haproxy_verification
verification_of(const struct haproxy_bind *bind, const struct haproxy_entry *entry)
{
	struct haproxy_verification merged = bind->verification;
	const struct haproxy_verification *own = &entry->verification;

	if (own->has_mode) {
		merged.has_mode = true;
		merged.mode = own->mode;
		merged.mode_where = own->mode_where;
	}
	if (own->anchors.given)
		merged.anchors = own->anchors;
	if (own->unsent.given)
		merged.unsent = own->unsent;
	if (own->crls.given)
		merged.crls = own->crls;
	merged.no_names = merged.no_names || own->no_names;
	if (own->security != HAPROXY_SECURITY_UNSET) {
		merged.security = own->security;
		merged.security_where = own->security_where;
	}
	return merged;
}

static bool
verification_matters(const struct haproxy_verification *verification)
{
	return verification->mode != MODE_NONE || verification->anchors.path != NULL ||
	       verification->unsent.path != NULL || verification->crls.path != NULL;
}

static void
source_add(struct haproxy_config *config, struct trust_source *list, size_t *count,
	const struct haproxy_store *store, enum trust_role role, const char *directive)
{
	struct file_identity identity;
	bool is_directory;

	if (store->path == NULL)
		return;
	is_directory = world_stat(config->world, store->path, &identity, NULL) == 0 &&
		       identity.type == FILE_DIRECTORY;
	list[(*count)++] = (struct trust_source){
		.role = role,
		.loader = is_directory ? LOADER_HAPROXY_DIRECTORY : LOADER_OPENSSL_FILE,
		.read_times = READ_AT_LOAD,
		.path = store->path,
		.directive = directive,
		.where = store->where,
	};
}

static void
set_sources(struct haproxy_config *config, struct verifier *verifier,
	const struct haproxy_verification *verification)
{
	struct trust_source *list = arena_alloc(config->arena, MAX_SOURCES * sizeof(*list));

	verifier->sources = list;
	source_add(config, list, &verifier->source_count, &verification->anchors,
		verification->no_names ? ROLE_ANCHORS_UNSENT : ROLE_ANCHORS, "ca-file");
	source_add(config, list, &verifier->source_count, &verification->unsent,
		ROLE_ANCHORS_UNSENT, "ca-verify-file");
	source_add(
		config, list, &verifier->source_count, &verification->crls, ROLE_CRLS, "crl-file");
	if (verification->crls.path == NULL || verification->mode == MODE_NONE)
		return;
	verifier->crl_check = CRL_CHECK_CHAIN;
	verifier->crl_check_where = verification->crls.where;
}

static void
set_ignored(struct verifier *verifier, const struct haproxy_bind *bind)
{
	for (size_t i = 0; i <= HAPROXY_ERROR_MAX; i++) {
		verifier->ignored_leaf_errors[i] = bind->leaf.errors[i] || bind->leaf.all;
		verifier->ignored_ca_errors[i] = bind->ca.errors[i] || bind->ca.all;
	}
	verifier->ignores_all_leaf_errors = bind->leaf.all;
	verifier->ignores_all_ca_errors = bind->ca.all;
	if (bind->leaf.any || bind->ca.any)
		verifier->ignored_where = bind->leaf.any ? bind->leaf.where : bind->ca.where;
}

static void
set_endpoints(struct haproxy_config *config, struct verifier *verifier,
	const struct haproxy_bind *bind, const char *server_name)
{
	struct endpoint *list = arena_alloc(config->arena,
		(bind->endpoint_count > 0 ? bind->endpoint_count : 1) * sizeof(*list));

	for (size_t i = 0; i < bind->endpoint_count; i++) {
		list[i] = bind->endpoints[i];
		list[i].server_name = server_name;
		list[i].speaks_http = config->proxies[bind->proxy].http;
	}
	verifier->endpoints = list;
	verifier->endpoint_count = bind->endpoint_count;
}

static const char *
unique_name(struct haproxy_config *config, const char *wanted)
{
	const char *name = wanted;

	for (unsigned number = 2;; number++) {
		bool taken = false;

		for (size_t i = 0; i < config->verifier_count && !taken; i++)
			taken = strcmp(config->verifiers[i].name, name) == 0;
		if (!taken)
			return name;
		name = arena_printf(config->arena, "%s (%u)", wanted, number);
	}
}

/* "127.0.0.1:8443 fe", and for a crt-list line the name or the certificate that leads there. */
static const char *
name_of(struct haproxy_config *config, const struct haproxy_bind *bind,
	const struct haproxy_entry *entry)
{
	const char *name = arena_printf(config->arena, "%s %s%s", bind->address,
		config->proxies[bind->proxy].title, bind->uncertain ? " (conditional)" : "");

	if (entry != NULL) {
		const char *own =
			entry->filter != NULL ? entry->filter : path_base(entry->certificate);

		name = arena_printf(config->arena, "%s %s", name,
			text_sanitize(config->arena, own, strlen(own)));
	}
	return unique_name(config, name);
}

static void
verifier_add(struct haproxy_config *config, const struct haproxy_bind *bind,
	const struct haproxy_entry *entry, const struct haproxy_verification *verification,
	bool reachable, const char *server_name)
{
	struct verifier *verifier;

	if (config->verifier_count == SERVICE_MAX_VERIFIERS)
		return;
	config->verifiers = arena_grow(config->arena, config->verifiers, config->verifier_count,
		&config->verifier_capacity, sizeof(*config->verifiers));
	verifier = &config->verifiers[config->verifier_count];
	*verifier = (struct verifier){
		.name = name_of(config, bind, entry),
		.mode = verification->mode,
		.mode_where = verification->has_mode ? verification->mode_where : bind->where,
		.mode_directive = "verify",
		/* HAProxy has no setting: OpenSSL's own bound of 100 is beyond any real path. */
		.depth = { .value = -1, .is_default = true },
		.engine = "openssl",
		.security_level = verification->security >= 0 ? verification->security
							      : LIBRARY_SECURITY_LEVEL,
		.security_where = verification->security_where,
	};
	set_sources(config, verifier, verification);
	set_ignored(verifier, bind);
	if (reachable)
		set_endpoints(config, verifier, bind, server_name);
	config->verifier_count++;
}

static void
check_ignored(struct haproxy_config *config, const struct haproxy_bind *bind)
{
	bool checked =
		config->proxies[bind->proxy].checks_verdict || config->backend_checks_verdict;
	bool all = bind->leaf.all || bind->ca.all;
	bool same = bind->leaf.all == bind->ca.all &&
		    memcmp(bind->leaf.errors, bind->ca.errors, sizeof(bind->ca.errors)) == 0;
	struct locus where = bind->leaf.any ? bind->leaf.where : bind->ca.where;

	if (!bind->leaf.any && !bind->ca.any)
		return;
	if (all && !checked)
		finding(config, CAUSE_POLICY_IGNORED_ERRORS, SEVERITY_WARNING, where,
			bind->leaf.all ? "every error at the client certificate is ignored, and no "
					 "rule looks at ssl_c_verify or ssl_c_err: anybody may "
					 "come in with any certificate"
				       : "every error at CA certificates is ignored, and no rule "
					 "looks at ssl_c_verify or ssl_c_ca_err");
	else
		finding(config, CAUSE_POLICY_IGNORED_ERRORS, SEVERITY_NOTE, where,
			checked ? "errors are ignored in the handshake, and rules look at the "
				  "verdict afterwards"
				: "some errors of the verification are ignored");
	if (!same)
		finding(config, CAUSE_POLICY_IGNORED_ERRORS, SEVERITY_NOTE, where,
			"crt-ignore-err is about the client certificate, ca-ignore-err about the "
			"CAs above it: they do not ignore the same errors here");
}

/* Whether any line of a crt-list asks for certificates though the bind line does not. */
static bool
entries_verify(const struct haproxy_bind *bind)
{
	for (size_t i = 0; i < bind->entry_count; i++)
		if (verification_of(bind, &bind->entries[i]).mode != MODE_NONE)
			return true;
	return false;
}

static void
check_mode(struct haproxy_config *config, const struct haproxy_bind *bind)
{
	const struct haproxy_verification *own = &bind->verification;
	const struct haproxy_store *store =
		own->anchors.path != NULL ? &own->anchors : &own->unsent;

	if (own->mode == MODE_OPTIONAL)
		finding(config, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_NOTE, own->mode_where,
			"verify optional: a client without a certificate is let in, one with a bad "
			"certificate is refused");
	if (own->mode != MODE_NONE || entries_verify(bind))
		return;
	if (own->crls.path != NULL)
		finding(config, CAUSE_CRL_NOT_ENFORCED, SEVERITY_WARNING, own->crls.where,
			"crl-file is given, and no client certificate is asked for: verify is none "
			"here");
	if (store->path != NULL && !own->has_mode)
		finding(config, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_WARNING, store->where,
			"a store of client CAs is given without \"verify\", which is none by "
			"default: no client certificate is asked for");
	else if (store->path != NULL)
		finding(config, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_NOTE, own->mode_where,
			"a store of client CAs is given, and verify none: no client certificate is "
			"asked for");
}

/* What holds of the verification of one verifier. */
static void
check_stores(struct haproxy_config *config, const struct haproxy_verification *verification,
	struct locus where)
{
	const struct haproxy_store *system =
		verification->anchors.is_system ? &verification->anchors : &verification->unsent;

	if (verification->mode == MODE_NONE)
		return;
	/* "verify is enabled but no CA file specified": it does not start. */
	if (!verification->anchors.given && !verification->unsent.given)
		haproxy_problem(config, verification->has_mode ? verification->mode_where : where,
			"verify is enabled, and neither ca-file nor ca-verify-file is given: "
			"HAProxy "
			"does not start");
	if (system->is_system)
		finding(config, CAUSE_STORE_WRONG_STORE, SEVERITY_WARNING, system->where,
			"@system-ca as store of client CAs: a certificate of any public CA is let "
			"in");
}

/* The first DNS name of a certificate by which a client can ask for it, or NULL. */
static const char *
certificate_name(struct haproxy_config *config, const char *path)
{
	const struct store *store;

	if (path == NULL)
		return NULL;
	if (config->stores == NULL)
		config->stores = stores_new();
	store = stores_open(config->stores, config->world, path, LOADER_ANY);
	for (size_t i = 0; i < store->entry_count; i++) {
		struct subject_alt_name name;
		struct der names;

		if (store->entries[i].kind != ENTRY_CERTIFICATE)
			continue;
		names = der_of(store->entries[i].cert.subject_alt_names);
		while (subject_alt_name_next(&names, &name))
			if (name.kind == DNS_NAME &&
				memchr(name.value.data, '\0', name.value.length) == NULL)
				return haproxy_server_name(config->arena,
					arena_strndup(config->arena, (const char *)name.value.data,
						name.value.length));
		return NULL;
	}
	return NULL;
}

/* How a client gets to this line's certificate: without a name where it is the default one. False
 * where no name leads there. */
static bool
entry_server_name(struct haproxy_config *config, const struct haproxy_bind *bind,
	const struct haproxy_entry *entry, const char **ret_name)
{
	*ret_name = entry->filter;
	if (entry->is_first && !bind->strict_sni)
		*ret_name = NULL;
	else if (entry->filter == NULL)
		*ret_name = certificate_name(config, entry->certificate);
	return *ret_name != NULL || (entry->is_first && !bind->strict_sni);
}

static void
build_entry(struct haproxy_config *config, const struct haproxy_bind *bind,
	const struct haproxy_entry *entry, const struct haproxy_verification *verification)
{
	const char *name;
	bool reachable = entry_server_name(config, bind, entry, &name);

	if (!verification_matters(verification))
		return;
	config->judged = config->verifier_count;
	check_stores(config, verification, entry->where);
	verifier_add(config, bind, entry, verification, reachable, name);
}

/* How a client gets to what the bind line itself says. False where nothing leads there, or no name
 * is known that does; *ret_used then tells the two apart. */
static bool
bind_server_name(struct haproxy_config *config, const struct haproxy_bind *bind,
	const char **ret_name, bool *ret_used)
{
	bool first_is_entry = bind->entry_count > 0 && bind->entries[0].is_first;

	*ret_name = NULL;
	*ret_used = bind->has_certificates || bind->entry_count == 0;
	if (!bind->strict_sni && !first_is_entry)
		return true;
	for (size_t i = 0; i < bind->entry_count; i++) {
		struct haproxy_verification merged = verification_of(bind, &bind->entries[i]);

		if (!verification_same(&merged, &bind->verification))
			continue;
		*ret_used = true;
		if (entry_server_name(config, bind, &bind->entries[i], ret_name))
			return true;
	}
	*ret_name = certificate_name(config, bind->certificate);
	return *ret_name != NULL;
}

/* The bind line's own verification: of all certificates that no crt-list line gives another. */
static void
build_bind(struct haproxy_config *config, const struct haproxy_bind *bind)
{
	const char *name;
	bool used, reachable = bind_server_name(config, bind, &name, &used);
	bool matters = used && verification_matters(&bind->verification);

	config->judged = matters ? config->verifier_count : SIZE_MAX;
	check_mode(config, bind);
	check_ignored(config, bind);
	if (!matters)
		return;
	check_stores(config, &bind->verification, bind->where);
	verifier_add(config, bind, NULL, &bind->verification, reachable, name);
}

/* Without "ssl" no handshake is done, whatever else the line says. */
static void
check_plain(struct haproxy_config *config, const struct haproxy_bind *bind)
{
	config->judged = SIZE_MAX;
	if (bind->verification.mode != MODE_NONE)
		finding(config, CAUSE_POLICY_OPTIONAL_OR_REQUIRED, SEVERITY_WARNING,
			bind->verification.mode_where,
			"verify is given without \"ssl\": no TLS is spoken here, and no client "
			"certificate asked for");
}

void
haproxy_build(struct haproxy_config *config)
{
	for (size_t i = 0; i < config->bind_count; i++) {
		const struct haproxy_bind *bind = &config->binds[i];

		if (!bind->ssl) {
			check_plain(config, bind);
			continue;
		}
		build_bind(config, bind);
		for (size_t j = 0; j < bind->entry_count; j++) {
			struct haproxy_verification merged =
				verification_of(bind, &bind->entries[j]);

			if (!verification_same(&merged, &bind->verification))
				build_entry(config, bind, &bind->entries[j], &merged);
		}
	}
	stores_free(config->stores);
	config->stores = NULL;
	/* Only now do the verifiers stand where they stay. */
	for (size_t i = 0; i < config->finding_count; i++)
		if (config->finding_verifiers[i] < config->verifier_count)
			config->findings[i].verifier =
				&config->verifiers[config->finding_verifiers[i]];
}
