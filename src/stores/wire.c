/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/wire.h"

#include <string.h>

#include "base/text.h"

enum { NO_TEXT = UINT32_MAX }; /* NULL */

void
wire_add_number(struct buffer *out, uint64_t number)
{
	buffer_add(out, &number, sizeof(number));
}

void
wire_add_small(struct buffer *out, uint32_t number)
{
	buffer_add(out, &number, sizeof(number));
}

void
wire_add_text(struct buffer *out, const char *text)
{
	size_t length = text == NULL ? 0 : strlen(text);

	wire_add_small(out, text == NULL ? NO_TEXT : (uint32_t)length);
	if (text != NULL)
		buffer_add(out, text, length + 1);
}

struct span
wire_take(struct wire *in, uint64_t length)
{
	struct span taken = { .length = (size_t)length };

	if (in->is_false || length > in->bytes.length - in->at) {
		in->is_false = true;
		return (struct span){};
	}
	if (length > 0)
		taken.data = in->bytes.data + in->at;
	in->at += (size_t)length;
	return taken;
}

uint64_t
wire_take_number(struct wire *in)
{
	struct span bytes = wire_take(in, sizeof(uint64_t));
	uint64_t number = 0;

	if (bytes.length > 0)
		memcpy(&number, bytes.data, sizeof(number));
	return number;
}

uint64_t
wire_take_up_to(struct wire *in, uint64_t max)
{
	uint64_t number = wire_take_number(in);

	if (number > max)
		in->is_false = true;
	return in->is_false ? 0 : number;
}

uint32_t
wire_take_small(struct wire *in, uint32_t max)
{
	struct span bytes = wire_take(in, sizeof(uint32_t));
	uint32_t number = 0;

	if (bytes.length > 0)
		memcpy(&number, bytes.data, sizeof(number));
	if (number > max)
		in->is_false = true;
	return in->is_false ? 0 : number;
}

const char *
wire_take_text(struct wire *in, uint32_t max)
{
	uint32_t length = wire_take_small(in, UINT32_MAX);
	struct span text;

	if (in->is_false || length == NO_TEXT)
		return NULL;
	if (length > max)
		in->is_false = true;
	text = wire_take(in, (uint64_t)length + 1);
	if (in->is_false || memchr(text.data, '\0', text.length) != text.data + length) {
		in->is_false = true;
		return NULL;
	}
	return (const char *)text.data;
}

const char *
wire_take_safe_text(struct wire *in, uint32_t max)
{
	const char *text = wire_take_text(in, max);
	size_t length = text == NULL ? 0 : strlen(text);

	for (size_t at = 0, size; at < length; at += size) {
		uint32_t code;

		size = 1;
		if (text[at] >= ' ' && text[at] <= '~')
			continue;
		size = text_utf8_decode(text + at, length - at, &code);
		if (size == 0 || text_code_is_unsafe(code)) {
			in->is_false = true;
			return NULL;
		}
	}
	return text;
}
