/* SPDX-License-Identifier: Apache-2.0 */
/* p11-kit's own form: what its attributes say, damage, and the same by p11-kit's trust module where
 * there is one. */
#include <dlfcn.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11x.h>
#include <stdlib.h>

#include "forms.h"
#include "tap.h"

#define OBJECT "[p11-kit-object-v1]\n"
#define CLIENTS                                                                \
	OBJECT "class: x-certificate-extension\nobject-id: 2.5.29.37\nvalue: " \
	       "\"%30%13%06%03%55%1d%25%04%0c%30%0a%06%08%2b%06%01%05%05%07%03%02\"\n"
#define SERVERS                                                                \
	OBJECT "class: x-certificate-extension\nobject-id: 2.5.29.37\nvalue: " \
	       "\"%30%13%06%03%55%1d%25%04%0c%30%0a%06%08%2b%06%01%05%05%07%03%01\"\n"
#define REJECTS                                                                                 \
	OBJECT "class: x-certificate-extension\nobject-id: 1.3.6.1.4.1.3319.6.10.1\n"           \
	       "value: \"%30%1a%06%0a%2b%06%01%04%01%99%77%06%0a%01%04%0c%30%0a%06%08%2b%06%01" \
	       "%05%05%07%03%02\"\n"

struct said {
	const char *attributes, *extension;
	bool is_trusted, is_rejected, is_loaded;
};

static const struct said sayings[] = {
	{ "trusted: true\n", NULL, true, false, true },
	{ "label: \"A %22name%22\"\ntrusted: true\n", CLIENTS, true, false, true },
	{ "trusted: true\n", SERVERS, true, false, false },
	{ "trusted: true\n", REJECTS, true, true, false },
	{ "trusted: true\nx-distrusted: true\n", NULL, true, true, false },
	{ "x-distrusted: true\n", NULL, false, true, false },
	{ "trusted: false\n", NULL, false, false, false },
	{ "# a comment\n\n  class : certificate\n", NULL, false, false, false },
};

static void
make(const struct said *said, struct span der, struct buffer *out)
{
	const char *fault;
	struct cert cert;
	size_t offset;

	buffer_addf(out, OBJECT "%s", said->attributes);
	pem_write(out, "CERTIFICATE", der);
	if (said->extension == NULL)
		return;
	must(cert_read(der, &cert, &fault, &offset) == 0, "a certificate");
	buffer_add_text(out, said->extension);
	pem_write(out, "PUBLIC KEY", cert.spki);
}

TEST(p11kit_attributes, "each attribute and extension gives the trust that it says")
{
	damage_setup();
	for (size_t i = 0; i < COUNT_OF(sayings); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;
		const struct entry *entry;

		make(&sayings[i], damage_ders[0], &text);
		store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_P11KIT);
		CHECK_TEXT(store->format, "p11kit");
		CHECK(store->entry_count == 1);
		entry = &store->entries[0];
		CHECK((entry->role == ENTRY_IS_TRUSTED) == sayings[i].is_trusted);
		CHECK(entry->trust.rejects_client == sayings[i].is_rejected);
		CHECK(store->loading.loads && store->loading.loaded[0] == sayings[i].is_loaded);
		CHECK(memcmp(text.data + entry->offset, "-----BEGIN ", 11) == 0 &&
			text.data[entry->offset + entry->length - 1] == '-');
		CHECK(store_leaves_untrusted(store, entry) == !sayings[i].is_loaded);
	}
}

TEST(p11kit_value, "a certificate may stand in an attribute, and trust in an object of NSS's kind")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;
	const char *fault;
	struct cert cert;
	size_t offset;

	damage_setup();
	must(cert_read(damage_ders[0], &cert, &fault, &offset) == 0, "a certificate");
	buffer_add_text(&text, OBJECT "class: certificate\ncertificate-type: x-509\nvalue: \"");
	for (size_t i = 0; i < damage_ders[0].length; i++)
		buffer_addf(&text, "%%%02X", damage_ders[0].data[i]);
	buffer_add_text(&text, "\"\n" OBJECT "class: nss-trust\ntrust-client-auth: "
			       "nss-trusted-delegator\nissuer: \"");
	for (size_t i = 0; i < cert.issuer.length; i++)
		buffer_addf(&text, "%%%02x", cert.issuer.data[i]);
	buffer_addf(&text, "\"\nserial-number: \"%%02%%%02x", (unsigned)cert.serial.length);
	for (size_t i = 0; i < cert.serial.length; i++)
		buffer_addf(&text, "%%%02x", cert.serial.data[i]);
	buffer_add_text(&text, "\"\n");
	store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_P11KIT);
	CHECK(store->entry_count == 1 && span_equal(store->entries[0].der, damage_ders[0]));
	CHECK(store->entries[0].is_enclosed && store->entries[0].role == ENTRY_IS_TRUSTED);
	CHECK(store->loading.certificates == 1 && store->defect_count == 0);
}

static const char *const damages_done[] = {
	OBJECT "this is no attribute\n",
	OBJECT "label: \"no end\n",
	OBJECT "label: \"%4\"\n",
	OBJECT "-----BEGIN CERTIFICATE-----\nMIIB\n",
	OBJECT "-----BEGIN CERTIFICATE-----\nMI*IB\n-----END CERTIFICATE-----\n",
	OBJECT "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
	OBJECT "unknown-thing: true\n",
	OBJECT "label: words without quotes\n",
	OBJECT "label: \"nothing else\"\n",
	OBJECT "-----BEGIN TRUSTED CERTIFICATE-----\nMIIB\n-----END TRUSTED CERTIFICATE-----\n",
	OBJECT "class: certificate\ntrusted: true\n",
	OBJECT "class: certificate\ntrusted: true\nvalue: \"%30\"\n",
	OBJECT "  -----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
	OBJECT "-----BEGIN CERTIFICATE--x--\nMIIB\n-----END CERTIFICATE-----\n",
	OBJECT "-----BEGIN CERTIFICATE-----\nMIJ=\n-----END CERTIFICATE-----\n",
	OBJECT "-----BEGIN CERTIFICATE-----\nMIIB\nword-----END CERTIFICATE-----\n",
	OBJECT "-----BEGIN CERTIFICATE-----\nMIIB=\n-----END X509 CRL-----\n",
	"[another-header]\nno attribute\n",
};

/* What is odd in an object, and none of it to p11-kit's reader of PEM; or to us alone. */
static const struct {
	const char *text, *instead;
} oddities[] = {
	{ "-----END CERTIFICATE-----", "-----END CERTIFICATE-----word" },
	{ "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\v" },
	{ "-----BEGIN CERTIFICATE-----\nMI", "-----BEGIN CERTIFICATE-----\nMI\n\nMI" },
	{ "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n\t\n" },
	{ "-----BEGIN CERTIFICATE-----", "x-distrusted:\n-----BEGIN CERTIFICATE-----" },
	{ "-----BEGIN CERTIFICATE-----", "x-distrusted: 1\n-----BEGIN CERTIFICATE-----" },
	{ "[p11-kit-object-v1]", " [p11-kit-object-v1]\t" },
	{ "-----END CERTIFICATE-----", "= -----END CERTIFICATE-----" },
};

static void
make_odd(size_t oddity, struct buffer *out)
{
	CLEANUP(buffer_free) struct buffer object = {};
	const char *text = oddities[oddity].text;
	size_t at;

	make(&sayings[0], damage_ders[0], out);
	make(&sayings[0], damage_ders[1], &object);
	at = span_find(buffer_span(&object), text, 0);
	must(at != SIZE_MAX, "what is replaced is there");
	buffer_add(out, object.data, at);
	buffer_add_text(out, oddities[oddity].instead);
	buffer_add(out, object.data + at + strlen(text), object.length - at - strlen(text));
	make(&sayings[0], damage_ders[2], out);
}

TEST(p11kit_damage, "damage is named, and costs no other object")
{
	damage_setup();
	for (size_t i = 0; i < COUNT_OF(damages_done); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;

		make(&sayings[0], damage_ders[0], &text);
		buffer_add_text(&text, damages_done[i]);
		make(&sayings[0], damage_ders[1], &text);
		store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_P11KIT);
		CHECK(entry_of(store, damage_ders[0]) != NULL);
		CHECK(entry_of(store, damage_ders[1]) != NULL);
		CHECK(store->defect_count > 0);
		CHECK(!store->loading.loads || store->loading.certificates == 1);
		CHECK(store->defects[0].offset > 0 && store->defects[0].line > 1);
	}
}

TEST(p11kit_skipped, "what p11-kit passes over is read, and not trusted")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;

	damage_setup();
	make(&sayings[0], damage_ders[0], &text);
	pem_write(&text, "CERTIFICATE", damage_ders[1]);
	buffer_add_text(&text, "[another-header]\ntrusted: true\n");
	pem_write(&text, "CERTIFICATE", damage_ders[2]);
	store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_P11KIT);
	CHECK(store->entry_count == 3 && store->loading.loads);
	CHECK(store->loading.certificates == 1 && store->loading.loaded[0]);
	CHECK(store->defect_count == 2 && store->defects[0].harmless && store->defects[1].harmless);
}

/* What makes two blocks one to p11-kit, and which of them it takes. */
static const struct {
	const char *text, *instead;
	size_t taken;
} fusions[] = {
	{ "-----END CERTIFICATE-----", "=\nword-----END CERTIFICATE-----", 1 },
	{ "\n-----END CERTIFICATE-----", "\n -----END CERTIFICATE-----\n-----BEGIN CERTIFICATE--",
		0 },
};

static void
make_fused(size_t fusion, struct buffer *out)
{
	CLEANUP(buffer_free) struct buffer first = {};
	size_t at;

	make(&sayings[0], damage_ders[0], &first);
	at = span_find(buffer_span(&first), fusions[fusion].text, 0);
	must(at != SIZE_MAX, "what is replaced is there");
	buffer_add(out, first.data, at);
	buffer_add_text(out, fusions[fusion].instead);
	buffer_add_text(out, "\n");
	make(&sayings[0], damage_ders[1], out);
}

TEST(p11kit_fused,
	"of two blocks that are one to p11-kit it takes one; the other is lost, and found")
{
	damage_setup();
	for (size_t i = 0; i < COUNT_OF(fusions); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;

		make_fused(i, &text);
		store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_P11KIT);
		CHECK(entry_of(store, damage_ders[0]) && entry_of(store, damage_ders[1]));
		CHECK(store->entry_count == 2 && store->defect_count == 1 + i);
		CHECK(store->defects[i].is_block && !store->defects[i].harmless);
		CHECK(i == 0 || store->defects[0].harmless); /* a BEGIN line alone */
		CHECK(store->loading.loads && store->loading.certificates == 1);
		for (size_t j = 0; j < store->entry_count; j++)
			CHECK(store->loading.loaded[j] ==
				span_equal(store->entries[j].der, damage_ders[fusions[i].taken]));
	}
}

TEST(p11kit_cut, "cut anywhere, what is whole is kept")
{
	CLEANUP(buffer_free) struct buffer text = {};
	size_t first;

	damage_setup();
	make(&sayings[0], damage_ders[0], &text);
	first = text.length;
	make(&sayings[0], damage_ders[1], &text);
	for (size_t length = 60; length < text.length; length += 7) {
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		const struct store *store =
			stores_open_bytes(stores, "f", span_of(text.data, length), LOADER_ANY);

		CHECK_TEXT(store->format, "p11kit");
		CHECK((entry_of(store, damage_ders[0]) != NULL) || length < first - 28);
		CHECK(store->defect_count > 0 || length + 1 >= text.length || length < first + 60);
	}
}

static const struct trust_settings client_alone = { true, true, false, true, false },
				   server_alone = { true, true, false, false, false },
				   none = { true, false, true, false, true };

TEST(p11kit_not_written,
	"trust of another kind, and a leaf that would be an anchor, are not carried")
{
	struct entry entry = { .kind = ENTRY_CERTIFICATE, .trust = server_alone };

	entry.cert.is_ca = true;
	CHECK(!store_format_carries("p11kit", &entry));
	entry.trust = client_alone;
	CHECK(store_format_carries("p11kit", &entry));
	entry = (struct entry){ .kind = ENTRY_CERTIFICATE };
	entry.cert.subject = span_of("a", 1);
	entry.cert.issuer = span_of("b", 1);
	CHECK(!store_format_carries("p11kit", &entry) && !store_format_carries("spiffe", &entry));
	CHECK(store_format_carries("json", &entry));
}

TEST(p11kit_written, "what is written is read with the same trust, and never more")
{
	const struct trust_settings *const settings[] = { NULL, &client_alone, &none };

	for (size_t i = 0; i < COUNT_OF(settings); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;

		form_write("p11kit", DAMAGE_BLOCKS, settings[i], &text);
		store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_P11KIT);
		CHECK(store->entry_count == DAMAGE_BLOCKS && store->loading.loads);
		CHECK(store->loading.certificates == (i < 2 ? DAMAGE_BLOCKS : 0));
		CHECK(store->entries[0].trust.rejects_client == (i == 2));
		CHECK(store->entries[0].trust.has_trust == (i == 1));
	}
}

/* p11-kit's module loses attributes that it parsed; that is no leak of ours. It stays loaded, so
 * that LeakSanitizer can tell. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:p11-kit-trust.so\n";
}

/* The same file by p11-kit's module: for each certificate whether it is trusted and distrusted. */
struct module {
	void *handle;
	CK_FUNCTION_LIST *calls;
	CK_SESSION_HANDLE session;
};

static bool
module_open(struct module *module, const char *folder)
{
	CK_C_GetFunctionList get;
	CK_C_INITIALIZE_ARGS arguments = { .flags = CKF_OS_LOCKING_OK };
	CK_ULONG count = 1;
	CK_SLOT_ID slot;
	char paths[128];

	module->handle = dlopen(P11KIT_TRUST_MODULE, RTLD_NOW | RTLD_NODELETE);
	if (module->handle == NULL)
		return false;
	get = (CK_C_GetFunctionList)dlsym(module->handle, "C_GetFunctionList");
	must(get != NULL && get(&module->calls) == CKR_OK, "a function list");
	(void)snprintf(paths, sizeof(paths), "paths='%s'", folder);
	arguments.pReserved = paths;
	must(module->calls->C_Initialize(&arguments) == CKR_OK &&
			module->calls->C_GetSlotList(CK_TRUE, &slot, &count) == CKR_OK &&
			module->calls->C_OpenSession(
				slot, CKF_SERIAL_SESSION, NULL, NULL, &module->session) == CKR_OK,
		"a session");
	return true;
}

static bool
module_trusts(const struct module *module, struct span der, bool *ret_there)
{
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG found = 0;
	CK_BBOOL trusted = CK_FALSE, distrusted = CK_FALSE;
	CK_ATTRIBUTE wanted = { CKA_VALUE, (void *)(uintptr_t)der.data, der.length },
		     asked[] = { { CKA_TRUSTED, &trusted, sizeof(trusted) },
			     { CKA_X_DISTRUSTED, &distrusted, sizeof(distrusted) } };

	must(module->calls->C_FindObjectsInit(module->session, &wanted, 1) == CKR_OK &&
			module->calls->C_FindObjects(module->session, &object, 1, &found) == CKR_OK,
		"find");
	(void)module->calls->C_FindObjectsFinal(module->session);
	*ret_there = found > 0;
	if (found > 0)
		(void)module->calls->C_GetAttributeValue(module->session, object, asked, 2);
	return trusted == CK_TRUE && distrusted != CK_TRUE;
}

static void
compare(const char *folder, const struct buffer *text, bool by_extension, bool *failed)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	char path[128];
	struct module module = {};
	const struct store *store;
	bool there;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/test.p11-kit", folder);
	file = fopen(path, "w");
	CHECK(file != NULL && fwrite(text->data, 1, text->length, file) == text->length);
	(void)fclose(file);
	store = stores_open_bytes(stores, "f", buffer_span(text), LOADER_P11KIT);
	CHECK(module_open(&module, folder));
	for (size_t i = 0; i < store->entry_count; i++) {
		bool trusts = module_trusts(&module, store->entries[i].der, &there);
		bool loaded = store->loading.loads && store->loading.loaded[i];

		/* What an extension leaves out is still trusted there: for something else. */
		CHECK(by_extension || trusts == loaded);
		CHECK(there || !loaded);
	}
	(void)module.calls->C_Finalize(NULL);
	(void)dlclose(module.handle);
	(void)unlink(path);
}

TEST(p11kit_module, "p11-kit's own module reads and trusts what we say it does")
{
	char folder[] = "/tmp/trustmend-p11kit-XXXXXX";

	damage_setup();
	if (access(P11KIT_TRUST_MODULE, R_OK) != 0) {
		printf("# SKIP: there is no %s (package p11-kit-modules)\n", P11KIT_TRUST_MODULE);
		return;
	}
	CHECK(mkdtemp(folder) != NULL);
	for (size_t i = 0; i < COUNT_OF(sayings); i++) {
		CLEANUP(buffer_free) struct buffer text = {};

		make(&sayings[i], damage_ders[0], &text);
		compare(folder, &text, sayings[i].extension != NULL, failed);
		CHECK(!*failed);
	}
	for (size_t i = 0; i < COUNT_OF(damages_done); i++) {
		CLEANUP(buffer_free) struct buffer text = {};

		make(&sayings[0], damage_ders[0], &text);
		buffer_add_text(&text, damages_done[i]);
		make(&sayings[0], damage_ders[1], &text);
		compare(folder, &text, false, failed);
		if (*failed)
			printf("# damage %zu\n", i);
		CHECK(!*failed);
	}
	for (size_t i = 0; i < COUNT_OF(oddities); i++) {
		CLEANUP(buffer_free) struct buffer text = {};

		make_odd(i, &text);
		compare(folder, &text, false, failed);
		if (*failed)
			printf("# oddity %zu\n", i);
		CHECK(!*failed);
	}
	for (size_t i = 0; i < COUNT_OF(fusions); i++) {
		CLEANUP(buffer_free) struct buffer text = {};

		make_fused(i, &text);
		compare(folder, &text, false, failed);
		if (*failed)
			printf("# fusion %zu\n", i);
		CHECK(!*failed);
	}
	for (size_t i = 0; i < 3; i++) {
		CLEANUP(buffer_free) struct buffer text = {};

		form_write("p11kit", DAMAGE_BLOCKS,
			i == 0   ? NULL
			: i == 1 ? &client_alone
				 : &none,
			&text);
		compare(folder, &text, false, failed);
		CHECK(!*failed);
	}
	(void)rmdir(folder);
}

TAP_MAIN()
