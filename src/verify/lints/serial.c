/* SPDX-License-Identifier: Apache-2.0 */
/* Serial numbers, RFC 5280 4.1.2.2. */
#include "verify/lint.h"

enum { SERIAL_MAX_OCTETS = 20, SERIAL_UNFORESEEN_OCTETS = 8, SIGN_BIT = 0x80 };

bool
lint_serial_long(const struct lint_subject *subject)
{
	return subject->cert->serial.length > SERIAL_MAX_OCTETS;
}

bool
lint_serial_negative(const struct lint_subject *subject)
{
	struct span serial = subject->cert->serial;

	return serial.length > 0 && (serial.data[0] & SIGN_BIT) != 0;
}

/* A root's is asked by nobody. */
bool
lint_serial_short(const struct lint_subject *subject)
{
	return !subject->is_root && subject->cert->serial.length < SERIAL_UNFORESEEN_OCTETS;
}

bool
lint_serial_zero(const struct lint_subject *subject)
{
	struct span serial = subject->cert->serial;

	return serial.length == 1 && serial.data[0] == 0;
}
