/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: what their listing says, which names are taken, which modules are missing. Real tokens
 * are asked by tests/forms.sh. */
#include "stores/token.h"

#include <stdlib.h>

#include "forms.h"
#include "tap.h"

static void
add_object(struct buffer *out, const char *attributes, struct span der)
{
	buffer_addf(out, "[p11-kit-object-v1]\nclass: certificate\n%s", attributes);
	pem_write(out, "CERTIFICATE", der);
}

TEST(token_category,
	"a trusted certificate is an anchor where its category is that of an authority")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	damage_setup();
	buffer_add_text(&text, TOKEN_LISTING_HEAD);
	add_object(&text, "trusted: true\ncertificate-category: 2\n", damage_ders[0]);
	add_object(&text, "trusted: true\ncertificate-category: 1\n", damage_ders[1]);
	add_object(&text, "trusted: false\ncertificate-category: 2\n", damage_ders[2]);
	store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_P11KIT);
	CHECK_TEXT(store->format, "pkcs11");
	CHECK(store->entry_count == 3 && store->loading.certificates == 1);
	CHECK(store->loading.loaded[0]);
	CHECK(store_leaves_untrusted(store, &store->entries[1]));
	CHECK(store_leaves_untrusted(store, &store->entries[2]));
	CHECK(store->defect_count == 1 && store->defects[0].harmless &&
		store->defects[0].cause == CAUSE_STORE_FOREIGN_OBJECT);
}

TEST(token_marks, "what is wrong with tokens and modules is a defect of its own")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	buffer_add_text(&text, TOKEN_LISTING_HEAD TOKEN_LISTING_MARK TOKEN_MARK_MODULE
		"/a.so, of a.module\n" TOKEN_LISTING_MARK TOKEN_MARK_LOCKED
		"lab\n" TOKEN_LISTING_MARK TOKEN_MARK_NOTHING "no token fits this name\n");
	store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_P11KIT);
	CHECK(store->defect_count == 3);
	CHECK(defect_of(store, CAUSE_TOKEN_MODULE)->harmless);
	CHECK(defect_of(store, CAUSE_TOKEN_PIN)->harmless);
	CHECK(!defect_of(store, CAUSE_TOKEN_OBJECT_MISSING)->harmless);
	CHECK(strstr(defect_of(store, CAUSE_TOKEN_MODULE)->text, "/a.so") != NULL);
	CHECK(defect_of(store, CAUSE_TOKEN_PIN)->line == 3);
}

TEST(token_names, "a name that would load a module or give a PIN is not taken, nor said again")
{
	static const char *const names[] = { "pkcs11:token=a?pin-value=1234",
		"pkcs11:?module-path=/tmp/evil.so", "pkcs11:a=b?x" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(world_freep) struct world *host = world_host();
		const struct store *store = stores_open(stores, host, names[i], LOADER_ANY);

		CHECK(store->state != STORE_PRESENT && store->entry_count == 0);
		CHECK(strchr(store->path, '?') == NULL);
		CHECK(strstr(store->problem, "1234") == NULL);
	}
	CHECK(!token_is_name("/etc/pkcs11:x") && token_is_name("pkcs11:"));
}

TEST(token_elsewhere, "tokens are of this machine: below another root only configuration is read")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(world_freep) struct world *base = world_below("/tmp", NULL);
	CLEANUP(world_freep) struct world *world = world_overlay(base);
	static const char there[] = "module: /usr/lib/there.so\n",
			  gone[] = "# c\n module: gone.so \n";
	const struct store *store = stores_open(stores, world, "pkcs11:", LOADER_ANY);

	CHECK(store->state == STORE_UNREADABLE);
	overlay_write(world, "/usr/lib/there.so", span_of("x", 1));
	overlay_write(world, "/etc/pkcs11/modules/a.module", span_of(there, sizeof(there) - 1));
	CHECK(stores_open(stores, world, "pkcs11:b", LOADER_ANY)->state == STORE_UNREADABLE);
	overlay_write(world, "/etc/pkcs11/modules/b.module", span_of(gone, sizeof(gone) - 1));
	overlay_write(world, "/etc/pkcs11/modules/c.module~", span_of(gone, sizeof(gone) - 1));
	store = stores_open(stores, world, "pkcs11:c", LOADER_ANY);
	CHECK(store->state == STORE_PRESENT && store->defect_count == 1);
	CHECK(defect_of(store, CAUSE_TOKEN_MODULE) != NULL);
	CHECK(strstr(store->defects[0].text, "/gone.so, of /etc/pkcs11/modules/b.module") != NULL);
}

TEST(token_as_file, "a loader that reads files has no token")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(world_freep) struct world *host = world_host();

	CHECK(stores_open(stores, host, "pkcs11:token=none", LOADER_OPENSSL_FILE)->state ==
		STORE_MISSING);
}

TAP_MAIN()
