/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/p11kit_write.h"

#include "stores/pem.h"

static void
put_quoted(struct buffer *out, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	buffer_add_text(out, "\"");
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		const char coded[] = { '%', digits[byte >> 4], digits[byte & 15] };

		if (byte >= ' ' && byte < 0x7f && byte != '"' && byte != '%')
			buffer_add(out, text, 1);
		else
			buffer_add(out, coded, sizeof(coded));
	}
	buffer_add_text(out, "\"");
}

/* What is trusted for clients alone, or not for them: never for more than it was. */
static void
put_usages(struct buffer *out, const struct entry *entry)
{
	/* Extended key usage: clientAuth. */
	static const char client_alone[] =
		"%30%13%06%03%55%1d%25%04%0c%30%0a%06%08%2b%06%01%05%05%07%03%02";

	buffer_addf(out,
		"[p11-kit-object-v1]\nclass: x-certificate-extension\nobject-id: 2.5.29.37\n"
		"value: \"%s\"\n",
		client_alone);
	pem_write(out, "PUBLIC KEY", entry->cert.spki);
	buffer_add_text(out, "\n");
}

/* A leaf among CAs is an anchor to nobody; here it would be one. */
static bool
is_trusted(const struct entry *entry)
{
	if (entry->trust.rejects_client || entry->role == ENTRY_IS_UNASSIGNED ||
		entry->role == ENTRY_IS_CHAIN ||
		(entry->trust.has_trust && !entry->trust.trusts_client))
		return false;
	return entry->role == ENTRY_IS_TRUSTED || entry->cert.is_ca ||
	       cert_is_self_issued(&entry->cert);
}

/* Trusted for clients, or rejected for them, and nothing else is said of it; and a CA, since
 * whatever is in it is an anchor. */
bool
p11kit_holds(const struct entry *entry)
{
	struct span plain = trust_settings_bytes(&entry->trust);

	if (!entry->cert.is_ca && !cert_is_self_issued(&entry->cert))
		return false;
	return !entry->trust.present ||
	       (plain.length > 0 &&
		       (entry->trust.bytes.length == 0 || span_equal(entry->trust.bytes, plain)));
}

int
p11kit_write(const struct store_content *content, struct buffer *out, struct err *)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	for (size_t i = 0; i < content->count; i++) {
		const struct entry *entry = content->entries[i];
		bool trusted = is_trusted(entry);

		buffer_add_text(out, "[p11-kit-object-v1]\nlabel: ");
		put_quoted(out, entry->alias != NULL ? entry->alias
						     : name_common(arena, entry->cert.subject));
		buffer_add_text(out, entry->trust.rejects_client ? "\nx-distrusted: true\n"
				     : trusted                   ? "\ntrusted: true\n"
								 : "\ntrusted: false\n");
		pem_write(out, "CERTIFICATE", entry->der);
		buffer_add_text(out, "\n");
		if (trusted && entry->trust.has_trust)
			put_usages(out, entry);
	}
	return 0;
}
