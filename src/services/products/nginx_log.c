/* SPDX-License-Identifier: Apache-2.0 */
#include "services/products/nginx_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { LOG_TAIL = 256 << 10 /* bytes read of its end */, LINE_MAX_SHOWN = 1'000 };

/* The log grows: it is not read through the world, which keeps what it has read. */
static int
log_open(struct arena *arena, const struct service *service)
{
	const char *path =
		service->log != NULL ? world_host_path(service->world, service->log) : NULL;
	struct stat status;
	int fd;

	/* A daemon's standard error is its log (ngx_log_redirect_stderr). */
	if (path == NULL && service->running)
		path = arena_printf(arena, "/proc/%d/fd/2", (int)service->main.pid);
	fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)))
		fd_close(&fd);
	return fd;
}

static uint64_t
size_of(int fd)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 ? (uint64_t)status.st_size : 0;
}

uint64_t
nginx_log_size(struct arena *arena, const struct service *service)
{
	CLEANUP(fd_close) int fd = log_open(arena, service);

	return size_of(fd);
}

int64_t
nginx_log_moment(const char *line)
{
	struct tm calendar = { .tm_isdst = -1 };
	const char *end = strptime(line, "%Y/%m/%d %H:%M:%S", &calendar);

	return end != NULL ? (int64_t)mktime(&calendar) : -1;
}

const char *
nginx_log_failure(struct arena *arena, const struct service *service, uint64_t from)
{
	CLEANUP(fd_close) int fd = log_open(arena, service);
	uint64_t size = size_of(fd);
	const char *mark = arena_printf(arena, " [emerg] %d#", (int)service->main.pid);
	const char *found = NULL;
	char *tail;
	ssize_t length;

	if (fd < 0)
		return NULL;
	/* Rotated since. */
	if (from > size)
		from = 0;
	if (size - from > LOG_TAIL)
		from = size - LOG_TAIL;
	tail = arena_alloc(arena, LOG_TAIL + 1);
	length = pread(fd, tail, LOG_TAIL, (off_t)from);
	if (length <= 0)
		return NULL;
	for (char *line = tail, *next; line != NULL; line = next) {
		next = memchr(line, '\n', (size_t)(tail + length - line));
		if (next != NULL)
			*next++ = '\0';
		if (strstr(line, mark) != NULL)
			found = line;
	}
	return found != NULL ? text_sanitize(arena, found, strnlen(found, LINE_MAX_SHOWN)) : NULL;
}
