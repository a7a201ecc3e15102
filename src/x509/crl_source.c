/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "x509/crl_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "x509/crl_source_kind.h"
#include "x509/der.h"

struct file_source {
	struct crl_source source;
	int fd;
	bool is_unwatched;
	struct stat status; /* at the beginning */
};

struct bytes_source {
	struct crl_source source;
	struct span bytes;
};

static bool
is_unchanged(const struct file_source *file)
{
	const struct stat *before = &file->status;
	struct stat now;

	return fstat(file->fd, &now) == 0 && now.st_size == before->st_size &&
	       memcmp(&now.st_mtim, &before->st_mtim, sizeof(now.st_mtim)) == 0 &&
	       memcmp(&now.st_ctim, &before->st_ctim, sizeof(now.st_ctim)) == 0;
}

static ssize_t
file_read_part(struct crl_source *source, uint64_t offset, uint8_t *into, size_t length)
{
	struct file_source *file = (struct file_source *)source;
	size_t have = 0;
	ssize_t got = 1;

	while (have < length && got != 0) {
		got = pread(file->fd, into + have, length - have, (off_t)(offset + have));
		if (got < 0 && errno != EINTR)
			return -1;
		have += got > 0 ? (size_t)got : 0;
		if (got < 0)
			got = 1;
	}
	if (file->is_unwatched || is_unchanged(file))
		return (ssize_t)have;
	errno = EAGAIN;
	return -1;
}

static void
file_source_end(struct crl_source *source)
{
	fd_close(&((struct file_source *)source)->fd);
}

static void
unwatched_end(struct crl_source *)
{
}

struct crl_source *
crl_source_file(int fd)
{
	static const struct crl_source_kind kind = { file_read_part, file_source_end };
	struct file_source *file = mem_zalloc(sizeof(*file));

	file->source.kind = &kind;
	file->fd = fd;
	if (fstat(fd, &file->status) < 0)
		file->status.st_size = -1; /* no read agrees with that */
	return &file->source;
}

struct crl_source *
crl_source_again(const struct crl_source *source)
{
	const struct file_source *first = (const struct file_source *)source;
	struct file_source *file = mem_zalloc(sizeof(*file));

	file->source.kind = first->source.kind;
	file->fd = fcntl(first->fd, F_DUPFD_CLOEXEC, 0);
	file->status = first->status;
	return &file->source;
}

struct crl_source *
crl_source_unwatched(int fd)
{
	static const struct crl_source_kind kind = { file_read_part, unwatched_end };
	struct file_source *file = mem_zalloc(sizeof(*file));

	file->source.kind = &kind;
	file->fd = fd;
	file->is_unwatched = true;
	return &file->source;
}

int
crl_source_descriptor(const struct crl_source *source)
{
	return ((const struct file_source *)source)->fd;
}

bool
crl_source_is_unchanged(const struct crl_source *source)
{
	return is_unchanged((const struct file_source *)source);
}

const struct stat *
crl_source_status(const struct crl_source *source)
{
	return &((const struct file_source *)source)->status;
}

static ssize_t
bytes_read_part(struct crl_source *source, uint64_t offset, uint8_t *into, size_t length)
{
	struct span bytes = ((struct bytes_source *)source)->bytes;

	if (offset >= bytes.length)
		return 0;
	if (length > bytes.length - offset)
		length = bytes.length - offset;
	memcpy(into, bytes.data + offset, length);
	return (ssize_t)length;
}

static void
bytes_source_end(struct crl_source *)
{
}

struct crl_source *
crl_source_bytes(struct span bytes)
{
	static const struct crl_source_kind kind = { bytes_read_part, bytes_source_end };
	struct bytes_source *source = mem_zalloc(sizeof(*source));

	source->source.kind = &kind;
	source->bytes = bytes;
	return &source->source;
}

void
crl_source_free(struct crl_source *source)
{
	if (source == NULL)
		return;
	source->kind->end(source);
	mem_free(source);
}

ssize_t
crl_source_read(struct crl_source *source, uint64_t offset, uint8_t *into, size_t length)
{
	return source->kind->read(source, offset, into, length);
}

uint64_t
crl_source_fault(const struct crl_source *source)
{
	return source->fault;
}

/* A certificate begins as a CRL does; which it is shows in its fields. */
enum crl_form
crl_source_form(struct crl_source *source, size_t *ret_offset, unsigned *ret_line)
{
	uint8_t head[CRL_SOURCE_PREAMBLE];
	ssize_t length = crl_source_read(source, 0, head, sizeof(head));
	struct span bytes = span_of(head, length > 0 ? (size_t)length : 0);
	unsigned tag;
	size_t header, content;

	*ret_offset = 0;
	*ret_line = 1;
	if (der_header(bytes, &tag, &header, &content) == NULL && tag == DER_SEQUENCE &&
		header < bytes.length && bytes.data[header] == DER_SEQUENCE)
		return CRL_FORM_DER;
	content = span_find(bytes, CRL_PEM_BEGIN, 0);
	if (content == SIZE_MAX || span_find(bytes, "-----BEGIN ", 0) != content)
		return CRL_FORM_OTHER;
	*ret_offset = content;
	for (size_t i = 0; i < content; i++)
		*ret_line += head[i] == '\n';
	return CRL_FORM_PEM;
}
