/* SPDX-License-Identifier: Apache-2.0 */
/* What libssl tells while it works: messages, alerts and sessions, into the exchange. */
#pragma once

#include "probe/exchange.h"

/* Before the connection is made from the context. */
void exchange_listen_context(struct exchange *);
/* Before the first message. */
void exchange_listen(struct exchange *);
/* "alert 48 (unknown CA)", from the arena. */
const char *alert_text(struct arena *, int alert);
