/* SPDX-License-Identifier: Apache-2.0 */
#include "base/moment.h"

#include <time.h>

#include "tap.h"

enum { NOW = 1'000'000'000, DAY = 86'400 };

TEST(known, "known moments have their texts")
{
	static const struct {
		int64_t moment;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ -1, "1969-12-31T23:59:59Z" },
		{ 951'782'400, "2000-02-29T00:00:00Z" },
		{ 4'107'542'400, "2100-03-01T00:00:00Z" },
		{ 253'402'300'799, "9999-12-31T23:59:59Z" },
		{ -2'208'988'800, "1900-01-01T00:00:00Z" },
		{ MOMENT_NEVER, "never" },
	};
	char text[MOMENT_TEXT_SIZE];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		moment_text(cases[i].moment, text);
		CHECK_TEXT(text, cases[i].text);
	}
	moment_text(INT64_MIN, text);
	moment_text(INT64_MAX - 1, text);
	CHECK(strlen(text) < sizeof(text));
}

TEST(agrees, "agrees with the C library's calendar, and parses what it wrote")
{
	for (int64_t moment = -62'135'596'800; moment < 253'402'300'800; moment += 86'399 * 997) {
		char text[MOMENT_TEXT_SIZE], wanted[64];
		time_t seconds = moment;
		struct tm tm;
		int64_t back;

		CHECK(gmtime_r(&seconds, &tm) != NULL);
		(void)snprintf(wanted, sizeof(wanted), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			tm.tm_sec);
		moment_text(moment, text);
		CHECK_TEXT(text, wanted);
		CHECK(moment_parse(text, 0, &back, NULL) == 0 && back == moment);
		CHECK(moment_from_calendar(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			      tm.tm_min, tm.tm_sec) == moment);
	}
}

TEST(parse, "every form that is allowed")
{
	static const struct {
		const char *text;
		int64_t moment;
	} cases[] = {
		{ "2001-09-09T01:46:40Z", NOW },
		{ "2001-09-09t01:46:40z", NOW },
		{ "2001-09-09 01:46:40.999999999999Z", NOW },
		{ "2001-09-09T03:46:40+02:00", NOW },
		{ "2001-09-08T20:16:40-05:30", NOW },
		{ "2016-12-31T23:59:60Z", 1'483'228'800 },
		{ "@5", 5 },
		{ "@-5", -5 },
		{ "+30d", NOW + 30 * DAY },
		{ "-2h", NOW - 7200 },
		{ "+1s", NOW + 1 },
		{ "-1m", NOW - 60 },
		{ "+2w", NOW + 14 * DAY },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t moment = 0;

		CHECK(moment_parse(cases[i].text, NOW, &moment, NULL) == 0);
		CHECK(moment == cases[i].moment);
	}
}

TEST(parse_refused, "everything else is bad usage")
{
	static const char *const texts[] = { "", "now", "2001-09-09", "2001-09-09T01:46:40",
		"2001-13-09T01:46:40Z", "2001-02-29T01:46:40Z", "2100-02-29T00:00:00Z",
		"2001-00-01T00:00:00Z", "2001-01-00T00:00:00Z", "2001-04-31T00:00:00Z",
		"2001-09-09T24:00:00Z", "2001-09-09T01:60:00Z", "2001-09-09T01:46:61Z",
		"2001-09-09T01:46:40.Z", "2001-09-09T01:46:40Zx", "2001-09-09T01:46:40+24:00",
		"2001-09-09T01:46:40+0200", "01-09-09T01:46:40Z", "@", "@x", "@5x", "@--5",
		"@9223372036854775808", "+", "+d", "+30", "+30y", "+30dd", "+-3d", "--3d",
		"+9223372036854775807w", "+9223372036854775807s", "30d" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct err err = {};
		int64_t moment;

		CHECK(moment_parse(texts[i], NOW, &moment, &err) == -1);
		CHECK(err.code == ERR_USAGE);
	}
}

TEST(distance, "distances are said in a unit that fits")
{
	static const struct {
		int64_t distance;
		const char *text;
	} cases[] = {
		{ 0, "now" },
		{ 1, "in 1 second" },
		{ -1, "1 second ago" },
		{ 119, "in 119 seconds" },
		{ 120, "in 2 minutes" },
		{ -4 * 3600, "4 hours ago" },
		{ 47 * 3600, "in 47 hours" },
		{ 13 * DAY + 5, "in 13 days" },
		{ -729 * DAY, "729 days ago" },
		{ 3653 * DAY, "in 10 years" },
		{ INT64_MIN + NOW, "292277024595 years ago" },
	};
	char text[MOMENT_TEXT_SIZE];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t now = cases[i].distance < -(int64_t)1e12 ? 0 : NOW;

		moment_distance_text(now + cases[i].distance, now, text);
		CHECK_TEXT(text, cases[i].text);
	}
	moment_distance_text(MOMENT_NEVER, NOW, text);
	CHECK_TEXT(text, "never");
	moment_distance_text(INT64_MIN, INT64_MAX - 1, text);
	CHECK(strstr(text, " years ago") != NULL);
}

TEST(now, "now is the clock's now")
{
	int64_t before = time(NULL), now = moment_now();

	CHECK(now >= before && now <= before + 2);
}

TAP_MAIN()
