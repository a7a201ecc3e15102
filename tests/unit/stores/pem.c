/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <openssl/ssl.h>
#include <unistd.h>

#include "stores/damage.h"

static char path[] = "/tmp/trustmend-stores-XXXXXX";
static bool has_path;

static void
write_file(struct span bytes)
{
	FILE *file;

	if (!has_path) {
		int fd = mkstemp(path);

		must(fd >= 0, "a file");
		close(fd);
		has_path = true;
	}
	file = fopen(path, "wb");
	must(file != NULL && fwrite(bytes.data, 1, bytes.length, file) == bytes.length, "a file");
	(void)fclose(file);
}

static bool
store_has(SSL_CTX *context, struct span der, enum entry_kind kind)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509_OBJECT *object = sk_X509_OBJECT_value(objects, i);
		unsigned char *bytes = NULL;
		int length = kind == ENTRY_CRL
				     ? i2d_X509_CRL(X509_OBJECT_get0_X509_CRL(object), &bytes)
				     : i2d_X509(X509_OBJECT_get0_X509(object), &bytes);
		bool same = length > 0 && span_equal(span_of(bytes, (size_t)length), der);

		OPENSSL_free(bytes);
		if (same)
			return true;
	}
	return false;
}

/* What SSL_CTX_load_verify_locations does with the file, against what our loader says. */
static const char *
compare_loading(struct span text, const struct store *store)
{
	static char problem[256];
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	const char *reason = "";
	bool loads;

	write_file(text);
	ERR_clear_error();
	problem[0] = '\0';
	loads = SSL_CTX_load_verify_locations(context, path, NULL) == 1;
	if (!loads) {
		unsigned long error = ERR_get_error();

		reason = ERR_reason_error_string(error);
	}
	if (loads != store->loading.loads)
		(void)snprintf(problem, sizeof(problem), "loads %d, we say %d", loads,
			store->loading.loads);
	else if (!loads && strcmp(reason, store->loading.error) != 0)
		(void)snprintf(problem, sizeof(problem), "\"%s\", we say \"%s\"", reason,
			store->loading.error);
	for (size_t i = 0; i < store->entry_count && problem[0] == '\0'; i++) {
		const struct entry *entry = &store->entries[i];
		bool has = (entry->kind == ENTRY_CERTIFICATE || entry->kind == ENTRY_CRL) &&
			   store_has(context, entry->der, entry->kind);

		if (has != store->loading.loaded[i])
			(void)snprintf(problem, sizeof(problem), "entry %zu: %d, we say %d", i, has,
				store->loading.loaded[i]);
	}
	SSL_CTX_free(context);
	ERR_clear_error();
	return problem;
}

static const char *
compare_names(struct span text, const struct store *store)
{
	static char problem[256];
	STACK_OF(X509_NAME) * names;
	size_t loaded = 0;

	write_file(text);
	names = SSL_load_client_CA_file(path);
	problem[0] = '\0';
	for (size_t i = 0; i < store->entry_count; i++)
		loaded += store->loading.loaded[i];
	if ((names != NULL) != store->loading.loads)
		(void)snprintf(problem, sizeof(problem), "names %d", names != NULL);
	else if (names != NULL && (size_t)sk_X509_NAME_num(names) != loaded)
		(void)snprintf(problem, sizeof(problem), "%d names, we say %zu",
			sk_X509_NAME_num(names), loaded);
	sk_X509_NAME_pop_free(names, X509_NAME_free);
	ERR_clear_error();
	return problem;
}

static bool
has_defect(const struct store *store, int cause)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if ((int)store->defects[i].cause == cause)
			return true;
	return false;
}

static bool
has_harm(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (!store->defects[i].harmless)
			return true;
	return false;
}

static void
show(const struct damage *damage, size_t index, size_t count, const struct store *store)
{
	printf("# %s, block %zu of %zu: %zu entries, loads %d (%s)\n", damage->name, index + 1,
		count, store->entry_count, store->loading.loads,
		store->loading.error == NULL ? "" : store->loading.error);
	for (size_t i = 0; i < store->defect_count; i++)
		printf("#   defect %d at %zu+%zu line %u%s: %s\n", (int)store->defects[i].cause,
			store->defects[i].offset, store->defects[i].length, store->defects[i].line,
			store->defects[i].harmless ? " harmless" : "", store->defects[i].text);
}

/* Exactly the whole certificates, in order. */
static bool
entries_are(const struct store *store, const struct damage *damage, size_t index, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		if (i == index && damage->is_lost)
			continue;
		while (at < store->entry_count && store->entries[at].kind != ENTRY_CERTIFICATE)
			at++;
		if (at == store->entry_count ||
			!span_equal(store->entries[at++].der, damage_ders[i]))
			return false;
	}
	for (; at < store->entry_count; at++)
		if (store->entries[at].kind == ENTRY_CERTIFICATE)
			return false;
	return true;
}

static bool
all_loaded(const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (!store->loading.loaded[i] && (store->entries[i].kind == ENTRY_CERTIFICATE ||
							 store->entries[i].kind == ENTRY_CRL))
			return false;
	return store->loading.loads;
}

static bool
check_one(const struct damage *damage, size_t index, size_t count)
{
	CLEANUP(buffer_free) struct buffer text = {};
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct store *store, *names;
	const char *problem = "";

	damage_make(damage, index, count, &text);
	store = stores_open_bytes(stores, "store.pem", buffer_span(&text), LOADER_OPENSSL_FILE);
	names = stores_open_bytes(stores, "store.pem", buffer_span(&text), LOADER_OPENSSL_NAMES);
	if (!entries_are(store, damage, index, count))
		problem = "entries";
	else if (strcmp(store->format, "pem") != 0)
		problem = "format";
	else if (damage->cause >= 0 && !has_defect(store, damage->cause) &&
		 !(damage->cause == CAUSE_STORE_FUSED_BLOCKS && index == count - 1))
		problem = "cause not named";
	else if (damage->cause < 0 && store->defect_count > 0)
		problem = "a defect that is none";
	else if (!all_loaded(store) && !has_harm(store))
		problem = "no defect says why not all is loaded";
	else if (all_loaded(store) && !damage->is_lost && has_harm(store) &&
		 damage->cause != CAUSE_STORE_TRUST_SETTINGS)
		problem = "a harmful defect though all is loaded";
	if (*problem == '\0')
		problem = compare_loading(buffer_span(&text), store);
	if (*problem == '\0')
		problem = compare_names(buffer_span(&text), names);
	if (*problem == '\0')
		return true;
	show(damage, index, count, store);
	printf("#   %s\n", problem);
	return false;
}

TEST(pem_damage, "each damage at each place: what is whole is kept, what is wrong is named, and "
		 "OpenSSL agrees")
{
	bool good = true;

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(damages); i++) {
		good &= check_one(&damages[i], 0, 1);
		for (size_t index = 0; index < DAMAGE_BLOCKS; index++)
			good &= check_one(&damages[i], index, DAMAGE_BLOCKS);
	}
	(void)unlink(path);
	CHECK(good);
}

/* In a library context without key decoders, as ours is, and in the server's, all is read alike. */
TEST(pem_flips, "with any byte of a certificate changed, OpenSSL reads what we say it reads")
{
	static const uint8_t bits[] = { 0x01, 0x20, 0x80 };
	unsigned unnamed = 0, different = 0;

	damage_setup();
	for (size_t at = 0; at < damage_ders[0].length * COUNT_OF(bits); at++) {
		CLEANUP(buffer_free) struct buffer text = {};
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		const struct store *store;
		const char *problem;

		emit_changed(&text, damage_ders[0], at / COUNT_OF(bits), bits[at % COUNT_OF(bits)]);
		pem_write(&text, "CERTIFICATE", damage_ders[1]);
		store = stores_open_bytes(
			stores, "store.pem", buffer_span(&text), LOADER_OPENSSL_FILE);
		problem = compare_loading(buffer_span(&text), store);
		if (*problem != '\0') {
			printf("# byte %zu ^ %02x: %s\n", at / COUNT_OF(bits),
				bits[at % COUNT_OF(bits)], problem);
			different++;
		}
		if (!store->loading.loads && !has_harm(store)) {
			printf("# byte %zu ^ %02x: \"%s\" and no defect\n", at / COUNT_OF(bits),
				bits[at % COUNT_OF(bits)], store->loading.error);
			unnamed++;
		}
	}
	(void)unlink(path);
	CHECK(different == 0 && unnamed == 0);
}

TEST(pem_begins_late, "a file that begins within a line of dashes has lost what stood before it")
{
	static const struct {
		const char *front;
		bool is_named;
	} rows[] = {
		{ "D CERTIFICATE-----\n", true },
		{ "IN CERTIFICATE-----\n", true },
		{ "----------\n", false },
		{ "# Roots -----\n", false },
		{ "Our roots\n", false },
	};

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		CLEANUP(buffer_free) struct buffer text = {};
		const struct store *store;

		buffer_add_text(&text, rows[i].front);
		pem_write(&text, "CERTIFICATE", damage_ders[0]);
		store = stores_open_bytes(stores, "f", buffer_span(&text), LOADER_ANY);
		CHECK(store_count(store, ENTRY_CERTIFICATE) == 1);
		CHECK((store->defect_count > 0) == rows[i].is_named);
	}
}

TEST(pem_bare_text, "base64 of text outside of blocks is named, wherever in a group it begins; "
		    "other base64 is not")
{
	static const char text[] =
		"-----BEGIN CERTIFICATE-----\nAll of these are letters, and more "
		"of them than are looked at: no certificate at all.\n";
	uint8_t noise[sizeof(text)];

	damage_setup();
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)(i * 37 + 200);
	for (size_t i = 0; i < 8; i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new_unboxed();
		CLEANUP(buffer_free) struct buffer file = {}, lines = {};
		const struct store *store;
		bool is_text = i < 4, is_named = false;

		base64_encode_lines(
			span_of(is_text ? (const uint8_t *)text : noise, sizeof(text) - 1), &lines);
		pem_write(&file, "CERTIFICATE", damage_ders[0]);
		buffer_add(&file, lines.data + i % 4, lines.length - i % 4);
		store = stores_open_bytes(stores, "f", buffer_span(&file), LOADER_ANY);
		CHECK_TEXT(store->format, "pem");
		for (size_t k = 0; k < store->defect_count; k++)
			is_named |= strstr(store->defects[k].text, "base64 of text") != NULL;
		CHECK(is_named == is_text);
		CHECK(store_count(store, ENTRY_CERTIFICATE) == 1);
	}
}

TAP_MAIN()
