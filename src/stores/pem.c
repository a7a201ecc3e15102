/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/pem.h"

void
pem_write(struct buffer *out, const char *label, struct span der)
{
	buffer_addf(out, "-----BEGIN %s-----\n", label);
	base64_encode_lines(der, out);
	buffer_addf(out, "-----END %s-----\n", label);
}

void
pem_write_entry(struct buffer *out, const struct entry *entry)
{
	CLEANUP(buffer_free) struct buffer both = {};

	if (entry->kind == ENTRY_CRL || entry->trust.bytes.length == 0) {
		pem_write(out, entry->kind == ENTRY_CRL ? "X509 CRL" : "CERTIFICATE", entry->der);
		return;
	}
	buffer_add(&both, entry->der.data, entry->der.length);
	buffer_add(&both, entry->trust.bytes.data, entry->trust.bytes.length);
	pem_write(out, "TRUSTED CERTIFICATE", buffer_span(&both));
}

static void
end_line(struct buffer *out)
{
	if (out->length > 0 && out->data[out->length - 1] != '\n')
		buffer_add_text(out, "\n");
}

void
pem_splice(
	struct span text, size_t offset, size_t length, struct span replacement, struct buffer *ret)
{
	size_t rest;

	if (offset > text.length)
		offset = text.length;
	if (length > text.length - offset)
		length = text.length - offset;
	rest = offset + length;
	buffer_add(ret, text.data, offset);
	if (replacement.length > 0) {
		end_line(ret);
		buffer_add(ret, replacement.data, replacement.length);
		/* The rest brings the line end that the old block had, where it had one. */
		if (rest < text.length && (text.data[rest] == '\n' || text.data[rest] == '\r') &&
			replacement.data[replacement.length - 1] == '\n')
			rest += text.data[rest] == '\r' && rest + 1 < text.length &&
						text.data[rest + 1] == '\n'
					? 2
					: 1;
		else if (rest < text.length && text.data[rest] != '\n' && text.data[rest] != '\r')
			end_line(ret);
	}
	buffer_add(ret, text.data + rest, text.length - rest);
}

void
pem_append(struct span text, struct span block, struct buffer *ret)
{
	buffer_add(ret, text.data, text.length);
	end_line(ret);
	buffer_add(ret, block.data, block.length);
	end_line(ret);
}
