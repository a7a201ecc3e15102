/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who listens where: the sockets by netlink or from /proc/PID/net/tcp and tcp6, joined by inode
 * with the descriptors of the processes asked about. The descriptors are those of a whole machine,
 * so that they are read apart, when a listener is found that matters.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processes/proc.h"
#include "processes/process.h"
#include "processes/socket_diag.h"

enum { TCP_LISTEN_STATE = 0x0A /* include/net/tcp_states.h */, ADDRESS_WORD = 8 /* hex digits */ };

struct sockets {
	struct arena *arena;
	struct listener *list;
	size_t count, capacity;
};

static void
add_listener(void *data, const struct listener *listener)
{
	struct sockets *sockets = data;

	if (sockets->count >= PROCESS_MAX_SOCKETS)
		return;
	sockets->list = arena_grow(sockets->arena, sockets->list, sockets->count,
		&sockets->capacity, sizeof(*sockets->list));
	sockets->list[sockets->count++] = *listener;
}

/* The table has addresses as words in the machine's own byte order, in hex. */
static bool
parse_address(const char *text, size_t digits, char *ret, size_t size)
{
	uint32_t words[4];

	for (size_t i = 0; i < digits / ADDRESS_WORD; i++) {
		char word[ADDRESS_WORD + 1] = { 0 };

		memcpy(word, text + i * ADDRESS_WORD, ADDRESS_WORD);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	return inet_ntop(digits == ADDRESS_WORD ? AF_INET : AF_INET6, words, ret,
		       (socklen_t)size) != NULL;
}

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …" */
static void
add_line(struct sockets *sockets, const char *line)
{
	char local[64], state[16];
	unsigned long long inode;
	struct listener listener = { 0 };
	const char *colon;

	if (sscanf(line, " %*[0-9]: %63s %*s %15s %*s %*s %*s %*s %*s %llu", local, state,
		    &inode) != 3 ||
		strtoul(state, NULL, 16) != TCP_LISTEN_STATE)
		return;
	colon = strchr(local, ':');
	if (colon == NULL || (colon - local != ADDRESS_WORD && colon - local != 4 * ADDRESS_WORD) ||
		!parse_address(
			local, (size_t)(colon - local), listener.address, sizeof(listener.address)))
		return;
	listener.port = (unsigned)strtoul(colon + 1, NULL, 16);
	add_listener(sockets, &listener);
}

static void
add_table(struct sockets *sockets, int directory, const char *name)
{
	const char *line = proc_read(sockets->arena, directory, name, PROC_MAX_TABLE, NULL);

	while (line != NULL && *line != '\0') {
		add_line(sockets, line);
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
}

static void
claim(struct listener *listeners, size_t count, uint64_t inode, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (listeners[i].inode == inode && listeners[i].pid == 0)
			listeners[i].pid = pid;
}

static void
close_directory(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory);
}

/* Its descriptors are links of the form "socket:[12345]". */
static void
claim_descriptors(struct listener *listeners, size_t count, int process, pid_t pid)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_directory) DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	char target[64];

	if (directory == NULL) {
		fd_close(&fd);
		return;
	}
	while ((entry = readdir(directory)) != NULL) {
		ssize_t length = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		if (text_starts(target, "socket:["))
			claim(listeners, count, strtoull(target + strlen("socket:["), NULL, 10),
				pid);
	}
}

static bool
is_own_network(struct arena *arena, int directory)
{
	CLEANUP(fd_close) int own = proc_open(getpid());
	const char *ours = own >= 0 ? proc_link(arena, own, "ns/net") : NULL;
	const char *other = proc_link(arena, directory, "ns/net");

	return ours != NULL && other != NULL && strcmp(ours, other) == 0;
}

struct listener *
process_listeners(struct arena *arena, pid_t pid, size_t *ret_count)
{
	struct sockets sockets = { .arena = arena };
	CLEANUP(fd_close) int directory = proc_open(pid);

	*ret_count = 0;
	if (directory < 0)
		return NULL;
	if (!is_own_network(arena, directory) ||
		socket_diag_listeners(AF_INET, add_listener, &sockets) < 0 ||
		socket_diag_listeners(AF_INET6, add_listener, &sockets) < 0) {
		sockets.count = 0;
		add_table(&sockets, directory, "net/tcp");
		add_table(&sockets, directory, "net/tcp6");
	}
	*ret_count = sockets.count;
	return sockets.list;
}

void
process_listeners_claim(
	struct listener *listeners, size_t count, const pid_t *pids, size_t pid_count)
{
	for (size_t i = 0; i < pid_count; i++) {
		CLEANUP(fd_close) int directory = proc_open(pids[i]);

		if (directory >= 0)
			claim_descriptors(listeners, count, directory, pids[i]);
	}
}
