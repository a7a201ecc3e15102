/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/lint.h"

#include <assert.h>

static const struct lint lints[] = {
#define LINT(name, code, severity, refused_by, source, text) \
	{ code, LINT_##severity, refused_by, source, text, lint_##name },
#include "verify/lints.def"
#undef LINT
};
static_assert(COUNT_OF(lints) <= LINT_MAX);

/* Who says CA:TRUE, may sign certificates, or signed itself is looked at as a CA. */
static bool
is_authority(const struct cert *cert)
{
	return cert->is_ca || (cert->key_usage & KEY_USAGE_CERT_SIGN) != 0 ||
	       cert_is_self_issued(cert);
}

size_t
lint_cert(const struct cert *cert, int64_t at, const struct lint *ret[static LINT_MAX])
{
	const struct lint_subject subject = {
		.cert = cert,
		.at = at,
		.is_authority = is_authority(cert),
		.is_root = cert_is_self_issued(cert),
	};
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(lints); i++)
		if (lints[i].holds(&subject))
			ret[count++] = &lints[i];
	return count;
}

const char *
lint_severity_name(enum lint_severity severity)
{
	static const char *const names[] = {
		[LINT_NOTE] = "note",
		[LINT_WARNING] = "warning",
		[LINT_CRITICAL] = "critical",
	};

	return names[severity];
}

const struct lint *
lint_get(size_t index)
{
	return index < COUNT_OF(lints) ? &lints[index] : NULL;
}
