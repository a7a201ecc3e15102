/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions that help or hinder whoever looks for the issuer. */
#include "verify/lint.h"

#define ID_CE "\x55\x1d"

bool
lint_extension_akid_critical(const struct lint_subject *subject)
{
	return cert_extension_is_critical(subject->cert, ID_CE "\x23", 3);
}

bool
lint_extension_skid_critical(const struct lint_subject *subject)
{
	return cert_extension_is_critical(subject->cert, ID_CE "\x0e", 3);
}

/* RFC 5280 4.2.1.1: a root may do without. */
bool
lint_extension_akid_missing(const struct lint_subject *subject)
{
	return !subject->is_root && subject->cert->version == 3 &&
	       subject->cert->authority_key_id.key_id.length == 0;
}

bool
lint_extension_akid_serial(const struct lint_subject *subject)
{
	return !subject->is_root && subject->cert->authority_key_id.serial.length > 0;
}

bool
lint_extension_constraints_uncritical(const struct lint_subject *subject)
{
	return subject->cert->name_constraints.length > 0 &&
	       !cert_extension_is_critical(subject->cert, ID_CE "\x1e", 3);
}

bool
lint_extension_no_revocation(const struct lint_subject *subject)
{
	return !subject->is_root && subject->cert->crl_distribution_points.length == 0 &&
	       subject->cert->authority_info_access.length == 0;
}

bool
lint_extension_unknown_critical(const struct lint_subject *subject)
{
	return subject->cert->unknown_critical.length > 0;
}

bool
lint_extension_version(const struct lint_subject *subject)
{
	return subject->cert->version < 3 && subject->cert->extensions.length > 0;
}
