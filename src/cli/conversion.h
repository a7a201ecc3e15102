/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a store in another form. It is written under another name, read again, compared with what
 * was to be carried over, and only then put in its place by one rename; there it is read once more.
 */
#pragma once

#include "cli/cli.h"

/* 0 with *ret filled, from the session's arena and the stores; or -1 with session->err. */
[[nodiscard]] int conversion_make(
	struct session *, struct stores *source, struct stores *written, struct conversion *ret);
/* Passwords by which what is written is read again: the one that it is written with. */
[[nodiscard]] int conversion_password(struct session *, struct passwords *ret);
