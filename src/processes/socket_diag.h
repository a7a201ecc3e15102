/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets by netlink, sock_diag(7). /proc/net/tcp has them too, but reading it to its end
 * walks the table of all connections, which takes milliseconds on a machine that has none.
 */
#pragma once

#include "processes/process.h"

/* Calls add for each TCP socket in state LISTEN of this family (AF_INET, AF_INET6) and of our own
 * network namespace; -1 where the kernel has no such answer, or a sandbox keeps us from it. */
[[nodiscard]] int socket_diag_listeners(
	int family, void (*add)(void *data, const struct listener *), void *data);
