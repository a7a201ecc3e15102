/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include <openssl/x509.h>

#include "make.h"
#include "tap.h"
#include "x509/der.h"

enum { MADE_NAME_MAX = 2048, GENERATED = 300 };

struct raw_name {
	uint8_t bytes[MADE_NAME_MAX];
	size_t length;
};

struct raw_attribute {
	const char *oid; /* content; NUL-terminated, for no OID here holds a NUL */
	unsigned tag;
	const char *value;
	size_t length;
	bool joined; /* to the SET before */
};

#define VALUE(text)    text, sizeof(text) - 1
#define CN             "\x55\x04\x03"
#define ORGANIZATION   "\x55\x04\x0a"
#define NAME(...)      name_of((struct raw_attribute[]){ __VA_ARGS__, { NULL } })
#define ONE(tag, text) NAME({ CN, tag, VALUE(text), false })

static size_t
wrap(uint8_t *out, unsigned tag, const uint8_t *content, size_t length)
{
	size_t header = length < 0x80 ? 2 : 4;

	(void)memmove(out + header, content, length);
	out[0] = (uint8_t)tag;
	out[1] = length < 0x80 ? (uint8_t)length : 0x82;
	if (header == 4 && length < 0x100) {
		out[1] = 0x81;
		header = 3;
		(void)memmove(out + 3, out + 4, length);
		out[2] = (uint8_t)length;
	} else if (header == 4) {
		out[2] = (uint8_t)(length >> 8);
		out[3] = (uint8_t)length;
	}
	return header + length;
}

static size_t
put_attribute(uint8_t *out, const struct raw_attribute *attribute)
{
	uint8_t content[MADE_NAME_MAX];
	size_t used =
		wrap(content, DER_OID, (const uint8_t *)attribute->oid, strlen(attribute->oid));

	used += wrap(content + used, attribute->tag, (const uint8_t *)attribute->value,
		attribute->length);
	return wrap(out, DER_SEQUENCE, content, used);
}

static struct raw_name
name_of(const struct raw_attribute *attributes)
{
	struct raw_name name = { .length = 0 };
	uint8_t set[MADE_NAME_MAX], sequence[MADE_NAME_MAX];
	size_t set_length = 0, length = 0;

	for (; attributes->oid != NULL; attributes++) {
		set_length += put_attribute(set + set_length, attributes);
		if (attributes[1].oid != NULL && attributes[1].joined)
			continue;
		length += wrap(sequence + length, DER_SET, set, set_length);
		set_length = 0;
	}
	name.length = wrap(name.bytes, DER_SEQUENCE, sequence, length);
	return name;
}

static struct span
span_name(const struct raw_name *name)
{
	return span_of(name->bytes, name->length);
}

static X509_NAME *
decode(const struct raw_name *name)
{
	const unsigned char *at = name->bytes;
	X509_NAME *decoded = d2i_X509_NAME(NULL, &at, (long)name->length);

	if (at == name->bytes + name->length)
		return decoded;
	X509_NAME_free(decoded);
	return NULL;
}

/* Both agree about the pair, and about the hashes of each. */
static bool
agrees(const struct raw_name *a, const struct raw_name *b, bool *ret_equal)
{
	X509_NAME *a_decoded = decode(a), *b_decoded = decode(b);
	bool wanted = X509_NAME_cmp(a_decoded, b_decoded) == 0;
	bool good = a_decoded != NULL && b_decoded != NULL &&
		    name_equal(span_name(a), span_name(b)) == wanted &&
		    name_equal(span_name(b), span_name(a)) == wanted &&
		    (!wanted || name_hash(span_name(a)) == name_hash(span_name(b)));

	X509_NAME_free(a_decoded);
	X509_NAME_free(b_decoded);
	*ret_equal = wanted;
	return good;
}

static bool
hashes_agree(const struct raw_name *name)
{
	X509_NAME *decoded = decode(name);
	char text[NAME_HASH_TEXT_SIZE], wanted[NAME_HASH_TEXT_SIZE];
	int known = 0;
	bool good;

	(void)snprintf(
		wanted, sizeof(wanted), "%08lx", X509_NAME_hash_ex(decoded, NULL, NULL, &known));
	good = known == 1 && name_openssl_hash(span_name(name), text) == 0 &&
	       strcmp(text, wanted) == 0;
	(void)snprintf(wanted, sizeof(wanted), "%08lx", X509_NAME_hash_old(decoded));
	good = good && name_openssl_hash_old(span_name(name), text) == 0 &&
	       strcmp(text, wanted) == 0;
	X509_NAME_free(decoded);
	return good;
}

TEST(name_odd, "odd names compare and hash as in OpenSSL")
{
	static char wide[600];
	(void)memset(wide, '\xe4', sizeof(wide));
	struct raw_name names[] = {
		ONE(DER_UTF8_STRING, "Lab CA"), ONE(DER_PRINTABLE_STRING, "lab ca"),
		ONE(DER_IA5_STRING, "  LAB \t\r\n CA  "),
		ONE(DER_BMP_STRING, "\0L\0a\0b\0 \0 \0C\0A"),
		ONE(DER_UNIVERSAL_STRING, "\0\0\0L\0\0\0a\0\0\0b\0\0\0 \0\0\0C\0\0\0A"),
		ONE(DER_T61_STRING, "Lab\x0b"
				    "CA"),
		ONE(DER_T61_STRING, "Lab\x1c"
				    "CA"),
		ONE(0x12, "12 34"), /* NumericString is not canonised */
		ONE(0x12, "12  34"), ONE(DER_PRINTABLE_STRING, "12 34"),
		ONE(DER_T61_STRING, "M\xfcller"), ONE(DER_UTF8_STRING, "M\xc3\xbcller"),
		ONE(DER_UTF8_STRING, "M\xc3\x9cller"), /* beyond ASCII the case counts */
		ONE(DER_BMP_STRING, "\0m\0\xfc\0l\0l\0e\0r"),
		ONE(DER_UTF8_STRING, "\xc2\xa0"
				     "a"), /* no-break space is no space */
		ONE(DER_UTF8_STRING, "a"), ONE(DER_UTF8_STRING, ""), ONE(DER_UTF8_STRING, "   "),
		ONE(DER_PRINTABLE_STRING, ""), ONE(DER_UTF8_STRING, "a\0b"),
		ONE(DER_UTF8_STRING, "A\0B"),
		ONE(DER_BIT_STRING, "\x00"
				    "Ab"),
		ONE(DER_BIT_STRING, "\x00"
				    "ab"),
		ONE(DER_UNIVERSAL_STRING, "\0\x01\xf6\0"), ONE(DER_UTF8_STRING, "\xf0\x9f\x98\x80"),
		NAME({ CN, DER_UTF8_STRING, VALUE("a"), false },
			{ ORGANIZATION, DER_UTF8_STRING, VALUE("b"), false }),
		NAME({ ORGANIZATION, DER_UTF8_STRING, VALUE("b"), false },
			{ CN, DER_UTF8_STRING, VALUE("a"), false }),
		NAME({ CN, DER_UTF8_STRING, VALUE("a"), false },
			{ ORGANIZATION, DER_UTF8_STRING, VALUE("b"), true }),
		NAME({ ORGANIZATION, DER_UTF8_STRING, VALUE("B"), false },
			{ CN, DER_IA5_STRING, VALUE("A "), true }),
		NAME({ CN, DER_UTF8_STRING, VALUE("bb"), false },
			{ CN, DER_UTF8_STRING, VALUE("c"), true },
			{ CN, DER_UTF8_STRING, VALUE("a"), true }),
		NAME({ CN, DER_UTF8_STRING, VALUE("A"), false },
			{ CN, DER_UTF8_STRING, VALUE("  bb"), true },
			{ CN, DER_UTF8_STRING, VALUE("C"), true }),
		NAME({ CN, DER_T61_STRING, wide, sizeof(wide), false }),
		NAME({ CN, DER_T61_STRING, wide, 64, false }),
		NAME({ CN, DER_T61_STRING, wide, 128, false }),
		{ .bytes = "\x30", .length = 2 },                 /* empty */
		{ .bytes = "\x30\x02\x31", .length = 4 },         /* an empty SET */
		{ .bytes = "\x30\x04\x31\x00\x31", .length = 6 }, /* two */
	};
	bool equal;
	unsigned equal_count = 0;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CHECK(hashes_agree(&names[i]));
		for (size_t j = 0; j < COUNT_OF(names); j++) {
			CHECK(agrees(&names[i], &names[j], &equal));
			equal_count += equal && i != j;
		}
	}
	CHECK(equal_count >= 40);
}

static unsigned
pick(unsigned *state, unsigned count)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % count;
}

static struct raw_name
generate(unsigned *state)
{
	static const struct {
		unsigned tag;
		const char *value;
		size_t length;
	} values[] = {
		{ DER_UTF8_STRING, VALUE("Ca One") },
		{ DER_PRINTABLE_STRING, VALUE(" ca  one") },
		{ DER_T61_STRING, VALUE("CA ONE ") },
		{ DER_BMP_STRING, VALUE("\0c\0a\0 \0o\0n\0e") },
		{ DER_UTF8_STRING, VALUE("Ca\xc3\xa9") },
		{ DER_T61_STRING, VALUE("cA\xe9") },
		{ 0x12, VALUE("1") },
		{ DER_UTF8_STRING, VALUE("1") },
	};
	static const char *const oids[] = { CN, ORGANIZATION, "\x55\x04\x0b" };
	struct raw_attribute attributes[4] = { { NULL } };
	unsigned count = pick(state, 3) + 1;

	for (unsigned i = 0; i < count; i++) {
		unsigned value = pick(state, COUNT_OF(values));

		attributes[i] = (struct raw_attribute){ oids[pick(state, COUNT_OF(oids))],
			values[value].tag, values[value].value, values[value].length,
			i > 0 && pick(state, 2) == 0 };
	}
	return name_of(attributes);
}

TEST(name_generated, "generated names compare and hash as in OpenSSL")
{
	static struct raw_name names[GENERATED];
	unsigned state = 1, folded = 0;
	bool equal;

	for (size_t i = 0; i < GENERATED; i++) {
		names[i] = generate(&state);
		CHECK(hashes_agree(&names[i]));
		for (size_t j = 0; j < i; j++) {
			CHECK(agrees(&names[i], &names[j], &equal));
			folded += equal && !span_equal(span_name(&names[i]), span_name(&names[j]));
		}
	}
	CHECK(folded > 400);
}

TEST(name_damaged, "what OpenSSL cannot read equals itself alone")
{
	struct raw_name names[] = {
		ONE(DER_BMP_STRING, "\0a\0"),
		ONE(DER_BMP_STRING, "\xd8\0"),
		ONE(DER_UNIVERSAL_STRING, "\0\x11\0\0"),
		ONE(DER_UTF8_STRING, "\xff"),
		ONE(DER_UTF8_STRING, "\xc0\x80"),
		ONE(DER_UTF8_STRING, "\xed\xa0\x80"),
		ONE(DER_UTF8_STRING, "\xe2\x82"),
		ONE(DER_UTF8_STRING, "\xf4\x90\x80\x80"),
		{ .bytes = "\x30\x03\x31\x01\x05", .length = 5 },
		{ .bytes = "\x31", .length = 2 },
		{ .bytes = "\x30\x00\x00", .length = 3 },
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CHECK(decode(&names[i]) == NULL);
		for (size_t j = 0; j < COUNT_OF(names); j++)
			CHECK(name_equal(span_name(&names[i]), span_name(&names[j])) == (i == j));
	}
}

TEST(name_empty, "the empty sequence is the empty name")
{
	struct raw_name full = ONE(DER_UTF8_STRING, "a");

	CHECK(name_is_empty(span_of("\x30\x00", 2)));
	CHECK(!name_is_empty(span_name(&full)));
}

TEST(name_shown, "names are shown in reading order, without anything that acts")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct raw_name plain = NAME({ "\x55\x04\x06", DER_PRINTABLE_STRING, VALUE("DE"), false },
		{ ORGANIZATION, DER_UTF8_STRING, VALUE("Lab, Inc."), false },
		{ CN, DER_BMP_STRING, VALUE("\0a\0l\0i\0c\0e"), false },
		{ "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", DER_UTF8_STRING, VALUE("#7"), true });
	struct raw_name hostile = ONE(DER_UTF8_STRING, "a\x1b[31m\n");
	struct raw_name damaged = ONE(DER_BMP_STRING, "\0a\0");
	struct raw_name unknown = NAME({ "\x55\x04\x7f", DER_UTF8_STRING, VALUE("x"), false });
	const char *text;

	CHECK_TEXT(name_text(arena, span_name(&plain)), "CN=alice + UID=\\#7, O=Lab\\, Inc., C=DE");
	CHECK_TEXT(name_common(arena, span_name(&plain)), "alice");
	text = name_text(arena, span_name(&hostile));
	CHECK(strchr(text, '\x1b') == NULL && strchr(text, '\n') == NULL);
	text = name_common(arena, span_name(&hostile));
	CHECK(strchr(text, '\x1b') == NULL && strchr(text, '\n') == NULL);
	CHECK_TEXT(name_text(arena, span_name(&damaged)), "CN=#1e03006100");
	CHECK_TEXT(name_common(arena, span_name(&damaged)), "CN=#1e03006100");
	CHECK_TEXT(name_text(arena, span_name(&unknown)), "2.5.4.127=x");
	CHECK_TEXT(name_text(arena, span_of("\x30\x00", 2)), "(empty)");
	CHECK_TEXT(name_text(arena, span_of("\x31\x00", 2)), "(damaged)");
}

TEST(name_many, "names of more attributes than anyone uses are shown in part")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct raw_attribute attributes[NAME_MAX_ATTRIBUTES + 2] = { { NULL } };
	struct raw_name name;

	for (size_t i = 0; i <= NAME_MAX_ATTRIBUTES; i++)
		attributes[i] = (struct raw_attribute){ CN, DER_UTF8_STRING, VALUE("a"), false };
	name = name_of(attributes);
	CHECK(strncmp(name_text(arena, span_name(&name)), "…, CN=a, ", 11) == 0);
	CHECK(hashes_agree(&name));
	attributes[NAME_MAX_ATTRIBUTES].oid = NULL;
	name = name_of(attributes);
	CHECK(strncmp(name_text(arena, span_name(&name)), "CN=a, ", 6) == 0);
}

TAP_MAIN()
