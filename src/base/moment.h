/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments: seconds since 1970-01-01T00:00:00Z, without leap seconds, as int64_t. RFC 3339 outside.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

enum { MOMENT_TEXT_SIZE = 32 };

#define MOMENT_NEVER INT64_MAX

int64_t moment_now(void);
/* "2026-11-23T21:00:00Z"; "never" for MOMENT_NEVER. */
void moment_text(int64_t moment, char text[static MOMENT_TEXT_SIZE]);
/* Proleptic Gregorian calendar, UTC. */
int64_t moment_from_calendar(int year, int month, int day, int hour, int minute, int second);
/* RFC 3339, "@SECONDS", or relative to now: "+30d", "-2h", with s m h d w. */
[[nodiscard]] int moment_parse(const char *text, int64_t now, int64_t *ret, struct err *err);
/* "in 13 days", "4 hours ago": for people. */
void moment_distance_text(int64_t moment, int64_t now, char text[static MOMENT_TEXT_SIZE]);
