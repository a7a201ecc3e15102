/* SPDX-License-Identifier: Apache-2.0 */
/* What a CA's certificate must say of itself. */
#include "verify/lint.h"

#define OID_BASIC_CONSTRAINTS "\x55\x1d\x13"

static bool
is_of_version_3(const struct lint_subject *subject)
{
	return subject->is_authority && subject->cert->version == 3;
}

bool
lint_authority_key_id_missing(const struct lint_subject *subject)
{
	return is_of_version_3(subject) && subject->cert->is_ca &&
	       subject->cert->subject_key_id.length == 0;
}

bool
lint_authority_usage_missing(const struct lint_subject *subject)
{
	return is_of_version_3(subject) && subject->cert->is_ca && !subject->cert->has_key_usage;
}

bool
lint_authority_no_cert_sign(const struct lint_subject *subject)
{
	return subject->cert->is_ca && subject->cert->has_key_usage &&
	       (subject->cert->key_usage & KEY_USAGE_CERT_SIGN) == 0;
}

bool
lint_authority_no_crl_sign(const struct lint_subject *subject)
{
	return subject->cert->is_ca && subject->cert->has_key_usage &&
	       (subject->cert->key_usage & KEY_USAGE_CRL_SIGN) == 0;
}

bool
lint_authority_not_critical(const struct lint_subject *subject)
{
	return subject->cert->is_ca && subject->cert->has_basic_constraints &&
	       !cert_extension_is_critical(subject->cert, OID_BASIC_CONSTRAINTS, 3);
}

bool
lint_authority_not_marked(const struct lint_subject *subject)
{
	return is_of_version_3(subject) && !subject->cert->is_ca &&
	       (subject->cert->key_usage & KEY_USAGE_CERT_SIGN) != 0;
}

bool
lint_authority_version_1(const struct lint_subject *subject)
{
	return subject->is_authority && subject->cert->version < 3;
}
