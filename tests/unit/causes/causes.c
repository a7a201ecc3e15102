/* SPDX-License-Identifier: Apache-2.0 */
#include "causes/causes.h"

#include "tap.h"

TEST(sorted, "codes are sorted, so each stands once")
{
	for (unsigned i = 1; i < CAUSE__COUNT; i++)
		CHECK(strcmp(cause_get(i - 1)->code, cause_get(i)->code) < 0);
}

TEST(found, "each code is found as the cause it is")
{
	for (unsigned i = 0; i < CAUSE__COUNT; i++) {
		enum cause_code found = CAUSE__COUNT;

		CHECK(cause_find(cause_get(i)->code, &found) == 0);
		CHECK(found == i);
	}
}

TEST(known, "an enumerator stands for the code of its own name")
{
	CHECK_TEXT(cause_get(CAUSE_CHAIN_CA_PURPOSE)->code, "chain.ca-purpose");
	CHECK_TEXT(cause_get(CAUSE_CHAIN_ROOT_MISSING)->code, "chain.root-missing");
	CHECK_TEXT(cause_get(CAUSE_STORE_WRONG_STORE)->code, "store.wrong-store");
	CHECK_TEXT(cause_get(CAUSE_STORE_UTF16)->title, "the store is UTF-16 text");
}

TEST(not_found, "what is no code is not found, and the result stays untouched")
{
	static const char *const words[] = { "", "chain", "chain.", "chain.root-missin",
		"chain.root-missingg", "Chain.root-missing", " chain.root-missing" };

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		enum cause_code found = CAUSE__COUNT;

		CHECK(cause_find(words[i], &found) == -1);
		CHECK(found == CAUSE__COUNT);
	}
}

TEST(nearest, "a mistyped code names the nearest right one")
{
	static const char *const cases[][2] = {
		{ "chain.root-missing", "chain.root-missing" },
		{ "chain.root-mising", "chain.root-missing" },
		{ "chian.root-missing", "chain.root-missing" },
		{ "CHAIN_ROOT_MISSING", "chain.root-missing" },
		{ "root-missing", "chain.root-missing" },
		{ "crl-expired", "crl.expired" },
		{ "fusedblocks", "store.fused-blocks" },
		{ "depth-limit", "chain.depth-limit" },
		{ "reload-failed", "process.reload-failed" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		CHECK_TEXT(cause_nearest(cases[i][0]), cases[i][1]);
}

TEST(nothing_near, "what is like no code names none")
{
	char endless[4096];

	memset(endless, 'c', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	CHECK(cause_nearest("") == NULL);
	CHECK(cause_nearest("zebra") == NULL);
	CHECK(cause_nearest("x.y") == NULL);
	CHECK(cause_nearest(endless) == NULL);
}

TAP_MAIN()
