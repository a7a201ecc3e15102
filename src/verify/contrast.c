/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/contrast.h"

#include <string.h>

enum { TEXT_SIZE = 64 };

void
contrast_add(struct arena *arena, struct contrasts *contrasts, const struct contrast *contrast)
{
	if (strcmp(contrast->a, contrast->b) == 0)
		return;
	contrasts->list = arena_grow(arena, contrasts->list, contrasts->count, &contrasts->capacity,
		sizeof(*contrasts->list));
	contrasts->list[contrasts->count++] = *contrast;
}

/* One bit of a set, and its name. */
struct flag_name {
	unsigned flag;
	const char *name;
};

static const struct flag_name usages[] = {
	{ KEY_USAGE_DIGITAL_SIGNATURE, "digitalSignature" },
	{ KEY_USAGE_NON_REPUDIATION, "nonRepudiation" },
	{ KEY_USAGE_KEY_ENCIPHERMENT, "keyEncipherment" },
	{ KEY_USAGE_DATA_ENCIPHERMENT, "dataEncipherment" },
	{ KEY_USAGE_KEY_AGREEMENT, "keyAgreement" },
	{ KEY_USAGE_CERT_SIGN, "keyCertSign" },
	{ KEY_USAGE_CRL_SIGN, "cRLSign" },
	{ KEY_USAGE_ENCIPHER_ONLY, "encipherOnly" },
	{ KEY_USAGE_DECIPHER_ONLY, "decipherOnly" },
};

static const struct flag_name purposes[] = {
	{ EKU_SERVER_AUTH, "serverAuth" },
	{ EKU_CLIENT_AUTH, "clientAuth" },
	{ EKU_CODE_SIGNING, "codeSigning" },
	{ EKU_EMAIL_PROTECTION, "emailProtection" },
	{ EKU_TIME_STAMPING, "timeStamping" },
	{ EKU_OCSP_SIGNING, "OCSPSigning" },
	{ EKU_ANY, "anyExtendedKeyUsage" },
	{ EKU_OTHER, "others" },
};

static const char *
flags_text(struct arena *arena, unsigned flags, const struct flag_name *names, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		if ((flags & names[i].flag) != 0)
			text = arena_printf(
				arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ", names[i].name);
	return text[0] == '\0' ? "none" : text;
}

static const char *
client_issuer(struct arena *arena, const struct client *client, int64_t)
{
	return name_text(arena, client->chain[0].issuer);
}

static const char *
client_authority(struct arena *arena, const struct client *client, int64_t)
{
	struct span id = client->chain[0].authority_key_id.key_id;
	char *text;

	if (id.length == 0)
		return "not named";
	text = arena_alloc(arena, 2 * id.length + 1);
	hex_encode(id, text);
	return text;
}

/* What it sends besides its own certificate, as far as that leads. */
static const char *
client_sends(struct arena *arena, const struct client *client, int64_t)
{
	const char *text = "";

	for (size_t i = 1; i < client->chain_length; i++)
		text = arena_printf(arena, "%s%s%s", text, text[0] == '\0' ? "" : "; ",
			name_text(arena, client->chain[i].subject));
	return text[0] == '\0' ? "its own certificate alone" : text;
}

static const char *
client_validity(struct arena *arena, const struct client *client, int64_t at)
{
	const struct cert *leaf = &client->chain[0];
	char begins[MOMENT_TEXT_SIZE], ends[MOMENT_TEXT_SIZE];

	moment_text(leaf->not_before, begins);
	moment_text(leaf->not_after, ends);
	return at < leaf->not_before  ? arena_printf(arena, "not valid before %s", begins)
	       : at > leaf->not_after ? arena_printf(arena, "expired at %s", ends)
				      : "valid now";
}

static const char *
client_purpose(struct arena *arena, const struct client *client, int64_t)
{
	const struct cert *leaf = &client->chain[0];

	return !leaf->has_extended_key_usage
		       ? "any: there is no extendedKeyUsage"
		       : flags_text(arena, leaf->extended_key_usage, purposes, COUNT_OF(purposes));
}

static const char *
client_usage(struct arena *arena, const struct client *client, int64_t)
{
	const struct cert *leaf = &client->chain[0];

	return !leaf->has_key_usage ? "any: there is no keyUsage"
				    : flags_text(arena, leaf->key_usage, usages, COUNT_OF(usages));
}

static const char *
client_key(struct arena *arena, const struct client *client, int64_t)
{
	char text[TEXT_SIZE];

	key_info_text(&client->chain[0].key, text, sizeof(text));
	return arena_strdup(arena, text);
}

static const char *
client_signature(struct arena *, const struct client *client, int64_t)
{
	return signature_algorithm_name(client->chain[0].signature_algorithm);
}

static const char *
client_critical(struct arena *arena, const struct client *client, int64_t)
{
	struct span oid = client->chain[0].unknown_critical;
	char *text;

	if (oid.length == 0)
		return "none that is unknown";
	text = arena_alloc(arena, 2 * oid.length + 1);
	hex_encode(oid, text);
	return arena_printf(arena, "unknown, OID bytes %s", text);
}

static const char *
client_self(struct arena *, const struct client *client, int64_t)
{
	return cert_is_self_issued(&client->chain[0]) ? "itself" : "a CA";
}

static const char *
client_policies(struct arena *, const struct client *client, int64_t)
{
	return client->chain[0].policies.length > 0 ? "there are some" : "none";
}

static const char *
client_lists(struct arena *, const struct client *client, int64_t)
{
	return client->chain[0].crl_distribution_points.length > 0 ? "named" : "not named";
}

static const char *
client_names(struct arena *arena, const struct client *client, int64_t)
{
	struct der cursor = der_of(client->chain[0].subject_alt_names);
	struct subject_alt_name name;
	const char *text = "";

	while (subject_alt_name_next(&cursor, &name))
		text = arena_printf(arena, "%s%s%s", text, text[0] == '\0' ? "" : ", ",
			name.kind == 1 || name.kind == 2 || name.kind == 6
				? text_sanitize(
					  arena, (const char *)name.value.data, name.value.length)
				: arena_printf(arena, "a name of kind %u", name.kind));
	return text[0] == '\0' ? "none" : text;
}

static const char *
client_subject(struct arena *arena, const struct client *client, int64_t)
{
	return name_text(arena, client->chain[0].subject);
}

/* In the order in which a judgement comes to them; what says only who it is comes last. */
static const struct client_field {
	const char *field;
	const char *(*text)(struct arena *, const struct client *, int64_t at);
	const char *why;
} client_fields[] = {
	{ "issuer", client_issuer, "the one's CA may be trusted and the other's not" },
	{ "issued by", client_self, "who signs its own certificate must be trusted itself" },
	{ "issuer's key", client_authority,
		"two CAs of one name, or one with a new key: a server may have one of them alone" },
	{ "sends", client_sends, "a server that lacks an intermediate needs it from the client" },
	{ "validity", client_validity, "outside of its time no server takes it" },
	{ "extended key usage", client_purpose, "without clientAuth it is for no TLS client" },
	{ "key usage", client_usage,
		"TLS clients sign: some engines refuse keys without digitalSignature" },
	{ "key", client_key, "security levels set a least size, and some refuse kinds of keys" },
	{ "signature", client_signature, "security levels refuse old digests" },
	{ "critical extensions", client_critical, "an unknown critical one is refused" },
	{ "policies", client_policies, "a server may ask for a policy" },
	{ "CRL distribution points", client_lists,
		"who checks revocation needs the list that is named here" },
	{ "subject alternative names", client_names,
		"name constraints of a CA, and a server's own map of users, go by names" },
	{ "subject", client_subject,
		"name constraints of a CA, and a server's own map of users, go by names" },
};

void
contrast_clients(struct arena *arena, const struct client *a, const struct client *b, int64_t at,
	struct contrasts *ret)
{
	for (size_t i = 0; i < COUNT_OF(client_fields); i++) {
		const struct client_field *field = &client_fields[i];

		contrast_add(arena, ret,
			&(struct contrast){ field->field, field->text(arena, a, at),
				field->text(arena, b, at), field->why });
	}
}

static const char *
number_text(struct arena *arena, int number)
{
	return number < 0 ? "no limit" : arena_printf(arena, "%d", number);
}

static const char *
verifier_mode(struct arena *, const struct verifier *verifier)
{
	static const char *const names[] = { "none", "optional", "optional-no-ca", "required" };

	return names[verifier->mode];
}

static const char *
verifier_depth(struct arena *arena, const struct verifier *verifier)
{
	return number_text(arena, verifier->depth.value);
}

static const char *
verifier_crl_check(struct arena *, const struct verifier *verifier)
{
	static const char *const names[] = { "none", "leaf", "chain" };

	return names[verifier->crl_check];
}

static const char *
verifier_crl_missing(struct arena *, const struct verifier *verifier)
{
	return verifier->crl_missing_ok ? "forgiven" : "refused";
}

static const char *
verifier_partial(struct arena *, const struct verifier *verifier)
{
	return verifier->partial_chain ? "any certificate of the store" : "a root";
}

static const char *
verifier_purpose(struct arena *, const struct verifier *verifier)
{
	static const char *const names[] = { "client", "server", "any" };

	return names[verifier->purpose];
}

static const char *
verifier_security(struct arena *arena, const struct verifier *verifier)
{
	return number_text(arena, verifier->security_level);
}

static const char *
verifier_engine(struct arena *, const struct verifier *verifier)
{
	return verifier->engine != NULL ? verifier->engine : "unknown";
}

static const char *
ignored_text(struct arena *arena, const bool *ignored, bool all)
{
	const char *text = "";

	for (size_t i = 0; !all && i < VERIFIER_IGNORED_ERRORS; i++)
		if (ignored[i])
			text = arena_printf(arena, "%s%s%zu", text, text[0] == '\0' ? "" : ", ", i);
	return all ? "all" : text[0] == '\0' ? "none" : text;
}

static const char *
verifier_ignored_leaf(struct arena *arena, const struct verifier *verifier)
{
	return ignored_text(
		arena, verifier->ignored_leaf_errors, verifier->ignores_all_leaf_errors);
}

static const char *
verifier_ignored_ca(struct arena *arena, const struct verifier *verifier)
{
	return ignored_text(arena, verifier->ignored_ca_errors, verifier->ignores_all_ca_errors);
}

static const char *
verifier_callback(struct arena *, const struct verifier *verifier)
{
	return verifier->last_error_decides ? "the last error" : "the first error";
}

/* Which directives name a store; what is in the stores is compared for itself. */
static const char *
verifier_sources(struct arena *arena, const struct verifier *verifier)
{
	const char *text = "";

	for (size_t i = 0; i < verifier->source_count; i++)
		text = arena_printf(arena, "%s%s%s %s", text, text[0] == '\0' ? "" : "; ",
			verifier->sources[i].directive,
			text_sanitize(arena, verifier->sources[i].path,
				strlen(verifier->sources[i].path)));
	return text[0] == '\0' ? "none" : text;
}

static const struct verifier_field {
	const char *field;
	const char *(*text)(struct arena *, const struct verifier *);
	const char *why;
} verifier_fields[] = {
	{ "engine", verifier_engine, "libraries judge the same bytes differently" },
	{ "mode", verifier_mode, "whether a certificate is asked for and must verify" },
	{ "sources", verifier_sources, NULL },
	{ "path ends at", verifier_partial, "an intermediate in the store may be enough, or not" },
	{ "depth", verifier_depth, "longer chains are refused" },
	{ "revocation", verifier_crl_check, "a revoked client, or one without a list, is refused" },
	{ "missing CRL", verifier_crl_missing, "without a list the client is refused, or not" },
	{ "purpose", verifier_purpose, "what the certificate must be for" },
	{ "security level", verifier_security, "small keys and old digests are refused" },
	{ "errors ignored at the leaf", verifier_ignored_leaf, "those let a client in" },
	{ "errors ignored at CAs", verifier_ignored_ca, "those let a client in" },
	{ "decides", verifier_callback, "which of several errors counts" },
};

void
contrast_verifiers(struct arena *arena, const struct verifier *a, const struct verifier *b,
	struct contrasts *ret)
{
	for (size_t i = 0; i < COUNT_OF(verifier_fields); i++) {
		const struct verifier_field *field = &verifier_fields[i];

		contrast_add(arena, ret,
			&(struct contrast){ field->field, field->text(arena, a),
				field->text(arena, b), field->why });
	}
}
