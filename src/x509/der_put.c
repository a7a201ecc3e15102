/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/der.h"

void
der_put(struct buffer *out, unsigned tag, struct span content)
{
	uint8_t header[2 + sizeof(size_t)] = { (uint8_t)tag };
	unsigned octets = 0;

	if (content.length < 0x80) {
		header[1] = (uint8_t)content.length;
		buffer_add(out, header, 2);
	} else {
		while (content.length >> 8 * octets != 0)
			octets++;
		header[1] = (uint8_t)(0x80 | octets);
		for (unsigned i = 0; i < octets; i++)
			header[2 + i] = (uint8_t)(content.length >> 8 * (octets - 1 - i));
		buffer_add(out, header, 2 + octets);
	}
	buffer_add(out, content.data, content.length);
}
