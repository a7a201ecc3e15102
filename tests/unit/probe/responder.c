/* SPDX-License-Identifier: Apache-2.0 */
/* A responder that does whatever it likes: what is said of it, in how much time. */
#include "probe/responder.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

/* Everything that one connection is answered, and how long it is left open after that. */
struct manner {
	const char *text;
	size_t flood; /* octets of nothing after it; SIZE_MAX: as many as are taken */
	bool holds;   /* says no more, and does not hang up */
};

struct responder {
	int listener;
	pthread_t thread;
	struct manner manner;
	unsigned connections;
	char url[64];
};

static void
must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	abort();
}

static void
flood(int fd, size_t length)
{
	static const char nothing[4096];
	ssize_t sent = 1;

	for (size_t left = length; left > 0 && sent > 0; left -= (size_t)sent)
		sent = send(
			fd, nothing, left < sizeof(nothing) ? left : sizeof(nothing), MSG_NOSIGNAL);
}

static void
serve(const struct manner *manner, int fd)
{
	char request[4096];
	struct pollfd ends = { .fd = fd, .events = POLLRDHUP };

	if (recv(fd, request, sizeof(request), 0) <= 0)
		return;
	(void)send(fd, manner->text, strlen(manner->text), MSG_NOSIGNAL);
	flood(fd, manner->flood);
	if (manner->holds)
		(void)poll(&ends, 1, 3 * RESPONDER_TIMEOUT);
}

static void *
run(void *argument)
{
	struct responder *responder = argument;
	int fd;

	while ((fd = accept(responder->listener, NULL, NULL)) >= 0) {
		responder->connections++;
		serve(&responder->manner, fd);
		(void)close(fd);
	}
	return NULL;
}

static void
responder_begin(struct responder *responder, const struct manner *manner)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);

	*responder = (struct responder){ .manner = *manner };
	responder->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(responder->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			listen(responder->listener, 4) == 0 &&
			getsockname(responder->listener, (struct sockaddr *)&address, &length) == 0,
		"a listener");
	(void)snprintf(responder->url, sizeof(responder->url), "http://127.0.0.1:%u/ocsp",
		ntohs(address.sin_port));
	must(pthread_create(&responder->thread, NULL, run, responder) == 0, "a thread");
}

/* How often it was connected to. */
static unsigned
responder_end(struct responder *responder)
{
	(void)shutdown(responder->listener, SHUT_RDWR);
	(void)pthread_join(responder->thread, NULL);
	(void)close(responder->listener);
	return responder->connections;
}

#define OK(type) "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\n"
#define OCSP     "application/ocsp-response"

/* Asks one; why there is no answer, or the answer as text. */
static const char *
ask(struct arena *arena, const struct manner *manner)
{
	struct responder responder;
	struct ocsp_call call = { .url = responder.url, .request = span_of("request", 7) };
	struct span answer;
	const char *why = NULL;
	int result;

	responder_begin(&responder, manner);
	result = responder_ask(arena, &call, &answer, &why);
	if (responder_end(&responder) != 1)
		return "it was not asked once";
	if (result == 0)
		return arena_strndup(arena, (const char *)answer.data, answer.length);
	printf("# %s\n", why);
	return strstr(why, responder.url) != NULL ? why : "it does not say whom it asked";
}

TEST(answers, "an answer is what it sends, of its type, with status 200")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	CHECK_TEXT(
		ask(arena, &(struct manner){ OK(OCSP) "Content-Length: 4\r\n\r\nbody", 0, false }),
		"body");
	CHECK_TEXT(ask(arena, &(struct manner){ OK(OCSP) "\r\nuntil the end", 0, false }),
		"until the end");
}

TEST(refusals, "whatever else comes is named, and is no answer")
{
	static const struct {
		struct manner manner;
		const char *why;
	} rows[] = {
		{ { OK("text/html") "Content-Length: 4\r\n\r\nbody", 0, false },
			"it sends text/html, not application/ocsp-response" },
		{ { "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", 0, false },
			"it sends no type" },
		{ { "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", 0,
			  false },
			"HTTP status 302" },
		{ { "HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\nContent-Length: "
		    "0\r\n\r\n",
			  0, false },
			"HTTP status 301" },
		{ { "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 0, false }, "HTTP status 503" },
		{ { OK(OCSP) "Content-Length: 100\r\n\r\nbody", 0, false }, "gives no answer" },
		{ { "", 0, false }, "gives no answer" },
		{ { OK(OCSP) "\r\n", SIZE_MAX, false }, "it sends more than 1048576 bytes" },
		{ { OK(OCSP) "Content-Length: 1073741824\r\n\r\n", 1 << 30, false },
			"it sends more than 1048576 bytes" },
		{ { OK(OCSP) "X-Long: ", SIZE_MAX, false }, "gives no answer" },
	};
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		printf("# %zu\n", i);
		CHECK(strstr(ask(arena, &rows[i].manner), rows[i].why) != NULL);
	}
}

TEST(hangs, "one that hangs in the middle costs its time, and no more")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct timespec from, to;

	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	CHECK(strstr(ask(arena, &(struct manner){ OK(OCSP) "Content-Length: 100\r\n\r\nbody", 0,
					true }),
		      "gives no answer") != NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	CHECK((to.tv_sec - from.tv_sec) * 1000 < RESPONDER_TIMEOUT + 3000);
}

TAP_MAIN()
