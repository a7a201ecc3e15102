/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/passwords.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SOURCE_SIZE = 256 };

struct slot {
	uint8_t bytes[PASSWORD_MAX_SIZE];
	size_t length;
	char source[SOURCE_SIZE];
};

struct passwords {
	size_t count;
	struct slot slots[PASSWORDS_MAX];
};

/* keytool's own store and most tutorials; no password at all; what "changeit" is taken for. */
static const struct {
	const char *text, *source;
} known[] = {
	{ "changeit", "Java's default" },
	{ "", "the empty password" },
	{ "changeme", "a known default" },
};

struct passwords *
passwords_new(void)
{
	struct passwords *passwords = mmap(NULL, sizeof(*passwords), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (passwords == MAP_FAILED)
		abort(); /* as mem_* does: without memory nothing goes on */
	/* Both are more than can be had everywhere: a limit on locked memory is no reason to stop.
	 */
	(void)mlock(passwords, sizeof(*passwords));
	(void)madvise(passwords, sizeof(*passwords), MADV_DONTDUMP);
	return passwords;
}

void
passwords_free(struct passwords *passwords)
{
	if (passwords == NULL)
		return;
	secret_wipe(passwords, sizeof(*passwords));
	(void)munmap(passwords, sizeof(*passwords));
}

static int
slot_open(struct passwords *passwords, const char *source, struct slot **ret, struct err *err)
{
	if (passwords->count >= PASSWORDS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d passwords", PASSWORDS_MAX);
	*ret = &passwords->slots[passwords->count];
	(void)snprintf((*ret)->source, sizeof((*ret)->source), "%s", source);
	return 0;
}

/* The first line alone: an editor ends it by a newline that is not meant. */
static int
slot_close(struct passwords *passwords, struct slot *slot, size_t length, struct err *err)
{
	const uint8_t *end;

	assert(slot != NULL);
	end = memchr(slot->bytes, '\n', length);
	if (end == NULL && length == sizeof(slot->bytes)) {
		secret_wipe(slot->bytes, sizeof(slot->bytes));
		return err_set(err, ERR_LIMIT, "the password of %s is longer than %d bytes",
			slot->source, PASSWORD_MAX_SIZE - 1);
	}
	if (end != NULL) {
		size_t kept = (size_t)(end - slot->bytes);

		secret_wipe(slot->bytes + kept, length - kept);
		length = kept;
	}
	if (length > 0 && end != NULL && slot->bytes[length - 1] == '\r')
		slot->bytes[--length] = 0;
	slot->length = length;
	passwords->count++;
	return 0;
}

int
passwords_add(struct passwords *passwords, struct span text, const char *source, struct err *err)
{
	struct slot *slot = NULL;

	TRY(slot_open(passwords, source, &slot, err));
	if (text.length > sizeof(slot->bytes))
		text.length = sizeof(slot->bytes);
	if (text.length > 0)
		memcpy(slot->bytes, text.data, text.length);
	return slot_close(passwords, slot, text.length, err);
}

int
passwords_add_environment(struct passwords *passwords, const char *name, struct err *err)
{
	const char *value = getenv(name);
	char source[SOURCE_SIZE];

	if (value == NULL)
		return err_set(err, ERR_NO_INPUT, "the environment has no variable %s", name);
	(void)snprintf(source, sizeof(source), "the variable %s", name);
	return passwords_add(passwords, span_of(value, strlen(value)), source, err);
}

static int
read_slot(struct passwords *passwords, struct slot *slot, int fd, struct err *err)
{
	size_t length = 0;

	while (length < sizeof(slot->bytes) && memchr(slot->bytes, '\n', length) == NULL) {
		ssize_t count = read(fd, slot->bytes + length, sizeof(slot->bytes) - length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_sys(err, ERR_IO, "read the password of %s", slot->source);
		if (count == 0)
			break;
		length += (size_t)count;
	}
	return slot_close(passwords, slot, length, err);
}

int
passwords_add_descriptor(struct passwords *passwords, int fd, struct err *err)
{
	char source[SOURCE_SIZE];
	struct slot *slot = NULL;

	(void)snprintf(source, sizeof(source), "descriptor %d", fd);
	TRY(slot_open(passwords, source, &slot, err));
	return read_slot(passwords, slot, fd, err);
}

int
passwords_add_file(struct passwords *passwords, const char *path, struct err *err)
{
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct slot *slot = NULL;

	if (fd < 0)
		return err_sys(err, ERR_NO_INPUT, "open the password file %s", path);
	TRY(slot_open(passwords, path, &slot, err));
	return read_slot(passwords, slot, fd, err);
}

bool
passwords_given(const struct passwords *passwords)
{
	return passwords != NULL && passwords->count > 0;
}

bool
passwords_get(const struct passwords *passwords, size_t index, struct password *ret)
{
	size_t given = passwords == NULL ? 0 : passwords->count;

	if (index < given) {
		const struct slot *slot = &passwords->slots[index];

		*ret = (struct password){ span_of(slot->bytes, slot->length), slot->source, true };
		return true;
	}
	index -= given;
	if (index >= COUNT_OF(known))
		return false;
	*ret = (struct password){ span_of(known[index].text, strlen(known[index].text)),
		known[index].source, false };
	return true;
}

static size_t
put_unit(uint8_t *out, uint32_t unit)
{
	out[0] = (uint8_t)(unit >> 8);
	out[1] = (uint8_t)unit;
	return 2;
}

size_t
password_utf16(struct span text, uint8_t *out)
{
	size_t written = 0, size;
	uint32_t code;

	for (size_t at = 0; at < text.length; at += size) {
		size = text_utf8_decode((const char *)text.data + at, text.length - at, &code);
		if (size == 0) {
			written = 0;
			for (size_t i = 0; i < text.length; i++)
				written += put_unit(out + written, text.data[i]);
			return written;
		}
		if (code >= 0x10000) {
			written += put_unit(out + written, 0xd800 + ((code - 0x10000) >> 10));
			code = 0xdc00 + ((code - 0x10000) & 0x3ff);
		}
		written += put_unit(out + written, code);
	}
	return written;
}
