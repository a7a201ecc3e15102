/* SPDX-License-Identifier: Apache-2.0 */
#include "base/moment.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY };
/* The calendar repeats after 400 years; counting them from 1 March puts the leap day last. */
enum { DAYS_PER_ERA = 146'097, DAYS_TO_EPOCH = 719'468, YEAR_SECONDS = 31'556'952 };

struct calendar {
	int64_t year;
	int month, day;
};

int64_t
moment_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

static int64_t
divide_down(int64_t number, int64_t divisor)
{
	return number / divisor - (number % divisor < 0);
}

/* Days since 1970-01-01, of a month from 1 to 12. */
static int64_t
days_of_date(int64_t year, int month, int64_t day)
{
	int64_t shifted = year - (month <= 2), era = divide_down(shifted, 400);
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - DAYS_TO_EPOCH;
}

static struct calendar
date_of_days(int64_t days)
{
	int64_t shifted = days + DAYS_TO_EPOCH, era = divide_down(shifted, DAYS_PER_ERA);
	int64_t day_of_era = shifted - era * DAYS_PER_ERA;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month_from_march = (int)((5 * day_of_year + 2) / 153);
	struct calendar date;

	date.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	date.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
	date.year = year_of_era + era * 400 + (date.month <= 2);
	return date;
}

void
moment_text(int64_t moment, char text[static MOMENT_TEXT_SIZE])
{
	int64_t days = divide_down(moment, DAY);
	int64_t rest = moment % DAY;
	int seconds = (int)(rest < 0 ? rest + DAY : rest), length;
	struct calendar date = date_of_days(days);

	if (moment == MOMENT_NEVER) {
		memcpy(text, "never", sizeof("never"));
		return;
	}
	length = snprintf(text, MOMENT_TEXT_SIZE, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02dZ",
		date.year, date.month, date.day, seconds / HOUR, seconds / MINUTE % 60,
		seconds % MINUTE);
	assert(length < MOMENT_TEXT_SIZE);
}

int64_t
moment_from_calendar(int year, int month, int day, int hour, int minute, int second)
{
	int64_t months = (int64_t)year * 12 + month - 1;
	int64_t years = divide_down(months, 12);

	return days_of_date(years, (int)(months - years * 12) + 1, day) * DAY +
	       (int64_t)hour * HOUR + (int64_t)minute * MINUTE + second;
}

/* Reads exactly count digits and moves past them; false where there are fewer. */
static bool
read_digits(const char **text, int count, int *ret)
{
	*ret = 0;
	for (int i = 0; i < count; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*ret = *ret * 10 + (**text - '0');
	}
	return true;
}

static bool
read_one_of(const char **text, const char *characters)
{
	if (**text == '\0' || strchr(characters, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

static bool
day_exists(int year, int month, int day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > 12)
		return false;
	return day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

/* RFC 3339 5.6 time-offset, as seconds to take off. */
static bool
read_offset(const char **text, int *ret)
{
	int hours, minutes;
	bool west = **text == '-';

	*ret = 0;
	if (read_one_of(text, "Zz"))
		return true;
	if (!read_one_of(text, "+-") || !read_digits(text, 2, &hours) || !read_one_of(text, ":") ||
		!read_digits(text, 2, &minutes))
		return false;
	*ret = (hours * HOUR + minutes * MINUTE) * (west ? -1 : 1);
	return hours <= 23 && minutes <= 59;
}

static bool
read_rfc3339(const char *text, int64_t *ret)
{
	int year, month, day, hour, minute, second, offset, fraction;

	if (!read_digits(&text, 4, &year) || !read_one_of(&text, "-") ||
		!read_digits(&text, 2, &month) || !read_one_of(&text, "-") ||
		!read_digits(&text, 2, &day) || !read_one_of(&text, "Tt "))
		return false;
	if (!read_digits(&text, 2, &hour) || !read_one_of(&text, ":") ||
		!read_digits(&text, 2, &minute) || !read_one_of(&text, ":") ||
		!read_digits(&text, 2, &second))
		return false;
	if (read_one_of(&text, ".")) {
		if (!read_digits(&text, 1, &fraction))
			return false;
		text += strspn(text, "0123456789");
	}
	/* Second 60 is a leap second: the one after it, for we count none. */
	if (!read_offset(&text, &offset) || *text != '\0' || !day_exists(year, month, day) ||
		hour > 23 || minute > 59 || second > 60)
		return false;
	*ret = moment_from_calendar(year, month, day, hour, minute, second) - offset;
	return true;
}

/* An integer with an optional sign; false where there is none or it is too large. */
static bool
read_integer(const char **text, int64_t *ret)
{
	bool negative = **text == '-';
	int64_t number = 0;

	(void)read_one_of(text, "+-");
	if (**text < '0' || **text > '9')
		return false;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, **text - '0', &number))
			return false;
	}
	*ret = negative ? -number : number;
	return true;
}

static bool
read_relative(const char *text, int64_t now, int64_t *ret)
{
	static const struct {
		char name;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', MINUTE }, { 'h', HOUR }, { 'd', DAY }, { 'w', WEEK } };
	int64_t number;

	if (!read_integer(&text, &number))
		return false;
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		if (text[0] == units[i].name && text[1] == '\0')
			return !__builtin_mul_overflow(number, units[i].seconds, &number) &&
			       !__builtin_add_overflow(now, number, ret);
	}
	return false;
}

static bool
read_seconds(const char *text, int64_t *ret)
{
	return read_integer(&text, ret) && *text == '\0';
}

int
moment_parse(const char *text, int64_t now, int64_t *ret, struct err *err)
{
	bool read;

	if (*text == '@')
		read = read_seconds(text + 1, ret);
	else if (*text == '+' || *text == '-')
		read = read_relative(text, now, ret);
	else
		read = read_rfc3339(text, ret);
	if (!read)
		return err_set(err, ERR_USAGE,
			"\"%.64s\" is no time: RFC 3339, @SECONDS, or relative such as +30d", text);
	return 0;
}

void
moment_distance_text(int64_t moment, int64_t now, char text[static MOMENT_TEXT_SIZE])
{
	static const struct {
		uint64_t until, seconds;
		const char *name;
	} units[] = {
		{ 2 * MINUTE, 1, "second" },
		{ 2 * HOUR, MINUTE, "minute" },
		{ 2 * DAY, HOUR, "hour" },
		{ 730ULL * DAY, DAY, "day" },
		{ UINT64_MAX, YEAR_SECONDS, "year" },
	};
	bool past = moment < now;
	/* Without sign, for the distance of two int64_t may not fit one. */
	uint64_t distance =
		past ? (uint64_t)now - (uint64_t)moment : (uint64_t)moment - (uint64_t)now;
	uint64_t count;
	size_t unit = 0;
	/* From the end; years, the largest count, have twelve digits. */
	char digits[16] = "", *at = digits + sizeof(digits) - 1;

	static_assert(sizeof("in  seconds ago") + sizeof(digits) <= MOMENT_TEXT_SIZE);
	if (moment == MOMENT_NEVER || distance == 0) {
		(void)strcpy(text, distance == 0 ? "now" : "never");
		return;
	}
	while (distance >= units[unit].until && unit + 1 < COUNT_OF(units))
		unit++;
	count = distance / units[unit].seconds;
	for (uint64_t rest = count; at > digits && (rest > 0 || *at == '\0'); rest /= 10)
		*--at = (char)('0' + rest % 10);
	text = stpcpy(text, past ? "" : "in ");
	text = stpcpy(text, at);
	text = stpcpy(text, " ");
	text = stpcpy(text, units[unit].name);
	text = stpcpy(text, count == 1 ? "" : "s");
	(void)strcpy(text, past ? " ago" : "");
}
