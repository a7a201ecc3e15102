/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that carry stores: Kubernetes manifests, JSON, SPIFFE bundles. */
#include <jansson.h>
#include <stdlib.h>

#include "forms.h"
#include "tap.h"

static const struct store *
open_text(struct stores *stores, const struct buffer *text)
{
	return stores_open_bytes(stores, "f", buffer_span(text), LOADER_ANY);
}

static void
add_base64(struct buffer *out, struct span bytes)
{
	struct buffer lines = {};

	base64_encode_lines(bytes, &lines);
	for (size_t i = 0; i < lines.length; i++)
		if (lines.data[i] != '\n')
			buffer_add(out, &lines.data[i], 1);
	buffer_free(&lines);
}

static void
add_indented(struct buffer *out, struct span der, const char *before)
{
	char *text = form_pem("CERTIFICATE", der);

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		buffer_addf(out, "%s%s\n", before, line);
	mem_free(text);
}

static void
add_encoded(struct buffer *out, struct span der)
{
	char *text = form_pem("CERTIFICATE", der);

	add_base64(out, span_of(text, strlen(text)));
	mem_free(text);
}

static void
add_quoted(struct buffer *out, struct span der)
{
	char *text = form_pem("CERTIFICATE", der);

	for (const char *at = text; *at != '\0'; at++)
		buffer_addf(out, *at == '\n' ? "\\n" : "%c", *at);
	mem_free(text);
}

/* Whether place and line are those of what the document says there. */
static bool
stands_at(const struct buffer *text, const struct entry *entry, const char *first)
{
	unsigned line = 1;

	for (size_t i = 0; i < entry->offset; i++)
		line += text->data[i] == '\n';
	return entry->is_enclosed && entry->line == line &&
	       entry->offset + entry->length <= text->length &&
	       memcmp(text->data + entry->offset, first, strlen(first)) == 0;
}

TEST(kubernetes_objects, "each kind of object, encoded or not, whatever the order of its members")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct entry *secret, *map, *bundle;
	const struct store *store;

	damage_setup();
	buffer_add_text(&text, "# \xc3\xa9\xe2\x82\xac\napiVersion: v1\ndata:\n  ca.crt: ");
	add_encoded(&text, damage_ders[0]);
	buffer_add_text(&text,
		"\n  note: aGVsbG8=\nkind: Secret\nmetadata:\n  name: one\n  namespace: web\n---\n"
		"apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap\n  apiVersion: v1\n  "
		"metadata: {name: two}\n  data:\n    ca.pem: |\n");
	add_indented(&text, damage_ders[1], "      ");
	buffer_add_text(&text, "- apiVersion: trust.cert-manager.io/v1alpha1\n  kind: Bundle\n  "
			       "metadata: {name: three}\n  spec:\n    sources:\n    - inLine: |\n");
	add_indented(&text, damage_ders[2], "        ");
	store = open_text(stores, &text);
	CHECK_TEXT(store->format, "kubernetes");
	CHECK(store->entry_count == 3 && store->defect_count == 0);
	secret = entry_of(store, damage_ders[0]);
	map = entry_of(store, damage_ders[1]);
	bundle = entry_of(store, damage_ders[2]);
	CHECK(secret != NULL && map != NULL && bundle != NULL);
	CHECK_TEXT(secret->alias, "Secret web/one, ca.crt");
	CHECK_TEXT(map->alias, "ConfigMap two, ca.pem");
	CHECK_TEXT(bundle->alias, "Bundle three, inLine");
	CHECK(stands_at(&text, secret, "LS0t") && stands_at(&text, map, "|") &&
		stands_at(&text, bundle, "|"));
}

TEST(kubernetes_json, "a manifest may be JSON, and a caBundle stand anywhere in it")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	damage_setup();
	buffer_add_text(&text, "{\"kind\": \"ValidatingWebhookConfiguration\", \"apiVersion\": "
			       "\"v1\", \"webhooks\": [{\"clientConfig\": {\"caBundle\": \"");
	add_encoded(&text, damage_ders[0]);
	buffer_add_text(&text, "\"}}]}");
	store = open_text(stores, &text);
	CHECK_TEXT(store->format, "kubernetes");
	CHECK(store->entry_count == 1 && span_equal(store->entries[0].der, damage_ders[0]));
}

TEST(kubernetes_mistakes, "what is encoded wrongly is named, and read all the same")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer plain = {}, twice = {}, once = {}, empty = {};
	const struct store *store;

	damage_setup();
	buffer_add_text(&plain, "apiVersion: v1\nkind: Secret\ndata:\n  ca.crt: |\n");
	add_indented(&plain, damage_ders[0], "    ");
	store = open_text(stores, &plain);
	CHECK(store->entry_count == 1 && defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL);
	add_encoded(&once, damage_ders[0]);
	buffer_add_text(&twice, "apiVersion: v1\nkind: Secret\ndata:\n  ca.crt: ");
	add_base64(&twice, buffer_span(&once));
	store = open_text(stores, &twice);
	CHECK(store->entry_count == 1 && defect_of(store, CAUSE_STORE_DOUBLE_BASE64) != NULL);
	buffer_add_text(&empty, "apiVersion: v1\nkind: Secret\ndata:\n  ca.crt: ''\n");
	store = open_text(stores, &empty);
	CHECK(store->entry_count == 0 && defect_of(store, CAUSE_STORE_EMPTY) != NULL);
}

TEST(kubernetes_aliases, "an alias is not followed, and nothing grows by it")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {}, deep = {};
	const struct store *store;

	damage_setup();
	buffer_add_text(&text, "apiVersion: v1\nkind: ConfigMap\na0: &a0 [x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 40; i++)
		buffer_addf(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	buffer_add_text(&text, "data:\n  ca.crt: |\n");
	add_indented(&text, damage_ders[0], "    ");
	store = open_text(stores, &text);
	CHECK(store->entry_count == 1 && defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL);
	buffer_add_text(&deep, "apiVersion: v1\nkind: ConfigMap\nx: ");
	for (int i = 0; i < 100'000; i++)
		buffer_add_text(&deep, "[");
	store = open_text(stores, &deep);
	CHECK(store->entry_count == 0 && store->defect_count > 0);
}

TEST(kubernetes_damage, "behind damage, texts and whole documents are still read")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	damage_setup();
	for (size_t i = 0; i < 2; i++) {
		buffer_add_text(&text, "apiVersion: v1\nkind: ConfigMap\ndata:\n  ca.crt: |\n");
		add_indented(&text, damage_ders[i], "    ");
		if (i == 0)
			buffer_add_text(&text, "  x: [\n---\n");
	}
	store = open_text(stores, &text);
	CHECK(store->entry_count == 2 && store->defect_count == 1);
	for (size_t length = 60; length < text.length; length += 13) {
		CLEANUP(stores_freep) struct stores *some = stores_new_unboxed();
		struct span cut = span_of(text.data, length);
		size_t end = span_find(buffer_span(&text), "-----END", 0) + 25;

		store = stores_open_bytes(some, "f", cut, LOADER_ANY);
		CHECK(entry_of(store, damage_ders[0]) != NULL || length < end);
	}
}

TEST(json_texts, "every PEM text of a document is read, under the name of where it stands")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	damage_setup();
	buffer_add_text(&text, "{\"data\": {\"\\u0063a\\u00e9\": [\"");
	add_quoted(&text, damage_ders[0]);
	buffer_add_text(&text, "\", 1.5e3, null, true, [], {}, \"");
	add_quoted(&text, damage_ders[1]);
	buffer_add_text(&text, "\"]},\n\"a\": \"short \\ud83d\\ude00\\/\"}");
	store = open_text(stores, &text);
	CHECK_TEXT(store->format, "json");
	CHECK(store->entry_count == 2 && store->defect_count == 0);
	CHECK_TEXT(store->entries[0].alias, "data.ca\xc3\xa9[0]");
	CHECK_TEXT(store->entries[1].alias, "data.ca\xc3\xa9[6]");
	CHECK(stands_at(&text, &store->entries[0], "\"-----BEGIN"));
}

TEST(json_one_text, "a PEM file in quotes stays what it is: damage that is mended")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};

	damage_setup();
	buffer_add_text(&text, "{\"ca\": \"");
	add_quoted(&text, damage_ders[0]);
	buffer_add_text(&text, "\"}");
	CHECK_TEXT(open_text(stores, &text)->format, "pem");
}

/* Between two texts of an array. */
static const struct {
	const char *text;
	bool is_damage;
} json_pieces[] = {
	{ "\"a\" ,", false },
	{ "true, false ,null\n,", false },
	{ "0, -1, 1.5e+3, 2E-7,", false },
	{ "\"\\x\",", true },
	{ "nothing here", true },
	{ "nothing,", true },
	{ "nul,", true },
	{ "nulll,", true },
	{ "True,", true },
	{ "1x,", true },
	{ "x1,", true },
	{ ",", true },
	{ "{\"a\" 1},", true },
	{ "[1,", true },
	{ "}", true },
	{ "\"\\u12\",", true },
};

TEST(json_damage, "damage is named, and what stands behind it is read")
{
	damage_setup();
	for (size_t i = 0; i < COUNT_OF(json_pieces); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;

		buffer_add_text(&text, "[\"");
		add_quoted(&text, damage_ders[0]);
		buffer_addf(&text, "\", %s \"", json_pieces[i].text);
		add_quoted(&text, damage_ders[1]);
		buffer_add_text(&text, "\"]");
		store = open_text(stores, &text);
		CHECK_TEXT(store->format, "json");
		CHECK(entry_of(store, damage_ders[0]) != NULL);
		CHECK(entry_of(store, damage_ders[1]) != NULL);
		CHECK((store->defect_count > 0) == json_pieces[i].is_damage);
	}
}

static void
make_bundle(struct buffer *out, const char *use, const char *behind)
{
	buffer_addf(out, "{\"keys\": [{\"kty\": \"EC\", %s\"x5c\": [\"", use);
	add_base64(out, damage_ders[0]);
	buffer_addf(out, "\"]%s}, {\"use\": \"x509-svid\", \"x5c\": [\"", behind);
	add_base64(out, damage_ders[1]);
	buffer_add_text(out, "\"]}, {\"use\": \"jwt-svid\", \"kid\": \"k\"}]}");
}

TEST(spiffe_use, "a key is trusted by its use, wherever it names it")
{
	static const struct {
		const char *before, *behind;
		bool is_trusted;
	} keys[] = { { "\"use\": \"x509-svid\", ", "", true },
		{ "", ", \"use\": \"x509-svid\"", true }, { "\"use\": \"jwt-svid\", ", "", false },
		{ "", "", false } };

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;

		make_bundle(&text, keys[i].before, keys[i].behind);
		store = open_text(stores, &text);
		CHECK_TEXT(store->format, "spiffe");
		CHECK(store->entry_count == 2);
		CHECK((store->entries[0].role == ENTRY_IS_TRUSTED) == keys[i].is_trusted);
		CHECK(store_leaves_untrusted(store, &store->entries[0]) == !keys[i].is_trusted);
		CHECK(store->entries[1].role == ENTRY_IS_TRUSTED);
		CHECK(store->defect_count == (keys[i].is_trusted ? 0 : 1));
		CHECK_TEXT(store->entries[1].alias, "keys[1].x5c[0]");
		CHECK(memcmp(text.data + store->entries[0].offset, "MII", 3) == 0);
	}
}

TEST(spiffe_bare, "a key for certificates must have one; any other need not")
{
	static const struct {
		const char *key;
		bool is_damage;
	} keys[] = {
		{ "\"use\": \"x509-svid\", \"kty\": \"EC\"", true },
		{ "\"use\": \"x509-svid\", \"x5c\": []", true },
		{ "\"x5c\": [], \"use\": \"x509-svid\"", true },
		{ "\"use\": \"jwt-svid\", \"kty\": \"EC\"", false },
		{ "\"kty\": \"EC\"", false },
	};

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;

		buffer_add_text(&text, "{\"keys\": [{\"use\": \"x509-svid\", \"x5c\": [\"");
		add_base64(&text, damage_ders[0]);
		buffer_addf(&text, "\"]}, {%s}]}", keys[i].key);
		store = open_text(stores, &text);
		CHECK_TEXT(store->format, "spiffe");
		CHECK(store->entry_count == 1 && store->entries[0].role == ENTRY_IS_TRUSTED);
		CHECK(store->defect_count == keys[i].is_damage);
		if (store->defect_count > 0)
			CHECK(!store->defects[0].harmless &&
				store->defects[0].offset > store->entries[0].offset);
	}
}

TEST(spiffe_damage, "cut anywhere or broken off between, whole certificates are kept")
{
	CLEANUP(buffer_free) struct buffer text = {};
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct store *store;
	size_t end;

	damage_setup();
	make_bundle(&text, "\"use\": \"x509-svid\", ", "");
	end = span_find(buffer_span(&text), "\"]", 0);
	for (size_t length = 60; length < text.length; length += 11) {
		CLEANUP(stores_freep) struct stores *some = stores_new_unboxed();

		store = stores_open_bytes(some, "f", span_of(text.data, length), LOADER_ANY);
		CHECK(length < end || entry_of(store, damage_ders[0]) != NULL);
		CHECK(length < 2 * end || store->defect_count > 0);
	}
	text.data[end + 1] = '}';
	store = open_text(stores, &text);
	CHECK(entry_of(store, damage_ders[0]) != NULL && entry_of(store, damage_ders[1]) != NULL);
	CHECK(defect_of(store, CAUSE_STORE_TRUNCATED) != NULL);
}

TEST(carriers_written, "what is written is read as the same certificates, by others too")
{
	static const char *const formats[] = { "json", "kubernetes", "spiffe" };

	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;
		json_t *document;

		form_write(formats[i], DAMAGE_BLOCKS, NULL, &text);
		store = open_text(stores, &text);
		CHECK_TEXT(store->format, formats[i]);
		CHECK(store->entry_count == DAMAGE_BLOCKS && store->defect_count == 0);
		for (size_t j = 0; j < DAMAGE_BLOCKS; j++)
			CHECK(entry_of(store, damage_ders[j]) != NULL);
		document = json_loadb((const char *)text.data, text.length, 0, NULL);
		CHECK((document != NULL) == (i != 1));
		json_decref(document);
	}
}

static const struct trust_settings rejected = { true, false, true, false, true };

TEST(carriers_reject, "a certificate that is rejected is not carried to where that cannot be said")
{
	struct entry entry = { .kind = ENTRY_CERTIFICATE, .trust = rejected };

	CHECK(!store_format_carries("json", &entry) && !store_format_carries("kubernetes", &entry));
	CHECK(store_format_carries("p11kit", &entry) && store_format_carries("pem", &entry));
}

TAP_MAIN()
