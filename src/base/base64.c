/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#define D4(place, n) \
	(n) << (place), ((n) + 1) << (place), ((n) + 2) << (place), ((n) + 3) << (place)
#define D13(place, n) D4(place, n), D4(place, (n) + 4), D4(place, (n) + 8), ((n) + 12) << (place)
#define X             BASE64_NOT_A_DIGIT
#define X5            X, X, X, X, X
#define X10           X5, X5
#define X43           X10, X10, X10, X10, X, X, X
#define X128          X43, X43, X10, X10, X10, X10, X, X
/* '+' is 43, '/' 47, '0' 48, 'A' 65, 'a' 97. */
#define DIGITS(place)                                                                              \
	{                                                                                          \
		X43, 62 << (place), X, X, X, 63 << (place), D4(place, 52), D4(place, 56),          \
			60 << (place), 61 << (place), X5, X, X, D13(place, 0), D13(place, 13), X5, \
			X, D13(place, 26), D13(place, 39), X5, X128                                \
	}

const uint32_t base64_digits[4][256] = { DIGITS(18), DIGITS(12), DIGITS(6), DIGITS(0) };
