/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "processes/processes.h"
#include "unit/tap.h"

/* A listening socket at this address and a port that the kernel chooses; -1 where there is no such
 * family. */
static int
listen_at(int family, const char *address, unsigned *ret_port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr *name = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t size = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), only = 1;

	if (family == AF_INET)
		(void)inet_pton(family, address, &v4.sin_addr);
	else
		(void)inet_pton(family, address, &v6.sin6_addr);
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (fd < 0 || bind(fd, name, size) < 0 || listen(fd, 4) < 0 ||
		getsockname(fd, name, &size) < 0) {
		fd_close(&fd);
		return -1;
	}
	*ret_port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

/* The listener at this port of our network, claimed by these processes; NULL where there is none.
 */
static const struct listener *
find(struct arena *arena, const pid_t *pids, size_t pid_count, unsigned port)
{
	size_t count;
	struct listener *list = process_listeners(arena, getpid(), &count);

	process_listeners_claim(list, count, pids, pid_count);
	for (size_t i = 0; i < count; i++)
		if (list[i].port == port)
			return &list[i];
	return NULL;
}

TEST(addresses, "a listener has the address and port that it was bound to, in either family")
{
	static const struct {
		int family;
		const char *address;
	} places[] = { { AF_INET, "127.0.0.1" }, { AF_INET, "127.1.2.3" }, { AF_INET, "0.0.0.0" },
		{ AF_INET6, "::1" }, { AF_INET6, "::" } };
	const pid_t pid = getpid();

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		CLEANUP(arena_freep) struct arena *arena = arena_new();
		unsigned port;
		CLEANUP(fd_close) int fd = listen_at(places[i].family, places[i].address, &port);
		const struct listener *found;

		if (fd < 0 && places[i].family == AF_INET6) {
			printf("# skipped: no IPv6 here\n");
			continue;
		}
		CHECK(fd >= 0);
		found = find(arena, &pid, 1, port);
		CHECK(found != NULL && found->pid == pid);
		CHECK_TEXT(found->address, places[i].address);
	}
}

TEST(not_listening, "a socket that does not listen, or is closed, is none")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const pid_t pid = getpid();
	unsigned port;
	int fd = listen_at(AF_INET, "127.0.0.1", &port);

	CHECK(fd >= 0 && find(arena, &pid, 1, port) != NULL);
	fd_close(&fd);
	CHECK(find(arena, &pid, 1, port) == NULL);
}

TEST(holder, "who holds a socket is one of those asked about, or nobody that is known")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const pid_t self = getpid();
	unsigned port;
	CLEANUP(fd_close) int fd = listen_at(AF_INET, "127.0.0.1", &port);
	pid_t both[2] = { 0, self }, child;
	const struct listener *found;

	CHECK(fd >= 0);
	child = fork();
	if (child == 0) {
		(void)close(fd);
		for (;;)
			(void)pause();
	}
	both[0] = child;
	for (int waited = 0; waited < 100; waited++) {
		found = find(arena, &child, 1, port);
		if (found != NULL && found->pid == 0)
			break;
		(void)usleep(10'000);
	}
	found = find(arena, &child, 1, port);
	CHECK(found != NULL && found->pid == 0);
	found = find(arena, both, 2, port);
	CHECK(found != NULL && found->pid == self);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
}

TEST(gone, "a process that is gone has no network, and holds nothing")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	size_t count = 9;

	CHECK(process_listeners(arena, INT32_MAX, &count) == NULL && count == 0);
}

TAP_MAIN()
