/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "tap.h"

TEST(known, "the vectors of FIPS 180-4")
{
	char text[DIGEST_TEXT_SIZE];
	struct digest digest = digest_of(span_of("abc", 3));

	digest_text(&digest, text);
	CHECK_TEXT(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest = digest_of(span_of(NULL, 0));
	digest_text(&digest, text);
	CHECK_TEXT(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(parse, "a digest's text is read back")
{
	struct digest digest = digest_of(span_of("x", 1)), back;
	char text[DIGEST_TEXT_SIZE];

	digest_text(&digest, text);
	CHECK(digest_parse(text, &back) == 0);
	CHECK(digest_equal(&digest, &back));
	back.bytes[31] ^= 1;
	CHECK(!digest_equal(&digest, &back));
}

TEST(parse_refused, "shorter, longer and other texts are refused and change nothing")
{
	struct digest digest = digest_of(span_of("x", 1)), back = digest;
	char text[DIGEST_TEXT_SIZE + 2] = {};

	memset(text, '0', 66);
	CHECK(digest_parse(text, &back) == -1);
	text[62] = '\0';
	CHECK(digest_parse(text, &back) == -1);
	text[62] = 'g';
	text[64] = '\0';
	CHECK(digest_parse(text, &back) == -1);
	CHECK(digest_parse("", &back) == -1);
	CHECK(digest_equal(&digest, &back));
}

TAP_MAIN()
