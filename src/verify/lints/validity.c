/* SPDX-License-Identifier: Apache-2.0 */
/* Validity, RFC 5280 4.1.2.5. */
#include "verify/lint.h"

enum { DAY = 86'400, SOON_DAYS = 30, LONG_DAYS = 825 };

/* 9999-12-31T23:59:59Z */
static const int64_t never = INT64_C(253402300799);

bool
lint_validity_ended(const struct lint_subject *subject)
{
	return subject->cert->not_after < subject->at;
}

bool
lint_validity_ends(const struct lint_subject *subject)
{
	return subject->cert->not_after >= subject->at &&
	       subject->cert->not_after < subject->at + SOON_DAYS * DAY;
}

bool
lint_validity_future(const struct lint_subject *subject)
{
	return subject->cert->not_before > subject->at;
}

bool
lint_validity_long(const struct lint_subject *subject)
{
	return !subject->is_authority && subject->cert->not_after != never &&
	       subject->cert->not_after - subject->cert->not_before > LONG_DAYS * (int64_t)DAY;
}

bool
lint_validity_never(const struct lint_subject *subject)
{
	return subject->cert->not_after == never;
}

bool
lint_validity_reversed(const struct lint_subject *subject)
{
	return subject->cert->not_after < subject->cert->not_before;
}
