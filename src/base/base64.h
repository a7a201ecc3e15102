/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 (RFC 4648) by the group: four digits are decoded at once by four tables that hold each
 * digit's bits at its place; what is no digit has a bit above them. Stores of tens of thousands of
 * certificates and CRLs of millions of entries come as PEM, and this is where the time goes.
 */
#pragma once

#include "base/bytes.h"

enum { BASE64_NOT_A_DIGIT = 1 << 24 };
extern const uint32_t base64_digits[4][256];

/* As many whole groups as the text begins with, three octets each; out may be NULL. The count of
 * characters. */
static inline size_t
base64_groups(struct span text, uint8_t *out)
{
	const uint8_t *in = text.data;
	size_t left = text.length;

	for (; left >= 4; in += 4, left -= 4) {
		uint32_t group = base64_digits[0][in[0]] | base64_digits[1][in[1]] |
				 base64_digits[2][in[2]] | base64_digits[3][in[3]];

		if (group & BASE64_NOT_A_DIGIT)
			break;
		if (out == NULL)
			continue;
		out[0] = (uint8_t)(group >> 16);
		out[1] = (uint8_t)(group >> 8);
		out[2] = (uint8_t)group;
		out += 3;
	}
	return text.length - left;
}
