/* SPDX-License-Identifier: Apache-2.0 */
/* Two things side by side: stores, clients or services, told by what the arguments are. */
#pragma once

#include "cli/cli.h"

/* 0 with *ret filled, from the session's arena and the stores; or -1 with session->err. */
[[nodiscard]] int sides_compare(struct session *, struct stores *, struct diffed *ret);
