/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who listens where: /proc/PID/net/tcp and tcp6 of each network namespace once, joined by socket
 * inode with the descriptors of the processes asked about.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processes/proc.h"
#include "processes/process.h"

enum { TCP_LISTEN_STATE = 0x0A /* include/net/tcp_states.h */, ADDRESS_WORD = 8 /* hex digits */ };

struct sockets {
	struct arena *arena;
	struct listener *list;
	uint64_t *inodes; /* parallel to list */
	size_t count, capacity, inode_capacity;
};

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

	if (sockets->count >= PROCESS_MAX_SOCKETS ||
		sscanf(line, " %*[0-9]: %63s %*s %15s %*s %*s %*s %*s %*s %llu", local, state,
			&inode) != 3 ||
		strtoul(state, NULL, 16) != TCP_LISTEN_STATE)
		return;
	colon = strchr(local, ':');
	if (colon == NULL || (colon - local != ADDRESS_WORD && colon - local != 4 * ADDRESS_WORD) ||
		!parse_address(
			local, (size_t)(colon - local), listener.address, sizeof(listener.address)))
		return;
	listener.port = (unsigned)strtoul(colon + 1, NULL, 16);
	sockets->inodes = arena_grow(sockets->arena, sockets->inodes, sockets->count,
		&sockets->inode_capacity, sizeof(*sockets->inodes));
	sockets->list = arena_grow(sockets->arena, sockets->list, sockets->count,
		&sockets->capacity, sizeof(*sockets->list));
	sockets->inodes[sockets->count] = inode;
	sockets->list[sockets->count++] = listener;
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
claim(struct sockets *sockets, uint64_t inode, pid_t pid)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->inodes[i] == inode && sockets->list[i].pid == 0)
			sockets->list[i].pid = pid;
}

static void
close_directory(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory);
}

/* Its descriptors are links of the form "socket:[12345]". */
static void
claim_descriptors(struct sockets *sockets, int process, pid_t pid)
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
			claim(sockets, strtoull(target + strlen("socket:["), NULL, 10), pid);
	}
}

static bool
is_known(const char *const *known, size_t count, const char *namespace)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(known[i], namespace) == 0)
			return true;
	return false;
}

int
process_listeners(struct arena *arena, const pid_t *pids, size_t count, const struct listener **ret,
	size_t *ret_count)
{
	struct sockets sockets = { .arena = arena };
	const char **known = arena_alloc(arena, (count + 1) * sizeof(*known));
	size_t known_count = 0;

	if (count > PROCESS_MAX)
		return -1;
	for (size_t i = 0; i < count; i++) {
		CLEANUP(fd_close) int directory = proc_open(pids[i]);
		const char *namespace =
			directory >= 0 ? proc_link(arena, directory, "ns/net") : NULL;

		if (namespace == NULL || is_known(known, known_count, namespace))
			continue;
		known[known_count++] = namespace;
		add_table(&sockets, directory, "net/tcp");
		add_table(&sockets, directory, "net/tcp6");
	}
	for (size_t i = 0; i < count; i++) {
		CLEANUP(fd_close) int directory = proc_open(pids[i]);

		if (directory >= 0)
			claim_descriptors(&sockets, directory, pids[i]);
	}
	*ret = sockets.list;
	*ret_count = sockets.count;
	return 0;
}
