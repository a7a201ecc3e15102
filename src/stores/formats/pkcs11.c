/* SPDX-License-Identifier: Apache-2.0 */
/* What PKCS#11 tokens hold, as token.h has it listed: bytes like others, that modules have made. */
#include <string.h>

#include "stores/p11kit.h"
#include "stores/token.h"

static bool
pkcs11_sniff(struct span bytes)
{
	const size_t length = sizeof(TOKEN_LISTING_HEAD) - 1;

	return bytes.length >= length && memcmp(bytes.data, TOKEN_LISTING_HEAD, length) == 0;
}

struct mark {
	const char *name;
	enum cause_code cause;
	bool is_harmless;
	const char *before, *behind; /* what the line says stands between them */
};

static const struct mark marks[] = {
	{ TOKEN_MARK_MODULE, CAUSE_TOKEN_MODULE, true,
		"p11-kit is configured to load a module that is not there: ", "" },
	{ TOKEN_MARK_LOCKED, CAUSE_TOKEN_PIN, true, "the PIN of the token \"",
		"\" is locked: what is not public is out of reach" },
	{ TOKEN_MARK_NOTHING, CAUSE_TOKEN_OBJECT_MISSING, false, "", "" },
	{ TOKEN_MARK_OTHER, CAUSE_TOKEN_OBJECT_MISSING, true,
		"a token of another name is there: \"", "\"" },
};

static void
read_mark(struct store_builder *builder, size_t from, size_t to)
{
	const char *line = (const char *)builder->bytes.data + from;

	for (size_t i = 0; i < COUNT_OF(marks); i++) {
		size_t length = strlen(marks[i].name);
		struct defect *defect;

		if (to - from < length || memcmp(line, marks[i].name, length) != 0)
			continue;
		defect = builder_defect(builder, marks[i].cause, from, to - from, "%s%.*s%s",
			marks[i].before, (int)(to - from - length), line + length, marks[i].behind);
		if (defect != NULL)
			defect->harmless = marks[i].is_harmless;
		return;
	}
}

static void
pkcs11_read(struct store_builder *builder)
{
	static const char begin[] = "\n" TOKEN_LISTING_MARK;
	struct span bytes = builder->bytes;

	for (size_t at = span_find(bytes, begin, 0); at != SIZE_MAX;
		at = span_find(bytes, begin, at + 1)) {
		const size_t from = at + sizeof(begin) - 1;
		const uint8_t *end = memchr(bytes.data + from, '\n', bytes.length - from);

		read_mark(builder, from, end == NULL ? bytes.length : (size_t)(end - bytes.data));
	}
	p11kit_read_objects(builder, true);
}

const struct store_format store_pkcs11 = {
	.name = "pkcs11",
	.title = "objects of PKCS#11 tokens",
	.family = FAMILY_P11KIT,
	.marks_trust = true,
	.sniff = pkcs11_sniff,
	.read = pkcs11_read,
};
