/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>

#include "tap.h"

TEST(set, "fills code and message, and is -1")
{
	struct err err = { .sys = 5 };

	CHECK(err_set(&err, ERR_LIMIT, "%s is %d", "x", 7) == -1);
	CHECK(err.code == ERR_LIMIT && err.sys == 0);
	CHECK_TEXT(err.message, "x is 7");
}

TEST(nobody_listens, "a NULL err is allowed everywhere")
{
	CHECK(err_set(NULL, ERR_IO, "x") == -1);
	CHECK(err_sys(NULL, ERR_IO, "x") == -1);
	CHECK(err_prefix(NULL, "x") == -1);
}

TEST(errno_decides, "permission and absence overrule the code, other errnos do not")
{
	static const struct {
		int sys;
		enum err_code code;
	} cases[] = { { EACCES, ERR_PERMISSION }, { EPERM, ERR_PERMISSION },
		{ ENOENT, ERR_NO_INPUT }, { EIO, ERR_CREATE }, { ENOTDIR, ERR_CREATE } };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct err err;

		errno = cases[i].sys;
		CHECK(err_sys(&err, ERR_CREATE, "open %s", "/x") == -1);
		CHECK(err.code == cases[i].code && err.sys == cases[i].sys);
	}
}

TEST(errno_text, "the text of errno stands behind the message, and errno is kept")
{
	struct err err;

	errno = ENOENT;
	CHECK(err_sys(&err, ERR_IO, "open %s", "/x") == -1);
	CHECK(errno == ENOENT);
	CHECK_TEXT(err.message, "open /x: No such file or directory");
	errno = 12345;
	(void)err_sys(&err, ERR_IO, "x");
	CHECK_TEXT(err.message, "x: unknown error");
}

TEST(prefix, "context goes before what was said")
{
	struct err err;

	(void)err_set(&err, ERR_IO, "disk full");
	CHECK(err_prefix(&err, "service %s", "a") == -1);
	CHECK_TEXT(err.message, "service a: disk full");
	CHECK(err.code == ERR_IO);
}

TEST(long_messages, "what is too long is cut and ended")
{
	struct err err;
	char text[4096];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	errno = EIO;
	(void)err_sys(&err, ERR_IO, "%s", text);
	CHECK(strlen(err.message) == sizeof(err.message) - 1);
	(void)err_prefix(&err, "%s", text);
	CHECK(strlen(err.message) == sizeof(err.message) - 1);
	(void)err_prefix(&err, "b");
	CHECK(strncmp(err.message, "b: aaa", 6) == 0);
}

TEST(exit_statuses, "codes have the statuses of the interface")
{
	static const int wanted[ERR__COUNT] = { 0, 64, 65, 66, 70, 73, 74, 75, 77, 78, 3, 3, 4 };

	for (int code = 0; code < ERR__COUNT; code++)
		CHECK(err_exit_status((enum err_code)code) == wanted[code]);
	CHECK(err_exit_status(ERR__COUNT) == 70);
}

TAP_MAIN()
