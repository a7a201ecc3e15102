/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/der_out.h"

#include <string.h>

enum { LONG_FORM = 0x80, HEADER_MAX = 1 + sizeof(size_t) };

/* The length octets of X.690 10.1; returns how many. */
static size_t
put_length(size_t length, uint8_t out[static HEADER_MAX])
{
	size_t octets = 0;

	if (length < LONG_FORM) {
		out[0] = (uint8_t)length;
		return 1;
	}
	for (size_t rest = length; rest > 0; rest >>= 8)
		octets++;
	out[0] = (uint8_t)(LONG_FORM | octets);
	for (size_t i = 0; i < octets; i++)
		out[octets - i] = (uint8_t)(length >> 8 * i);
	return 1 + octets;
}

size_t
der_open(struct buffer *out, unsigned tag)
{
	uint8_t octet = (uint8_t)tag;

	buffer_add(out, &octet, 1);
	return out->length;
}

void
der_close(struct buffer *out, size_t mark)
{
	uint8_t length[HEADER_MAX];
	size_t content = out->length - mark, octets = put_length(content, length);

	buffer_add(out, length, octets); /* room; what is behind the mark moves over it */
	memmove(out->data + mark + octets, out->data + mark, content);
	memcpy(out->data + mark, length, octets);
}

void
der_put_number(struct buffer *out, uint64_t number)
{
	uint8_t octets[sizeof(number) + 1] = {};
	size_t first = 1;

	for (size_t i = 0; i < sizeof(number); i++)
		octets[sizeof(number) - i] = (uint8_t)(number >> 8 * i);
	while (first < sizeof(number) && octets[first] == 0)
		first++;
	first -= octets[first] >= 0x80;
	der_put(out, DER_INTEGER, span_of(octets + first, sizeof(octets) - first));
}

void
der_put_algorithm(struct buffer *out, struct span oid, bool has_null)
{
	size_t mark = der_open(out, DER_SEQUENCE);

	der_put(out, DER_OID, oid);
	if (has_null)
		der_put(out, DER_NULL, (struct span){});
	der_close(out, mark);
}
