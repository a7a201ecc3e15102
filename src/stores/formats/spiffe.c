/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SPIFFE bundle (SPIFFE Trust Domain and Bundle, 4 and X509-SVID, 6): a JWK set whose keys of use
 * "x509-svid" each hold one CA certificate in x5c. Keys of another use, or of none, are not for
 * certificates, and are to be passed over.
 */
#include <string.h>

#include "stores/format.h"
#include "stores/json_walk.h"
#include "stores/spiffe_write.h"

struct spiffe {
	struct store_builder *builder;
	/* Of the key that is being read: it may name its use behind its certificate. */
	size_t depth; /* of its members; 0: none is */
	size_t first_entry, first_defect, certificates, from;
	bool is_svid, has_use;
};

static bool
spiffe_sniff(struct span bytes)
{
	size_t at = 0;

	while (at < bytes.length && bytes.data[at] <= ' ')
		at++;
	return at < bytes.length && bytes.data[at] == '{' &&
	       span_find(bytes, "\"keys\"", at) != SIZE_MAX &&
	       (span_find(bytes, "\"x5c\"", at) != SIZE_MAX ||
		       span_find(bytes, "\"spiffe_sequence\"", at) != SIZE_MAX) &&
	       span_find(bytes, "-----BEGIN ", at) == SIZE_MAX;
}

/* The value is an element of a member with this name. */
static bool
is_element_of(const struct json_walk *walk, const char *name)
{
	const struct json_frame *frame = walk->depth < 2 ? NULL : &walk->frames[walk->depth - 2];

	return frame != NULL && walk->frames[walk->depth - 1].is_array && !frame->is_array &&
	       span_equal(frame->key, span_of(name, strlen(name)));
}

static void
take_certificate(struct store_builder *builder, struct span text, size_t offset, const char *name)
{
	CLEANUP(buffer_free) struct buffer der = {};
	const struct place place = { offset, text.length, offset, true };
	struct object object = { .kind = ENTRY_CERTIFICATE };
	struct entry *entry;
	size_t bad;

	if (base64_decode(text, &der, &bad) < 0)
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, place.offset, place.length,
			"%s: a character in it is not base64", name);
	object.der = builder_keep(builder, buffer_span(&der));
	entry = builder_object(builder, &object, &place, NULL);
	if (entry != NULL)
		entry->alias = name;
}

static void
key_begin(struct spiffe *spiffe, const struct json_walk *walk)
{
	if (!is_element_of(walk, "keys"))
		return;
	*spiffe = (struct spiffe){ .builder = spiffe->builder,
		.depth = walk->depth + 1,
		.first_entry = spiffe->builder->entry_count,
		.first_defect = spiffe->builder->defect_count,
		.from = walk->to };
}

static void
note(struct store_builder *builder, size_t offset, const char *text, bool harmless)
{
	struct defect *defect =
		builder_defect(builder, CAUSE_STORE_FOREIGN_OBJECT, offset, 0, "%s", text);

	if (defect != NULL)
		defect->harmless = harmless;
}

static void
key_end(struct spiffe *spiffe, const struct json_walk *walk)
{
	struct store_builder *builder = spiffe->builder;

	if (spiffe->depth == 0 || walk->depth + 1 != spiffe->depth)
		return;
	spiffe->depth = 0;
	if (spiffe->is_svid && spiffe->certificates > 1)
		note(builder, spiffe->from,
			"a key has more than one certificate: who keeps to the standard refuses "
			"the "
			"bundle",
			false);
	/* SPIFFE Trust Domain and Bundle 4.2.2. */
	if (spiffe->is_svid && spiffe->certificates == 0)
		note(builder, spiffe->from,
			"a key whose use is x509-svid has no certificate, which must be there",
			false);
	for (size_t i = spiffe->first_entry; i < builder->entry_count; i++)
		builder->entries[i].role = spiffe->is_svid ? ENTRY_IS_TRUSTED : ENTRY_IS_UNASSIGNED;
	if (!spiffe->is_svid && spiffe->certificates > 0)
		note(builder, spiffe->from,
			spiffe->has_use
				? "the certificate of a key whose use is not x509-svid: it is "
				  "passed "
				  "over"
				: "the certificate of a key that names no use: it is passed over",
			true);
}

static void
spiffe_visit(struct json_walk *walk, enum json_event event)
{
	struct spiffe *spiffe = walk->context;

	if (event == JSON_OBJECT_BEGIN) {
		key_begin(spiffe, walk);
	} else if (event == JSON_OBJECT_END) {
		key_end(spiffe, walk);
	} else if (spiffe->depth == walk->depth && json_walk_is_member(walk, "use")) {
		spiffe->has_use = true;
		spiffe->is_svid = span_equal(walk->text, span_of("x509-svid", 9));
	} else if (spiffe->depth > 0 && spiffe->depth + 1 == walk->depth &&
		   is_element_of(walk, "x5c")) {
		spiffe->certificates++;
		take_certificate(spiffe->builder, walk->text,
			walk->from < walk->to ? walk->from + 1 : walk->from, json_walk_path(walk));
	}
}

/* Behind damage no structure leads to a certificate any more, but its member's name does. */
static void
salvage(struct store_builder *builder, size_t from)
{
	static const char name[] = "\"x5c\"";
	struct span bytes = builder->bytes;

	while ((from = span_find(bytes, name, from)) != SIZE_MAX) {
		size_t begin = span_find(bytes, "\"", from + sizeof(name) - 1), end;

		if (begin == SIZE_MAX)
			return;
		end = span_find(bytes, "\"", begin + 1);
		if (end == SIZE_MAX)
			end = bytes.length;
		take_certificate(builder, span_of(bytes.data + begin + 1, end - begin - 1),
			begin + 1, "behind the damage");
		from = end;
	}
}

static void
spiffe_read(struct store_builder *builder)
{
	struct spiffe spiffe = { .builder = builder };
	struct json_walk walk = { .arena = builder->arena,
		.bytes = builder->bytes,
		.visit = spiffe_visit,
		.context = &spiffe };

	json_walk(&walk);
	if (walk.fault != NULL) {
		(void)builder_defect(builder, CAUSE_STORE_TRUNCATED, walk.fault_offset,
			builder->bytes.length - walk.fault_offset,
			"the bundle is damaged: %s, and nobody reads any of it", walk.fault);
		salvage(builder, walk.to > walk.fault_offset ? walk.to : walk.fault_offset);
	} else if (builder->entry_count == 0 && builder->defect_count == 0)
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, builder->bytes.length,
			"no key of the bundle holds a certificate");
}

const struct store_format store_spiffe = {
	.name = "spiffe",
	.title = "SPIFFE bundle",
	.family = FAMILY_CARRIER,
	.container = "SPIFFE bundle",
	.marks_trust = true,
	.holds = spiffe_holds,
	.sniff = spiffe_sniff,
	.read = spiffe_read,
	.write = spiffe_write,
};
