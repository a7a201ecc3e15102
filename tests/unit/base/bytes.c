/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <openssl/evp.h>

#include "tap.h"

static struct span
span_of_text(const char *text)
{
	return span_of(text, strlen(text));
}

TEST(spans_compare, "bytes decide first, then length")
{
	CHECK(span_equal(span_of(NULL, 0), span_of("", 0)));
	CHECK(!span_equal(span_of("a", 1), span_of("ab", 2)));
	CHECK(span_compare(span_of_text("a"), span_of_text("ab")) < 0);
	CHECK(span_compare(span_of_text("b"), span_of_text("ab")) > 0);
	CHECK(span_compare(span_of_text("\xff"), span_of_text("a")) > 0);
	CHECK(span_compare(span_of(NULL, 0), span_of(NULL, 0)) == 0);
	CHECK(span_compare(span_of(NULL, 0), span_of_text("a")) < 0);
}

TEST(span_count, "octets are counted in spans of all lengths, many of one kind as well")
{
	uint8_t bytes[1'000];

	memset(bytes, 'x', sizeof(bytes));
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		CHECK(span_count(span_of(bytes, length), 'x') == length);
		CHECK(span_count(span_of(bytes, length), 'y') == 0);
	}
	for (size_t i = 0; i < sizeof(bytes); i += 7)
		bytes[i] = 0xff;
	for (size_t length = 0; length <= sizeof(bytes); length++)
		CHECK(span_count(span_of(bytes, length), 0xff) == (length + 6) / 7);
	CHECK(span_count((struct span){}, 0) == 0);
}

TEST(spans_find, "a needle is found from an offset, or not at all")
{
	struct span text = span_of("a\0bcabc", 7);

	CHECK(span_find(text, "abc", 0) == 4);
	CHECK(span_find(text, "a", 0) == 0);
	CHECK(span_find(text, "a", 1) == 4);
	CHECK(span_find(text, "abcd", 0) == SIZE_MAX);
	CHECK(span_find(text, "a", 7) == SIZE_MAX);
	CHECK(span_find(text, "a", 8) == SIZE_MAX);
	CHECK(span_find(text, "", 7) == 7);
	CHECK(span_find(span_of(NULL, 0), "a", 0) == SIZE_MAX);
}

TEST(line_ends, "a line ends in LF, or in CR LF, and nowhere else")
{
	struct span text = span_of("a\r\nb\n\rc\r", 8);
	static const size_t wanted[] = { 0, 2, 1, 0, 1, 0, 0, 0, 0, 0 };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		CHECK(span_line_end(text, i) == wanted[i]);
}

TEST(buffers, "a buffer grows, and ends in a NUL that does not count")
{
	CLEANUP(buffer_free) struct buffer buffer = {};

	buffer_clear(&buffer);
	CHECK(buffer.data == NULL);
	buffer_add(&buffer, NULL, 0);
	CHECK(buffer.length == 0 && buffer.data[0] == '\0');
	for (int i = 0; i < 1000; i++) {
		buffer_addf(&buffer, "%d,", i % 10);
		CHECK(buffer.data[buffer.length] == '\0' && buffer.capacity > buffer.length);
	}
	CHECK(buffer.length == 2000);
	CHECK(memcmp(buffer.data, "0,1,2,", 6) == 0);
	buffer_clear(&buffer);
	buffer_add_text(&buffer, "abc");
	CHECK(span_equal(buffer_span(&buffer), span_of("abc", 3)));
}

TEST(buffers_exact, "a NUL finds room wherever the bytes end")
{
	for (size_t size = 0; size < 300; size++) {
		CLEANUP(buffer_free) struct buffer buffer = {};
		uint8_t bytes[300] = {};

		buffer_add(&buffer, bytes, size);
		CHECK(buffer.length == size && buffer.data[size] == 0);
	}
}

TEST(hex, "hex goes both ways")
{
	char text[9];
	uint8_t bytes[4];

	hex_encode(span_of("\x00\x7f\xab\xff", 4), text);
	CHECK_TEXT(text, "007fabff");
	CHECK(hex_decode("007fABff", bytes, 4) == 4);
	CHECK(memcmp(bytes, "\x00\x7f\xab\xff", 4) == 0);
	CHECK(hex_decode("", bytes, 4) == 0);
}

TEST(hex_refused, "what is no hex, odd or too long is refused")
{
	static const char *const texts[] = { "0", "0g", "g0", "000", " 00", "0001020304", "0x00" };
	uint8_t bytes[4];

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		CHECK(hex_decode(texts[i], bytes, sizeof(bytes)) == -1);
}

TEST(base64_agrees, "encoding is that of libcrypto in lines of 64, and decodes to what it was")
{
	uint8_t bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + (i >> 3));
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		CLEANUP(buffer_free) struct buffer text = {}, back = {}, flat = {};
		uint8_t wanted[512];
		size_t bad = 0;
		int length = EVP_EncodeBlock(wanted, bytes, (int)size);

		base64_encode_lines(span_of(bytes, size), &text);
		for (size_t i = 0; i < text.length; i++) {
			if (i % 65 == 64 || i + 1 == text.length)
				CHECK(text.data[i] == '\n');
			else
				buffer_add(&flat, text.data + i, 1);
		}
		CHECK(span_equal(buffer_span(&flat), span_of(wanted, (size_t)length)));
		CHECK(base64_decode(buffer_span(&text), &back, &bad) == 0);
		CHECK(span_equal(buffer_span(&back), span_of(bytes, size)));
	}
}

TEST(base64_damage, "damage is found at its byte, and what stood before it is kept")
{
	static const struct {
		const char *text;
		size_t bad; /* SIZE_MAX: clean */
		const char *bytes;
	} cases[] = {
		{ "", SIZE_MAX, "" },
		{ " \r\n\t", SIZE_MAX, "" },
		{ "Z m\r\n9v\t", SIZE_MAX, "foo" },
		{ "Zm9vYg==", SIZE_MAX, "foob" },
		{ "Zm9vYg=\n= \n", SIZE_MAX, "foob" },
		{ "Zm9vYmE=", SIZE_MAX, "fooba" },
		{ "Zm9v!mE=", 4, "foo" },
		{ "Zm9vYm!E", 6, "foob" },
		{ "Zm9vYmE!", 7, "fooba" },
		{ "Zm9vY", 5, "foo" },
		{ "Zm9vYg", 6, "foob" },
		{ "Zm9vYg=", 7, "foob" },
		{ "Zm9vYg==Zm9v", 8, "foob" },
		{ "Zm9vYg===", 8, "foob" },
		{ "Zm9vYmE==", 8, "fooba" },
		{ "Zm9vYg=v", 7, "foob" },
		{ "Zm9v=", 4, "foo" },
		{ "Zm9vY===", 5, "foo" },
		{ "=", 0, "" },
		{ "Zm9-", 3, "fo" },
		{ "Zm9v\xc3\xa4", 4, "foo" },
		{ "Zm9v\v", 4, "foo" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP(buffer_free) struct buffer out = {};
		size_t bad = SIZE_MAX;
		int result = base64_decode(span_of_text(cases[i].text), &out, &bad);

		CHECK(result == (cases[i].bad == SIZE_MAX ? 0 : -1));
		CHECK(bad == cases[i].bad);
		CHECK(span_equal(buffer_span(&out), span_of_text(cases[i].bytes)));
	}
}

TEST(base64_nul, "a NUL does not belong into base64")
{
	CLEANUP(buffer_free) struct buffer out = {};
	size_t bad;

	CHECK(base64_decode(span_of("Zm9v\0Zm9v", 9), &out, &bad) == -1);
	CHECK(bad == 4 && out.length == 3);
}

TEST(numbers, "numbers are padded as far as they are short, and never cut")
{
	CLEANUP(buffer_free) struct buffer text = {};

	buffer_add_number(&text, 0, 0);
	buffer_add_number(&text, 7, 4);
	buffer_add_number(&text, 12345, 4);
	buffer_add_number(&text, UINT64_MAX, 0);
	buffer_add_number(&text, 1, 1000);
	CHECK_TEXT((const char *)text.data,
		"0   71234518446744073709551615                               1");
}

TEST(formats, "a formatted text of any length fits")
{
	CLEANUP(buffer_free) struct buffer text = {};
	char word[400];

	for (size_t length = 0; length < sizeof(word); length += 7) {
		memset(word, 'w', length);
		word[length] = '\0';
		buffer_clear(&text);
		buffer_addf(&text, "<%s>", word);
		CHECK(text.length == length + 2 && text.data[length + 1] == '>');
		CHECK(strlen((const char *)text.data) == length + 2);
	}
}

TAP_MAIN()
