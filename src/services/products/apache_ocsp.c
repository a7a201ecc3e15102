/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How httpd asks about client certificates by OCSP (ssl_engine_ocsp.c): from its verify callback,
 * so about every certificate that is not self-issued ("on") or about the leaf ("leaf"); of the
 * responder that the certificate names, or else of the default one, or of that one alone where it
 * overrides. The nonce that it sends must come back, unless it is told to send none.
 */
#include <assert.h>
#include <string.h>

#include "services/products/apache.h"

static bool
is_word(const struct apache_item *item, const char *word)
{
	return strcasecmp(item->words[0].text, word) == 0;
}

static bool
is_flag(const struct apache_item *item)
{
	return is_word(item, "on") || is_word(item, "off");
}

static bool
is_scope(const struct apache_item *item)
{
	return is_flag(item) || is_word(item, "leaf");
}

static bool
is_number(const struct apache_item *item)
{
	uint64_t number;

	return text_number(item->words[0].text, INT32_MAX, &number) == 0;
}

static const struct row {
	const char *name;
	bool (*is_valid)(const struct apache_item *); /* NULL: whatever it says */
} directives[] = {
	[APACHE_OCSP_ENABLE] = { "SSLOCSPEnable", is_scope },
	[APACHE_OCSP_RESPONDER] = { "SSLOCSPDefaultResponder", NULL },
	[APACHE_OCSP_OVERRIDE] = { "SSLOCSPOverrideResponder", is_flag },
	[APACHE_OCSP_SKEW] = { "SSLOCSPResponseTimeSkew", is_number },
	[APACHE_OCSP_MAX_AGE] = { "SSLOCSPResponseMaxAge", is_number },
	[APACHE_OCSP_NONCE] = { "SSLOCSPUseRequestNonce", is_flag },
	[APACHE_OCSP_PROXY] = { "SSLOCSPProxyURL", NULL },
	[APACHE_OCSP_NO_VERIFY] = { "SSLOCSPNoVerify", is_flag },
	[APACHE_OCSP_SIGNERS] = { "SSLOCSPResponderCertificateFile", NULL },
};

static_assert(COUNT_OF(directives) == APACHE_OCSP__COUNT);

bool
apache_ocsp_take(struct apache_level *level, const struct apache_item *item)
{
	for (size_t i = 0; i < COUNT_OF(directives); i++) {
		if (strcasecmp(item->name, directives[i].name) != 0)
			continue;
		if (directives[i].is_valid != NULL && !directives[i].is_valid(item))
			return false;
		level->ocsp[i] = item;
	}
	return true;
}

static const struct apache_item *
line_of(const struct apache_service *apache, size_t host, enum apache_ocsp what)
{
	const struct apache_item *own = apache->levels[host].ocsp[what];

	return own != NULL ? own : apache->levels[0].ocsp[what];
}

static const char *
text_of(const struct apache_service *apache, size_t host, enum apache_ocsp what)
{
	const struct apache_item *line = line_of(apache, host, what);

	return line != NULL ? line->words[0].text : NULL;
}

static bool
is_on(const struct apache_service *apache, size_t host, enum apache_ocsp what, bool otherwise)
{
	const struct apache_item *line = line_of(apache, host, what);

	return line != NULL ? is_word(line, "on") : otherwise;
}

static bool
seconds_of(const struct apache_service *apache, size_t host, enum apache_ocsp what, int64_t *ret)
{
	const char *text = text_of(apache, host, what);
	uint64_t number;

	if (text == NULL || text_number(text, INT32_MAX, &number) < 0)
		return false;
	*ret = (int64_t)number;
	return true;
}

/* "no_ocsp_for_cert_ok", behind what is checked. */
static bool
forgives_no_url(const struct apache_item *line)
{
	for (size_t i = 1; i < line->word_count; i++)
		if (strcasecmp(line->words[i].text, "no_ocsp_for_cert_ok") == 0)
			return true;
	return false;
}

static const char *
signers_of(const struct apache_service *apache, size_t host)
{
	const char *path = text_of(apache, host, APACHE_OCSP_SIGNERS);

	return path != NULL ? path_normalize(apache->arena,
				      path_join(apache->arena, apache->config->root, path))
			    : NULL;
}

/* In the place of the one that is set, or by a line of its own behind the one that has OCSP asked.
 */
static struct text_setting
responder_setting(
	struct arena *arena, const struct apache_item *responder, const struct apache_item *enable)
{
	const char *name = directives[APACHE_OCSP_RESPONDER].name;
	struct text_setting ret = { .where = enable->where };

	if (responder != NULL)
		return (struct text_setting){ responder->words[0].where, "%s" };
	ret.where.line++;
	ret.where.offset += ret.where.length;
	ret.where.length = 0;
	ret.format =
		*enable->ending != '\0'
			? arena_printf(arena, "%s%s %%s%s", enable->indent, name, enable->ending)
			: arena_printf(arena, "\n%s%s %%s\n", enable->indent, name);
	return ret;
}

struct ocsp_policy
apache_ocsp_policy(const struct apache_service *apache, size_t host)
{
	const struct apache_item *line = line_of(apache, host, APACHE_OCSP_ENABLE);
	struct ocsp_policy policy = {
		.directive = directives[APACHE_OCSP_ENABLE].name,
		.responder = text_of(apache, host, APACHE_OCSP_RESPONDER),
		.responder_overrides = is_on(apache, host, APACHE_OCSP_OVERRIDE, false),
		.nonce_demanded = is_on(apache, host, APACHE_OCSP_NONCE, true),
		.proxy = text_of(apache, host, APACHE_OCSP_PROXY),
		.signer_unchecked = is_on(apache, host, APACHE_OCSP_NO_VERIFY, false),
		.signers = signers_of(apache, host),
	};

	if (line == NULL || is_word(line, "off"))
		return (struct ocsp_policy){};
	policy.check = is_word(line, "leaf") ? CRL_CHECK_LEAF : CRL_CHECK_CHAIN;
	policy.where = line->words[0].where;
	policy.no_url_ok = forgives_no_url(line);
	policy.set_responder = responder_setting(
		apache->arena, line_of(apache, host, APACHE_OCSP_RESPONDER), line);
	policy.has_skew = seconds_of(apache, host, APACHE_OCSP_SKEW, &policy.skew);
	policy.has_max_age = seconds_of(apache, host, APACHE_OCSP_MAX_AGE, &policy.max_age);
	return policy;
}
