/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pieces.h"

#include <string.h>

const char *
tone_begin(const struct style *style, enum tone tone)
{
	static const char *const codes[] = { "", "\033[31m", "\033[33m", "\033[32m", "\033[2m",
		"\033[1m" };

	return style->color ? codes[tone] : "";
}

const char *
tone_end(const struct style *style)
{
	return style->color ? "\033[0m" : "";
}

const char *
shown(const struct style *style, const char *text)
{
	if (text == NULL || text_is_safe(text, strlen(text)))
		return text;
	return text_sanitize(style->arena, text, strlen(text));
}

void
add_names_json(struct json *json, const char *key, const char *const *names, size_t count)
{
	json_key(json, key);
	json_array_open(json);
	for (size_t i = 0; i < count; i++)
		json_text(json, names[i]);
	json_array_close(json);
}

void
add_fingerprint_json(struct json *json, const char *key, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];

	digest_text(digest, text);
	json_member_text(json, key, text);
}

void
add_cert_json(struct arena *arena, struct json *json, const struct cert *cert)
{
	char dec[CERT_SERIAL_TEXT_SIZE], hex[CERT_SERIAL_TEXT_SIZE], key[64];

	cert_serial_text(cert->serial, dec, hex);
	key_info_text(&cert->key, key, sizeof(key));
	add_fingerprint_json(json, "fingerprint", &cert->fingerprint);
	json_member_text(json, "subject", name_text(arena, cert->subject));
	json_member_text(json, "issuer", name_text(arena, cert->issuer));
	json_member_text(json, "serial_dec", dec);
	json_member_text(json, "serial_hex", hex);
	json_member_moment(json, "not_before", cert->not_before);
	json_member_moment(json, "not_after", cert->not_after);
	json_member_text(json, "key", key);
	json_member_text(json, "signature", signature_algorithm_name(cert->signature_algorithm));
	json_member_number(json, "version", cert->version);
	json_member_bool(json, "ca", cert->is_ca);
	if (cert->path_length != CERT_PATH_LENGTH_NONE)
		json_member_number(json, "path_length", cert->path_length);
}

void
add_crl_json(struct arena *arena, struct json *json, const struct crl *crl)
{
	char dec[CERT_SERIAL_TEXT_SIZE], hex[CERT_SERIAL_TEXT_SIZE];

	add_fingerprint_json(json, "fingerprint", &crl->fingerprint);
	json_member_text(json, "issuer", name_text(arena, crl->issuer));
	json_member_moment(json, "this_update", crl->this_update);
	json_member_moment(json, "next_update", crl->next_update);
	json_member_number(json, "revoked", (int64_t)crl->entry_count);
	if (crl->has_number) {
		cert_serial_text(crl->number, dec, hex);
		json_member_text(json, "number", dec);
	}
	json_member_bool(json, "delta", crl->is_delta);
}

void
add_verdict_json(struct json *json, const struct recorded_verdict *verdict)
{
	json_object_open(json);
	json_member_text(json, "client", verdict->client);
	json_member_text(json, "expected", verdict->must_be_accepted ? "accept" : "reject");
	json_member_text(json, "verifier", verdict->verifier);
	json_member_text(json, "state", verdict->state);
	json_member_text(json, "verdict", verdict->accepted ? "accept" : "refuse");
	json_member_text(json, "text", verdict->text);
	json_object_close(json);
}

const char *
state_name(enum state state)
{
	return state == STATE_RUNNING ? "running" : state == STATE_DISK ? "disk" : "baseline";
}

const char *
mode_name(enum verify_mode mode)
{
	static const char *const names[] = { "none", "optional", "optional-no-ca", "required" };

	return names[mode];
}

const char *
role_name(enum trust_role role)
{
	static const char *const names[] = { "anchors", "anchors-unsent", "names", "crls" };

	return names[role];
}
