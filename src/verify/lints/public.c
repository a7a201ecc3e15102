/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients with certificates of public CAs. Browsers' root programmes demand that what they trust
 * issues for servers alone: Chrome's from June 2026 on; Let's Encrypt dropped clientAuth from its
 * default in February 2026.
 */
#include "verify/lint.h"

/* Signed certificate timestamps (RFC 6962 3.3), and the arc of the CA/Browser Forum's policies:
 * private CAs have neither. */
#define OID_TIMESTAMPS "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"
#define ARC_FORUM      "\x67\x81\x0c\x01"

static bool
has_timestamps(const struct cert *cert)
{
	struct der extensions = der_of(cert->extensions);
	struct cert_extension extension;

	while (cert_extension_next(&extensions, &extension))
		if (der_oid_is(extension.oid, OID_TIMESTAMPS, sizeof(OID_TIMESTAMPS) - 1))
			return true;
	return false;
}

static bool
has_forum_policy(const struct cert *cert)
{
	struct der outer = der_of(cert->policies);
	struct der_element sequence = der_optional(&outer, DER_SEQUENCE);
	struct der list = der_enter(&sequence);
	size_t length = sizeof(ARC_FORUM) - 1;

	while (!der_at_end(&list)) {
		struct der_element information = der_expect(&list, DER_SEQUENCE);
		struct der inside = der_enter(&information);
		struct span oid = der_oid(&inside);

		if (inside.fault == NULL && oid.length > length &&
			der_oid_is(span_of(oid.data, length), ARC_FORUM, length))
			return true;
	}
	return false;
}

bool
lint_public_issuer(const struct lint_subject *subject)
{
	return !subject->is_authority &&
	       (has_timestamps(subject->cert) || has_forum_policy(subject->cert));
}

bool
lint_public_client_auth(const struct lint_subject *subject)
{
	return lint_public_issuer(subject) &&
	       (subject->cert->extended_key_usage & EKU_CLIENT_AUTH) != 0;
}
