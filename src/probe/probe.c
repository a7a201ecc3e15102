/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/probe.h"

#include <signal.h>

#include "probe/deadline.h"
#include "probe/dial.h"
#include "probe/exchange.h"
#include "probe/session.h"

enum { MILLISECONDS = 1'000 };

/* libssl writes with write(2): SIGPIPE is held back for this thread, and one that was raised
 * meanwhile is taken away. */
struct pipe_guard {
	sigset_t old;
	bool was_pending;
};

static void
pipe_signal_only(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGPIPE);
}

static bool
pipe_signal_is_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static struct pipe_guard
pipe_guard_begin(void)
{
	struct pipe_guard guard = { .was_pending = pipe_signal_is_pending() };
	sigset_t set;

	pipe_signal_only(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, &guard.old);
	return guard;
}

static void
pipe_guard_end(struct pipe_guard *guard)
{
	const struct timespec at_once = {};
	sigset_t set;

	pipe_signal_only(&set);
	if (!guard->was_pending && pipe_signal_is_pending())
		(void)sigtimedwait(&set, NULL, &at_once);
	(void)pthread_sigmask(SIG_SETMASK, &guard->old, NULL);
}

void
probe_session_free(struct probe_session *session)
{
	if (session == NULL)
		return;
	SSL_SESSION_free(session->session);
	mem_free(session);
}

const char *
probe_layer_name(enum probe_layer layer)
{
	static const char *const names[] = {
		[LAYER_ACCEPTED] = "accepted",
		[LAYER_CONNECT] = "connect",
		[LAYER_ALERT] = "alert",
		[LAYER_CLOSED] = "closed",
		[LAYER_HTTP] = "http",
		[LAYER_LOCAL] = "local",
	};

	return (size_t)layer < COUNT_OF(names) ? names[layer] : "unknown";
}

static bool
socket_wait(void *owner, bool for_writing, int64_t deadline)
{
	const int *descriptor = owner;

	return dial_wait(*descriptor, for_writing, deadline);
}

static void
talk(struct exchange *exchange)
{
	CLEANUP(fd_close) int descriptor = -1;
	const char *problem = NULL;

	if (exchange_prepare(exchange) < 0)
		return;
	descriptor = dial(exchange->arena, exchange->endpoint, exchange->options->host,
		exchange->deadline, &exchange->transcript, &problem);
	if (descriptor < 0) {
		exchange_conclude(exchange, LAYER_CONNECT, problem);
		return;
	}
	exchange->carrier = (struct carrier){ socket_wait, &descriptor };
	if (SSL_set_fd(exchange->ssl, descriptor) != 1) {
		exchange_conclude(exchange, LAYER_LOCAL, "TLS cannot use the connection");
		return;
	}
	exchange_run(exchange);
}

struct probe *
probe_endpoint(struct arena *arena, const struct endpoint *endpoint, const struct client *client,
	const struct probe_options *options)
{
	static const struct probe_options usual = {};
	struct pipe_guard guard = pipe_guard_begin();
	CLEANUP(exchange_end)
	struct exchange exchange = {
		.arena = arena,
		.endpoint = endpoint,
		.client = client,
		.options = options != NULL ? options : &usual,
	};

	exchange.deadline =
		deadline_in(exchange.options->timeout > 0 ? exchange.options->timeout
							  : PROBE_TIMEOUT * MILLISECONDS);
	talk(&exchange);
	exchange_finish(&exchange);
	pipe_guard_end(&guard);
	return exchange.probe;
}
