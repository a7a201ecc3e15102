/* SPDX-License-Identifier: Apache-2.0 */
/* What no other format recognises: nothing at all, or something that is no store. */
#include <string.h>

#include "stores/format.h"

static bool unknown_sniff(struct span)
{
	return true;
}

static bool
is_blank(uint8_t byte)
{
	return byte == 0 || byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Lines that are blank or begin with '#', and nothing else. */
static bool
holds_comments_alone(struct span bytes)
{
	bool comment = false;

	for (size_t i = 0; i < bytes.length; i++) {
		uint8_t byte = bytes.data[i];

		if (byte == '\n')
			comment = false;
		else if (!comment && byte == '#')
			comment = true;
		else if (!comment && !is_blank(byte))
			return false;
	}
	return true;
}

/* Whether the whole file is base64 of something known. */
static bool
read_encoded(struct store_builder *builder)
{
	CLEANUP(buffer_free) struct buffer decoded = {};
	struct place whole = { .length = builder->bytes.length, .is_enclosing = true };
	size_t bad;

	if (builder->bytes.length == 0 ||
		memchr(builder->bytes.data, 0, builder->bytes.length) != NULL ||
		base64_decode(builder->bytes, &decoded, &bad) < 0 ||
		!builder_read_nested(builder, buffer_span(&decoded), &whole, "decoded"))
		return false;
	(void)builder_defect(builder, CAUSE_STORE_DOUBLE_BASE64, 0, builder->bytes.length,
		"the whole file is encoded in base64");
	return true;
}

static void
unknown_read(struct store_builder *builder)
{
	size_t blank = 0, zeros = 0;

	if (read_encoded(builder))
		return;

	for (size_t i = 0; i < builder->bytes.length; i++) {
		blank += is_blank(builder->bytes.data[i]);
		zeros += builder->bytes.data[i] == 0;
	}
	if (zeros > 0 && blank == builder->bytes.length)
		(void)builder_defect(builder, CAUSE_STORE_NUL_BYTES, 0, builder->bytes.length,
			"the file holds %zu NUL bytes and nothing else", zeros);
	if (builder->bytes.length == 0)
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, 0, "the file has no bytes");
	else if (blank == builder->bytes.length)
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, builder->bytes.length,
			"the file holds nothing but white space");
	else if (holds_comments_alone(builder->bytes))
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, builder->bytes.length,
			"the file holds nothing but comments");
	else
		(void)builder_defect(builder, CAUSE_STORE_WRONG_FORMAT, 0, builder->bytes.length,
			"the file holds no PEM block and is of no known format");
}

const struct store_format store_unknown = {
	.name = "unknown",
	.title = "no known format",
	.sniff = unknown_sniff,
	.read = unknown_read,
};
