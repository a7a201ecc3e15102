/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/dial.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "probe/deadline.h"

enum { DIAL_MAX_ADDRESSES = 8, DIAL_MAX_NAME = 256, DIAL_PORT_TEXT = 16 };

#define DIAL_UNIX_PREFIX "unix:"

struct call {
	struct arena *arena;
	int64_t deadline;
	struct transcript *transcript;
	const char *problem; /* of the last address tried */
};

/* What "every address of this machine" is reached by. */
struct wildcard {
	const char *address;
	const char *hosts[2];
};

static const struct wildcard wildcards[] = {
	{ "", { "127.0.0.1", "::1" } },
	{ "*", { "127.0.0.1", "::1" } },
	{ "0.0.0.0", { "127.0.0.1", NULL } },
	/* A socket of :: takes IPv4 as well, unless IPV6_V6ONLY is set. */
	{ "::", { "::1", "127.0.0.1" } },
};

bool
dial_wait(int descriptor, bool for_writing, int64_t deadline)
{
	struct pollfd polled = { .fd = descriptor, .events = for_writing ? POLLOUT : POLLIN };
	int ready, left;

	/* A server that always has more to say must meet the deadline as well. */
	do {
		left = deadline_left(deadline);
		ready = left > 0 ? poll(&polled, 1, left) : 0;
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* 0, or an errno. */
static int
connect_in_time(int descriptor, const struct sockaddr *address, socklen_t size, int64_t deadline)
{
	int error = 0;
	socklen_t error_size = sizeof(error);

	if (connect(descriptor, address, size) == 0)
		return 0;
	if (errno != EINPROGRESS && errno != EINTR)
		return errno;
	if (!dial_wait(descriptor, true, deadline))
		return ETIMEDOUT;
	if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0)
		return errno;
	return error;
}

static int
try_address(struct call *call, const char *text, const struct sockaddr *address, socklen_t size)
{
	CLEANUP(fd_close)
	int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error =
		descriptor < 0 ? errno : connect_in_time(descriptor, address, size, call->deadline);
	int connected = descriptor;

	if (error != 0) {
		call->problem = arena_printf(
			call->arena, "no connection to %s: %s", text, strerrordesc_np(error));
		transcript_add(call->transcript, "%s", call->problem);
		return -1;
	}
	transcript_add(call->transcript, "connected to %s", text);
	descriptor = -1;
	return connected;
}

static int
dial_unix(struct call *call, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		call->problem = "the path of the socket is too long";
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	return try_address(call, path, (const struct sockaddr *)&address, sizeof(address));
}

static const char *
address_text(struct arena *arena, const struct addrinfo *address)
{
	char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";

	(void)getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	return arena_printf(
		arena, address->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static int
dial_host(struct call *call, const char *host, unsigned port)
{
	struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char service[DIAL_PORT_TEXT];
	int tried = 0, descriptor = -1, error;

	(void)snprintf(service, sizeof(service), "%u", port);
	error = getaddrinfo(host, service, &wanted, &found);
	if (error != 0) {
		call->problem = arena_printf(call->arena, "the address %s cannot be resolved: %s",
			text_sanitize(call->arena, host, strnlen(host, DIAL_MAX_NAME)),
			gai_strerror(error));
		transcript_add(call->transcript, "%s", call->problem);
		return -1;
	}
	for (struct addrinfo *at = found;
		at != NULL && descriptor < 0 && tried < DIAL_MAX_ADDRESSES;
		at = at->ai_next, tried++)
		descriptor = try_address(
			call, address_text(call->arena, at), at->ai_addr, at->ai_addrlen);
	freeaddrinfo(found);
	return descriptor;
}

/* "[::1]" is how configurations write it. */
static const char *
without_brackets(struct arena *arena, const char *address)
{
	size_t length = strlen(address);

	if (length < 2 || address[0] != '[' || address[length - 1] != ']')
		return address;
	return arena_strndup(arena, address + 1, length - 2);
}

static int
dial_wildcard(struct call *call, const struct wildcard *wildcard, unsigned port)
{
	int descriptor = dial_host(call, wildcard->hosts[0], port);

	if (descriptor < 0 && wildcard->hosts[1] != NULL)
		descriptor = dial_host(call, wildcard->hosts[1], port);
	return descriptor;
}

static int
dial_address(struct call *call, const char *address, unsigned port)
{
	if (text_starts(address, DIAL_UNIX_PREFIX))
		return dial_unix(call, address + strlen(DIAL_UNIX_PREFIX));
	if (address[0] == '/')
		return dial_unix(call, address);
	for (size_t i = 0; i < COUNT_OF(wildcards); i++)
		if (strcmp(address, wildcards[i].address) == 0)
			return dial_wildcard(call, &wildcards[i], port);
	return dial_host(call, address, port);
}

int
dial(struct arena *arena, const struct endpoint *endpoint, const char *host, int64_t deadline,
	struct transcript *transcript, const char **ret_problem)
{
	struct call call = { .arena = arena, .deadline = deadline, .transcript = transcript };
	const char *address = host != NULL ? host : endpoint->address;
	int descriptor = dial_address(
		&call, without_brackets(arena, address != NULL ? address : ""), endpoint->port);

	*ret_problem = call.problem;
	return descriptor;
}
