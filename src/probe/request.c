/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/request.h"

#include <ctype.h>
#include <string.h>

enum { REQUEST_MAX_HOST = 253, REQUEST_MAX_PATH = 2'048 };

static bool
is_host_character(char character)
{
	return isalnum((unsigned char)character) || character == '-' || character == '.' ||
	       character == '_';
}

/* An IPv4 address: its last label is all digits (WHATWG URL 4, "ends in a number"). */
static bool
ends_in_number(const char *name)
{
	const char *last = strrchr(name, '.');

	last = last != NULL ? last + 1 : name;
	return *last != '\0' && strspn(last, "0123456789") == strlen(last);
}

const char *
request_server_name(const struct endpoint *endpoint)
{
	const char *name = endpoint->server_name;
	bool has_letter = false;

	if (name == NULL || strnlen(name, REQUEST_MAX_HOST + 1) > REQUEST_MAX_HOST ||
		ends_in_number(name))
		return NULL;
	for (const char *at = name; *at != '\0'; at++) {
		if (!is_host_character(*at))
			return NULL;
		has_letter = has_letter || isalnum((unsigned char)*at);
	}
	return has_letter ? name : NULL;
}

/* Controls, spaces and what is not ASCII become %XX, so that the request stays one line. */
static void
add_path(struct buffer *text, const char *path)
{
	size_t length = strnlen(path, REQUEST_MAX_PATH);

	if (length == 0 || path[0] != '/')
		buffer_add_text(text, "/");
	for (size_t i = 0; i < length; i++) {
		unsigned char octet = (unsigned char)path[i];

		if (octet > ' ' && octet < 0x7f)
			buffer_add(text, &octet, 1);
		else
			buffer_addf(text, "%%%02X", octet);
	}
}

const char *
request_text(struct arena *arena, const struct endpoint *endpoint)
{
	CLEANUP(buffer_free) struct buffer text = {};
	const char *host = request_server_name(endpoint);

	buffer_add_text(&text, "GET ");
	add_path(&text, endpoint->http_path != NULL ? endpoint->http_path : "/");
	buffer_addf(&text,
		" HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: trustmend\r\n\r\n",
		host != NULL ? host : "localhost");
	return arena_strndup(arena, (const char *)text.data, text.length);
}
