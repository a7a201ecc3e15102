/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate is for. */
#include "verify/lint.h"

bool
lint_usage_any(const struct lint_subject *subject)
{
	return subject->cert->has_extended_key_usage &&
	       (subject->cert->extended_key_usage & EKU_ANY) != 0 &&
	       (subject->cert->extended_key_usage & EKU_CLIENT_AUTH) == 0;
}

static bool
lacks_client_auth(const struct cert *cert)
{
	return cert->has_extended_key_usage &&
	       (cert->extended_key_usage & (EKU_CLIENT_AUTH | EKU_ANY)) == 0;
}

bool
lint_usage_authority(const struct lint_subject *subject)
{
	return subject->is_authority && lacks_client_auth(subject->cert);
}

bool
lint_usage_client(const struct lint_subject *subject)
{
	return !subject->is_authority && lacks_client_auth(subject->cert);
}

bool
lint_usage_cert_sign(const struct lint_subject *subject)
{
	return subject->cert->has_basic_constraints && !subject->cert->is_ca &&
	       (subject->cert->key_usage & KEY_USAGE_CERT_SIGN) != 0;
}

bool
lint_usage_none(const struct lint_subject *subject)
{
	return !subject->is_authority && !subject->cert->has_extended_key_usage;
}

bool
lint_usage_no_signature(const struct lint_subject *subject)
{
	return !subject->is_authority && subject->cert->has_key_usage &&
	       (subject->cert->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) == 0;
}

bool
lint_usage_path_length(const struct lint_subject *subject)
{
	return subject->cert->path_length != CERT_PATH_LENGTH_NONE &&
	       (!subject->cert->is_ca ||
		       (subject->cert->has_key_usage &&
			       (subject->cert->key_usage & KEY_USAGE_CERT_SIGN) == 0));
}

bool
lint_usage_server(const struct lint_subject *subject)
{
	const unsigned both = EKU_SERVER_AUTH | EKU_CLIENT_AUTH;

	return !subject->is_authority && (subject->cert->extended_key_usage & both) == both;
}
