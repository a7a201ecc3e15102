/* SPDX-License-Identifier: Apache-2.0 */
/* Every label that a bundle may hold: old ones, trust settings, CRLs, and containers among them. */
#include "forms.h"
#include "tap.h"

/* A TRUSTED CERTIFICATE with a name, as `openssl x509 -setalias` writes it. */
static void
add_trusted(struct buffer *out, struct span der)
{
	const unsigned char *at = der.data;
	unsigned char *bytes = NULL;
	X509 *cert = d2i_X509(NULL, &at, (long)der.length);
	int length;

	must(X509_add1_trust_object(cert, OBJ_txt2obj("clientAuth", 0)) == 1 &&
			X509_alias_set1(cert, (const unsigned char *)"Root two", -1) == 1,
		"settings");
	length = i2d_X509_AUX(cert, &bytes);
	pem_write(out, "TRUSTED CERTIFICATE", span_of(bytes, (size_t)length));
	OPENSSL_free(bytes);
	X509_free(cert);
}

TEST(pem_labels, "each label of a bundle is read, its trust settings, name and comments kept")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct entry *trusted, *list;
	const struct store *store;

	damage_setup();
	buffer_add_text(&text, "# Root one\n");
	pem_write(&text, "X509 CERTIFICATE", damage_ders[0]);
	buffer_add_text(&text, "\nsubject=/CN=Root two\n");
	add_trusted(&text, damage_ders[1]);
	pem_write(&text, "X509 CRL", damage_crl);
	store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_OPENSSL_FILE);
	CHECK(store->entry_count == 3 && store->defect_count == 0 && store->loading.loads);
	CHECK(store->loading.certificates == 2 && store->loading.crls == 1);
	CHECK(store->entries[0].text_offset == 0 && store->entries[0].offset == 11);
	trusted = entry_of(store, damage_ders[1]);
	CHECK(trusted != NULL && trusted->trust.present && trusted->trust.trusts_client);
	CHECK_TEXT(trusted->alias, "Root two");
	CHECK(trusted->text_offset < trusted->offset);
	list = entry_of(store, damage_crl);
	CHECK(list != NULL && list->kind == ENTRY_CRL);
}

static void
check_container(const char *label, bool *failed)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {}, container = {};
	const struct entry *inside;
	const struct defect *defect;
	const struct store *store;

	form_write("pkcs7", 2, NULL, &container);
	pem_write(&text, "CERTIFICATE", damage_ders[2]);
	pem_write(&text, label, buffer_span(&container));
	pem_write(&text, "X509 CRL", damage_crl);
	store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_OPENSSL_FILE);
	CHECK_TEXT(store->format, "pem");
	CHECK(store_count(store, ENTRY_CERTIFICATE) == 3 && store_count(store, ENTRY_CRL) == 1);
	inside = entry_of(store, damage_ders[0]);
	CHECK(inside != NULL && inside->is_enclosed);
	CHECK(memcmp(text.data + inside->offset, "-----BEGIN ", 11) == 0);
	CHECK(text.data[inside->offset + inside->length - 1] == '-');
	CHECK(!store->loading.loaded[inside - store->entries]);
	CHECK(store->loading.certificates == 1 && store->loading.crls == 1);
	defect = defect_of(store, CAUSE_STORE_FOREIGN_OBJECT);
	CHECK(defect != NULL && defect->harmless && defect->offset == inside->offset);
}

TEST(pem_containers, "certificates of a PKCS#7 or CMS block are entries, and loaded by nobody")
{
	check_container("PKCS7", failed);
	check_container("CMS", failed);
}

TEST(pem_container_damaged, "of a damaged container, what is whole is kept")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {}, container = {};
	const struct store *store;

	form_write("pkcs7", 2, NULL, &container);
	pem_write(&text, "CERTIFICATE", damage_ders[2]);
	pem_write(&text, "PKCS7",
		span_of(container.data, container.length - damage_ders[0].length / 2));
	store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_ANY);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == 2);
	CHECK(defect_of(store, CAUSE_STORE_TRUNCATED) != NULL);
}

TAP_MAIN()
