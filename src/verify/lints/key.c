/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: too short, too long, or of a kind that not all know. */
#include <string.h>

#include "verify/lint.h"

enum { RSA_SHORTEST = 2'048, RSA_LONGEST = 8'192 };

static bool
is_rsa(const struct lint_subject *subject)
{
	return subject->cert->key.kind == KEY_RSA || subject->cert->key.kind == KEY_RSA_PSS;
}

/* RFC 8446 4.2.3 has signatures for these three. */
bool
lint_key_curve(const struct lint_subject *subject)
{
	const struct key_info *key = &subject->cert->key;

	return key->kind == KEY_EC && !key->explicit_parameters &&
	       (key->curve == NULL ||
		       (strcmp(key->curve, "P-256") != 0 && strcmp(key->curve, "P-384") != 0 &&
			       strcmp(key->curve, "P-521") != 0));
}

bool
lint_key_dsa(const struct lint_subject *subject)
{
	return subject->cert->key.kind == KEY_DSA;
}

bool
lint_key_ed448(const struct lint_subject *subject)
{
	return subject->cert->key.kind == KEY_ED448;
}

bool
lint_key_explicit(const struct lint_subject *subject)
{
	return subject->cert->key.kind == KEY_EC && subject->cert->key.explicit_parameters;
}

bool
lint_key_pss(const struct lint_subject *subject)
{
	return subject->cert->key.kind == KEY_RSA_PSS;
}

bool
lint_key_rsa_long(const struct lint_subject *subject)
{
	return is_rsa(subject) && subject->cert->key.bits > RSA_LONGEST;
}

bool
lint_key_rsa_short(const struct lint_subject *subject)
{
	return is_rsa(subject) && subject->cert->key.bits < RSA_SHORTEST;
}

bool
lint_key_unknown(const struct lint_subject *subject)
{
	return subject->cert->key.kind == KEY_OTHER || subject->cert->key.kind == KEY_DH;
}
