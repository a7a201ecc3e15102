/* SPDX-License-Identifier: Apache-2.0 */
/* What is written is read again by ourselves, by OpenSSL and by keytool, where that is there. */
#include "stores/write.h"

#include <fcntl.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <stdlib.h>

#include "damage.h"
#include "tap.h"

/* Two CAs of one name and one of another, and a CRL. */
static struct entry entries[DAMAGE_BLOCKS + 1];
static const struct entry *pointers[DAMAGE_BLOCKS + 1];
static const struct password password = { { (const uint8_t *)"s3cret", 6 }, "a test", true };

static struct store_content
content_of(size_t count)
{
	const char *fault;
	size_t offset;

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		entries[i] = (struct entry){
			.kind = ENTRY_CERTIFICATE, .der = damage_ders[i], .created = MOMENT_NEVER
		};
		(void)cert_read(damage_ders[i], &entries[i].cert, &fault, &offset);
		pointers[i] = &entries[i];
	}
	entries[0].alias = "Größe \xf0\x9f\x94\x91";
	entries[1].alias = "GRÖSSE \xf0\x9f\x94\x91";
	entries[2].alias = "grÖße \xf0\x9f\x94\x91";
	entries[DAMAGE_BLOCKS] =
		(struct entry){ .kind = ENTRY_CRL, .der = damage_crl, .created = MOMENT_NEVER };
	(void)crl_read(damage_crl, &entries[DAMAGE_BLOCKS].crl, &fault, &offset);
	pointers[DAMAGE_BLOCKS] = &entries[DAMAGE_BLOCKS];
	return (struct store_content){ pointers, count, &password, 1700000000 };
}

static bool
has_der(const struct store *store, struct span der)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (span_equal(store->entries[i].der, der))
			return true;
	return false;
}

static const struct store *
read_again(struct stores *stores, const struct buffer *bytes)
{
	static struct passwords *passwords;

	if (passwords == NULL) {
		passwords = passwords_new();
		(void)passwords_add(passwords, password.text, "a test", NULL);
	}
	stores_use_passwords(stores, passwords);
	return stores_open_bytes(stores, "f", buffer_span(bytes), LOADER_JAVA_KEYSTORE);
}

/* keytool's list of a keystore: its lines of entries, or -1 where there is no keytool. */
static int
keytool_counts(const struct buffer *bytes, const char *type)
{
	char path[] = "/tmp/trustmend-keystore-XXXXXX", command[256], line[512];
	int fd, count = 0;
	FILE *pipe;

	if (access("/usr/bin/keytool", X_OK) != 0)
		return -1;
	fd = mkstemp(path);
	if (fd < 0 || write(fd, bytes->data, bytes->length) != (ssize_t)bytes->length)
		return -2;
	(void)close(fd);
	(void)setenv("KEYSTORE_PASSWORD", "s3cret", 1);
	(void)snprintf(command, sizeof(command),
		"LC_ALL=C.UTF-8 keytool -J-Dsun.jnu.encoding=UTF-8 -J-Dfile.encoding=UTF-8 -list "
		"-keystore %s -storetype %s -storepass:env KEYSTORE_PASSWORD 2>&1",
		path, type);
	pipe = popen(command, "r");
	while (pipe != NULL && fgets(line, sizeof(line), pipe) != NULL)
		count += strstr(line, "trustedCertEntry") != NULL;
	if (pipe == NULL || pclose(pipe) != 0)
		count = -2;
	(void)unlink(path);
	return count;
}

TEST(pkcs12, "a PKCS#12 is Modern2023, and all of it is trusted by Java")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer out = {};
	struct store_content content = content_of(DAMAGE_BLOCKS + 1);
	const struct store *store;
	int counted;

	CHECK(store_write("pkcs12", &content, &out, NULL) == 0);
	store = read_again(stores, &out);
	CHECK_TEXT(store->format, "pkcs12");
	CHECK_TEXT(store->profile, "Modern2023");
	CHECK(store->integrity == INTEGRITY_GOOD && store->defect_count == 0);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == DAMAGE_BLOCKS);
	CHECK(store_count(store, ENTRY_CRL) == 1 && has_der(store, damage_crl));
	CHECK(store->loading.loads && store->loading.certificates == DAMAGE_BLOCKS);
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++)
		CHECK(has_der(store, damage_ders[i]));
	counted = keytool_counts(&out, "PKCS12");
	printf("# keytool %s\n", counted == -1 ? "is not there: SKIPPED" : "was asked");
	CHECK(counted == -1 || counted == DAMAGE_BLOCKS);
}

TEST(pkcs12_openssl, "PKCS12_parse reads the same certificates")
{
	CLEANUP(buffer_free) struct buffer out = {};
	struct store_content content = content_of(DAMAGE_BLOCKS);
	STACK_OF(X509) *others = NULL;
	const unsigned char *at;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	PKCS12 *pkcs12;

	CHECK(store_write("pkcs12", &content, &out, NULL) == 0);
	at = out.data;
	pkcs12 = d2i_PKCS12(NULL, &at, (long)out.length);
	CHECK(pkcs12 != NULL && at == out.data + out.length);
	CHECK(PKCS12_parse(pkcs12, "s3cret", &key, &cert, &others) == 1);
	CHECK(key == NULL && cert == NULL && sk_X509_num(others) == DAMAGE_BLOCKS);
	sk_X509_pop_free(others, X509_free);
	PKCS12_free(pkcs12);
}

TEST(passwordless, "without a password nothing is encrypted, and nothing lost")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer out = {};
	struct store_content content = content_of(DAMAGE_BLOCKS);
	const struct store *store;

	content.password = NULL;
	CHECK(store_write("pkcs12", &content, &out, NULL) == 0);
	store = read_again(stores, &out);
	CHECK_TEXT(store->profile, "passwordless");
	CHECK(store->loading.certificates == DAMAGE_BLOCKS && store->defect_count == 0);
	/* The form allows places here: each entry's bytes are the file's. */
	for (size_t i = 0; i < store->entry_count; i++)
		CHECK(!store->entries[i].is_enclosed &&
			store->entries[i].der.data > out.data + store->entries[i].offset &&
			store->entries[i].der.data <
				out.data + store->entries[i].offset + store->entries[i].length);
}

TEST(jks, "a JKS has its digest, and names that Java finds")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer out = {}, none = {};
	struct store_content content = content_of(DAMAGE_BLOCKS + 1);
	const struct store *store;
	int counted;

	CHECK(store_write("jks", &content, &out, NULL) == 0);
	store = read_again(stores, &out);
	CHECK_TEXT(store->format, "jks");
	CHECK(store->integrity == INTEGRITY_GOOD && store->defect_count == 0);
	CHECK(store->entry_count == DAMAGE_BLOCKS && !has_der(store, damage_crl));
	CHECK(store->loading.certificates == DAMAGE_BLOCKS);
	CHECK(store->entries[0].created == 1700000000);
	counted = keytool_counts(&out, "JKS");
	printf("# keytool %s\n", counted == -1 ? "is not there: SKIPPED" : "was asked");
	CHECK(counted == -1 || counted == DAMAGE_BLOCKS);
	content.password = NULL;
	CHECK(store_write("jks", &content, &none, NULL) < 0);
}

TEST(pkcs7, "a PKCS#7 holds certificates and CRLs, in one order whatever the input's")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer out = {}, again = {};
	struct store_content content = content_of(DAMAGE_BLOCKS + 1);
	const struct entry *swapped[DAMAGE_BLOCKS + 1];
	const struct store *store;
	const unsigned char *at;
	PKCS7 *pkcs7;

	CHECK(store_write("pkcs7", &content, &out, NULL) == 0);
	for (size_t i = 0; i <= DAMAGE_BLOCKS; i++)
		swapped[i] = pointers[DAMAGE_BLOCKS - i];
	content.entries = swapped;
	CHECK(store_write("pkcs7", &content, &again, NULL) == 0);
	CHECK(span_equal(buffer_span(&out), buffer_span(&again)));
	store = read_again(stores, &out);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == DAMAGE_BLOCKS &&
		store_count(store, ENTRY_CRL) == 1);
	at = out.data;
	pkcs7 = d2i_PKCS7(NULL, &at, (long)out.length);
	CHECK(pkcs7 != NULL && at == out.data + out.length);
	CHECK(sk_X509_num(pkcs7->d.sign->cert) == DAMAGE_BLOCKS);
	CHECK(sk_X509_CRL_num(pkcs7->d.sign->crl) == 1);
	PKCS7_free(pkcs7);
}

TEST(others, "DER holds one object, PEM all; what is read alone is not written")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer one = {}, two = {}, pem = {};
	struct store_content content = content_of(2);
	const struct store *store;

	CHECK(store_write("der", &content, &two, NULL) < 0 && two.length == 0);
	content.count = 1;
	CHECK(store_write("der", &content, &one, NULL) == 0);
	CHECK(span_equal(buffer_span(&one), damage_ders[0]));
	content.count = DAMAGE_BLOCKS + 1;
	CHECK(store_write("pem", &content, &pem, NULL) == 0);
	store = stores_open_bytes(stores, "f", buffer_span(&pem), LOADER_OPENSSL_FILE);
	CHECK(store->loading.certificates == DAMAGE_BLOCKS && store->loading.crls == 1);
	CHECK(!store_format_is_writable("bks") && !store_format_is_writable("no such"));
	CHECK(store_write("uber", &content, &two, NULL) < 0);
	CHECK(store_format_carries("pkcs12", &entries[DAMAGE_BLOCKS]) &&
		!store_format_carries("jks", &entries[DAMAGE_BLOCKS]));
}

TAP_MAIN()
