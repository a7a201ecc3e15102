/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <string.h>

#include "tap.h"

TEST(digits, "a character is a digit of the value that RFC 4648 gives it, or none")
{
	for (unsigned character = 0; character < 256; character++) {
		int value = base64_value((uint8_t)character);

		for (unsigned place = 0; place < 4; place++)
			CHECK(base64_digits[place][character] ==
				(value < 0 ? (uint32_t)BASE64_NOT_A_DIGIT
					   : (uint32_t)value << (18 - 6 * place)));
	}
}

TEST(groups, "whole groups are decoded up to the first that is none")
{
	static const struct {
		const char *text;
		size_t taken;
		const char *octets;
	} rows[] = { { "", 0, "" }, { "Zm9vYmFy", 8, "foobar" }, { "Zm9vYmF", 4, "foo" },
		{ "Zm9vYg==", 4, "foo" }, { "Zm9v\nYmFy", 4, "foo" }, { "-m9vYmFy", 0, "" } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint8_t octets[16] = {};
		struct span text = span_of(rows[i].text, strlen(rows[i].text));

		CHECK(base64_groups(text, octets) == rows[i].taken);
		CHECK_TEXT((const char *)octets, rows[i].octets);
		CHECK(base64_groups(text, NULL) == rows[i].taken);
	}
}

TAP_MAIN()
