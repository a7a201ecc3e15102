/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes manifests that carry stores: Secret, ConfigMap, trust-manager's Bundle,
 * ClusterTrustBundle, kubeconfig, and the caBundle of whatever has one. What a pod gets to see is a
 * file for each member, and that is how each is read: as a store of its own.
 */
#include <string.h>

#include "stores/manifest.h"
#include "stores/pem.h"

enum {
	CONFIGMAP_MAX = 1 << 20, /* bytes of all members together; the API server refuses more */
	SHORTEST_STORE = 64,     /* bytes: any certificate is longer */
};

static const char begin_mark[] = "-----BEGIN ";

/* "kind:" of YAML at the beginning of a line, or "\"kind\"" of JSON anywhere. */
static bool
has_key(struct span bytes, const char *yaml, const char *json)
{
	for (size_t at = span_find(bytes, yaml, 0); at != SIZE_MAX;
		at = span_find(bytes, yaml, at + 1))
		if (at == 0 || bytes.data[at - 1] == '\n')
			return true;
	return span_find(bytes, json, 0) != SIZE_MAX;
}

/* A block that begins a line stands in no YAML: in a file of PEM, quickly found. */
static bool
begins_with_block(struct span bytes)
{
	size_t at = span_find(bytes, begin_mark, 0);

	return at != SIZE_MAX && (at == 0 || bytes.data[at - 1] == '\n');
}

static bool
kubernetes_sniff(struct span bytes)
{
	return !begins_with_block(bytes) && has_key(bytes, "apiVersion:", "\"apiVersion\"") &&
	       has_key(bytes, "kind:", "\"kind\"");
}

static bool
is_base64(const struct manifest_object *object, const struct manifest_member *member)
{
	return member->section == SECTION_BASE64 || member->section == SECTION_BINARY_DATA ||
	       (member->section == SECTION_DATA && object->kind != NULL &&
		       strcmp(object->kind, "Secret") == 0);
}

static const char *
member_name(struct arena *arena, const struct manifest_object *object, const char *key)
{
	const char *kind = object->kind == NULL ? "object" : object->kind;

	if (object->name == NULL)
		return arena_printf(arena, "%s, %s", kind, key);
	if (object->namespace == NULL)
		return arena_printf(arena, "%s %s, %s", kind, object->name, key);
	return arena_printf(arena, "%s %s/%s, %s", kind, object->namespace, object->name, key);
}

static bool
names_store(const char *key)
{
	static const char *const suffixes[] = { ".pem", ".crt", ".cer", ".crl", ".p12", ".jks",
		".pfx", ".p7b", "Bundle", "trustBundle", "inLine", "-data" };

	for (size_t i = 0; i < COUNT_OF(suffixes); i++)
		if (text_ends(key, suffixes[i]))
			return true;
	return false;
}

static void
read_value(struct store_builder *builder, const struct manifest_member *member, struct span value,
	const char *name)
{
	struct defect *defect;

	if (value.length >= SHORTEST_STORE &&
		builder_read_nested(builder, value, &member->place, name))
		return;
	if (!names_store(member->key))
		return;
	defect = builder_defect(builder,
		value.length == 0 ? CAUSE_STORE_EMPTY : CAUSE_STORE_WRONG_FORMAT,
		member->place.offset, member->place.length,
		value.length == 0 ? "%s: there is nothing in it"
				  : "%s: what it holds is a store of no known format",
		name);
	if (defect != NULL)
		defect->harmless = strcmp(member->key, "tls.crt") == 0;
}

static void
read_member(struct store_builder *builder, const struct manifest_object *object,
	const struct manifest_member *member)
{
	const char *name = member_name(builder->arena, object, member->key);
	CLEANUP(buffer_free) struct buffer decoded = {};
	size_t bad;

	if (!is_base64(object, member)) {
		read_value(builder, member, member->value, name);
		return;
	}
	if (base64_decode(member->value, &decoded, &bad) < 0) {
		(void)builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, member->place.offset,
			member->place.length,
			"%s: it is not base64, and the API server refuses the manifest", name);
		/* As it came, where somebody forgot to encode it. */
		if (span_find(member->value, begin_mark, 0) != SIZE_MAX) {
			(void)builder_read_nested(builder, member->value, &member->place, name);
			return;
		}
	}
	read_value(builder, member, buffer_span(&decoded), name);
}

static const char *
profile_of(struct arena *arena, const struct manifest *manifest)
{
	if (manifest->object_count == 1 && manifest->objects[0].kind != NULL)
		return manifest->objects[0].kind;
	return arena_printf(arena, "%zu objects", manifest->object_count);
}

static void
read_damaged(struct store_builder *builder, const struct manifest *manifest)
{
	size_t from = manifest->fault_offset;
	struct place place = { from, builder->bytes.length - from, from, true };

	(void)builder_defect(builder,
		place.length == 0 ? CAUSE_STORE_TRUNCATED : CAUSE_STORE_CORRUPT_ENTRY, from,
		place.length, "the manifest cannot be read from here on: %s", manifest->fault);
	/* Texts, if not what is encoded, are whole behind the damage. */
	if (place.length > 0)
		(void)builder_read_nested(builder,
			span_of(builder->bytes.data + from, place.length), &place,
			"behind the damage");
}

/* A line of dashes, left of what was there before, ends a document of YAML: what is behind it
 * belongs to nobody. */
static void
note_stray(struct store_builder *builder, const struct manifest *manifest)
{
	struct defect *defect;
	size_t from = 0, at;

	for (size_t i = 0; i < manifest->member_count; i++) {
		const struct place *place = &manifest->members[i].place;

		if (place->offset + place->length > from)
			from = place->offset + place->length;
	}
	at = manifest->member_count == 0 ? SIZE_MAX : span_find(builder->bytes, begin_mark, from);
	if (at == SIZE_MAX)
		return;
	defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY, at, builder->bytes.length - at,
		"a block stands behind the last member, and belongs to none");
	if (defect != NULL)
		defect->harmless = true;
}

static void
kubernetes_read(struct store_builder *builder)
{
	struct manifest manifest;

	manifest_read(builder->arena, builder->bytes, &manifest);
	builder->profile = profile_of(builder->arena, &manifest);
	for (size_t i = 0; i < manifest.member_count; i++)
		read_member(builder, &manifest.objects[manifest.members[i].object],
			&manifest.members[i]);
	if (manifest.fault != NULL)
		read_damaged(builder, &manifest);
	else
		note_stray(builder, &manifest);
	if (manifest.fault != NULL)
		return;
	if (builder->entry_count == 0 && builder->defect_count == 0)
		(void)builder_defect(builder, CAUSE_STORE_EMPTY, 0, builder->bytes.length,
			"no member of the manifest holds a certificate or CRL");
}

/* One member: its lines indented, as a block of YAML. */
static void
put_member(struct buffer *out, const struct store_content *content, enum entry_kind kind,
	const char *key)
{
	CLEANUP(buffer_free) struct buffer text = {};
	bool at_start = true;

	for (size_t i = 0; i < content->count; i++)
		if (content->entries[i]->kind == kind)
			pem_write(&text, kind == ENTRY_CRL ? "X509 CRL" : "CERTIFICATE",
				content->entries[i]->der);
	if (text.length == 0)
		return;
	buffer_addf(out, "  %s: |\n", key);
	for (size_t i = 0; i < text.length; i++) {
		if (at_start)
			buffer_add_text(out, "    ");
		buffer_add(out, &text.data[i], 1);
		at_start = text.data[i] == '\n';
	}
}

static int
kubernetes_write(const struct store_content *content, struct buffer *out, struct err *err)
{
	size_t before = out->length;

	buffer_add_text(
		out, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: trust-bundle\ndata:\n");
	put_member(out, content, ENTRY_CERTIFICATE, "ca.crt");
	put_member(out, content, ENTRY_CRL, "ca.crl");
	if (out->length - before > CONFIGMAP_MAX)
		return err_set(err, ERR_DATA,
			"a ConfigMap holds at most %d bytes, and these would be %zu", CONFIGMAP_MAX,
			out->length - before);
	return 0;
}

const struct store_format store_kubernetes = {
	.name = "kubernetes",
	.title = "Kubernetes manifest",
	.family = FAMILY_CARRIER,
	.container = "Kubernetes manifest",
	.keystore_mark = "apiVersion", /* in a document that holds a manifest, too */
	.sniff = kubernetes_sniff,
	.read = kubernetes_read,
	.carries_crls = true,
	.write = kubernetes_write,
};
