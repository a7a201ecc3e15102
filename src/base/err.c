/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { STATUS_UNKNOWN = 3, STATUS_UNDONE_NOT = 4 };

int
err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list arguments;

	if (err == NULL)
		return -1;
	err->code = code;
	err->sys = 0;
	va_start(arguments, format);
	(void)vsnprintf(err->message, sizeof(err->message), format, arguments);
	va_end(arguments);
	return -1;
}

static enum err_code
code_of_errno(int sys, enum err_code otherwise)
{
	switch (sys) {
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	case ENOENT:
		return ERR_NO_INPUT;
	default:
		return otherwise;
	}
}

int
err_sys(struct err *err, enum err_code code, const char *format, ...)
{
	int sys = errno;
	va_list arguments;
	size_t length;

	if (err == NULL)
		return -1;
	err->code = code_of_errno(sys, code);
	err->sys = sys;
	va_start(arguments, format);
	(void)vsnprintf(err->message, sizeof(err->message), format, arguments);
	va_end(arguments);
	length = strlen(err->message);
	(void)snprintf(err->message + length, sizeof(err->message) - length, ": %s",
		strerrordesc_np(sys) != NULL ? strerrordesc_np(sys) : "unknown error");
	errno = sys;
	return -1;
}

int
err_prefix(struct err *err, const char *format, ...)
{
	char message[sizeof(err->message)];
	va_list arguments;
	size_t length;

	if (err == NULL)
		return -1;
	memcpy(message, err->message, sizeof(message));
	va_start(arguments, format);
	(void)vsnprintf(err->message, sizeof(err->message), format, arguments);
	va_end(arguments);
	length = strlen(err->message);
	(void)snprintf(err->message + length, sizeof(err->message) - length, ": %s", message);
	return -1;
}

int
err_exit_status(enum err_code code)
{
	static const int statuses[] = {
		[ERR_NONE] = EX_OK,
		[ERR_USAGE] = EX_USAGE,
		[ERR_DATA] = EX_DATAERR,
		[ERR_NO_INPUT] = EX_NOINPUT,
		[ERR_INTERNAL] = EX_SOFTWARE,
		[ERR_CREATE] = EX_CANTCREAT,
		[ERR_IO] = EX_IOERR,
		[ERR_BUSY] = EX_TEMPFAIL,
		[ERR_PERMISSION] = EX_NOPERM,
		[ERR_CONFIG] = EX_CONFIG,
		[ERR_LIMIT] = STATUS_UNKNOWN,
		[ERR_UNKNOWN] = STATUS_UNKNOWN,
		[ERR_UNDONE_NOT] = STATUS_UNDONE_NOT,
	};
	static_assert(COUNT_OF(statuses) == ERR__COUNT);

	return (unsigned)code < COUNT_OF(statuses) ? statuses[code] : EX_SOFTWARE;
}
