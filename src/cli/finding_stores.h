/* SPDX-License-Identifier: Apache-2.0 */
/* The stores below directories: what inspect --scan shows, a row as soon as a store is found. */
#pragma once

#include "cli/cli.h"

/* The exit status, or -1 with session->err. */
[[nodiscard]] int finding_stores(struct session *);
