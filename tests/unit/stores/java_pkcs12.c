/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that nothing tells to be as they were written, as Java goes through them; and
 * certificates that Java takes otherwise than others do. */
#include "stores/java_pkcs12.h"

#include <openssl/core_names.h>
#include <openssl/pkcs12.h>

#include "damage.h"
#include "stores/der_out.h"
#include "stores/java_certificate.h"
#include "stores/pkcs12_bags.h"
#include "tap.h"

#define OID(text)                                         \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define PKCS7      "\x2a\x86\x48\x86\xf7\x0d\x01\x07"
#define PKCS9      "\x2a\x86\x48\x86\xf7\x0d\x01\x09"
#define PKCS12_BAG "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01"

static const struct span data_type = OID(PKCS7 "\x01"), signed_type = OID(PKCS7 "\x02"),
			 encrypted_type = OID(PKCS7 "\x06"), friendly_name = OID(PKCS9 "\x14"),
			 local_key_id = OID(PKCS9 "\x15"), x509_certificate = OID(PKCS9 "\x16\x01"),
			 another_type = OID(PKCS9 "\x63"), certificate_bag = OID(PKCS12_BAG "\x03"),
			 shrouded_bag = OID(PKCS12_BAG "\x02"), secret_bag = OID(PKCS12_BAG "\x05"),
			 crl_bag = OID(PKCS12_BAG "\x04"),
			 trusted_usage = OID(PKCS12_TRUSTED_KEY_USAGE),
			 any_usage = OID("\x55\x1d\x25\x00");

/* One part with one bag. */
struct container {
	unsigned version;
	struct span type, part, bag; /* of the content, of the part in it, and of the bag in that */
	struct span certificate;
	struct span attribute; /* of the bag: its type; or empty */
	unsigned value_tag;
	struct span value;
	bool has_mac;
};

/* What holds the one element that is put between this and the two closed. */
struct wrapped {
	size_t outer, box;
};

static struct wrapped
wrap(struct buffer *out, struct span type)
{
	struct wrapped wrapped = { .outer = der_open(out, DER_SEQUENCE) };

	der_put(out, DER_OID, type);
	wrapped.box = der_open(out, DER_CONTEXT_CONSTRUCTED(0));
	return wrapped;
}

static void
unwrap(struct buffer *out, struct wrapped wrapped)
{
	der_close(out, wrapped.box);
	der_close(out, wrapped.outer);
}

static void
put_attribute(struct buffer *out, const struct container *container)
{
	size_t set = der_open(out, DER_SET), attribute = der_open(out, DER_SEQUENCE), values;

	der_put(out, DER_OID, container->attribute);
	values = der_open(out, DER_SET);
	der_put(out, container->value_tag, container->value);
	der_close(out, values);
	der_close(out, attribute);
	der_close(out, set);
}

static void
put_bag(struct buffer *out, const struct container *container)
{
	struct wrapped bag = wrap(out, container->bag), certificate = wrap(out, x509_certificate);

	der_put(out, DER_OCTET_STRING, container->certificate);
	unwrap(out, certificate);
	der_close(out, bag.box);
	if (container->attribute.length > 0)
		put_attribute(out, container);
	der_close(out, bag.outer);
}

static void
put(struct buffer *out, const struct container *container)
{
	size_t pfx = der_open(out, DER_SEQUENCE), octets, parts, inner, bags;
	struct wrapped content, part;

	der_put_number(out, container->version);
	content = wrap(out, container->type);
	octets = der_open(out, DER_OCTET_STRING);
	parts = der_open(out, DER_SEQUENCE);
	part = wrap(out, container->part);
	inner = der_open(out, DER_OCTET_STRING);
	bags = der_open(out, DER_SEQUENCE);
	put_bag(out, container);
	der_close(out, bags);
	der_close(out, inner);
	unwrap(out, part);
	der_close(out, parts);
	der_close(out, octets);
	unwrap(out, content);
	if (container->has_mac)
		der_put(out, DER_SEQUENCE, (struct span){});
	der_close(out, pfx);
}

static struct container
plain(void)
{
	damage_setup();
	return (struct container){ .version = 3,
		.type = data_type,
		.part = data_type,
		.bag = certificate_bag,
		.certificate = damage_ders[0] };
}

static enum java_pkcs12
read_of(const struct container *container)
{
	CLEANUP(buffer_free) struct buffer bytes = {};

	put(&bytes, container);
	return java_pkcs12_read(buffer_span(&bytes));
}

TEST(kinds, "what has no MAC opens; a signed one does not; what has a MAC, a key or an encrypted "
	    "part is another's to judge")
{
	struct container container = plain();

	CHECK(read_of(&container) == JAVA_PKCS12_OPENS);
	container.has_mac = true;
	CHECK(read_of(&container) == JAVA_PKCS12_OTHER);
	container = plain();
	container.type = signed_type;
	CHECK(read_of(&container) == JAVA_PKCS12_SIGNED);
	container = plain();
	container.part = encrypted_type;
	CHECK(read_of(&container) == JAVA_PKCS12_OTHER);
	container = plain();
	container.bag = shrouded_bag;
	CHECK(read_of(&container) == JAVA_PKCS12_OTHER);
	container.bag = secret_bag;
	CHECK(read_of(&container) == JAVA_PKCS12_OTHER);
	container = plain();
	container.version = 4;
	CHECK(read_of(&container) == JAVA_PKCS12_FAILS);
	container = plain();
	container.part = another_type;
	CHECK(read_of(&container) == JAVA_PKCS12_FAILS);
}

TEST(attributes, "a name or a key's number of another type fails it; what it does not know may be "
		 "anything")
{
	const struct {
		struct span type;
		unsigned tag;
		struct span value;
		enum java_pkcs12 result;
	} cases[] = {
		{ friendly_name, DER_BMP_STRING, OID("\0a"), JAVA_PKCS12_OPENS },
		{ friendly_name, DER_UTF8_STRING, OID("a"), JAVA_PKCS12_FAILS },
		{ local_key_id, DER_OCTET_STRING, OID("a"), JAVA_PKCS12_OPENS },
		{ local_key_id, DER_BMP_STRING, OID("\0a"), JAVA_PKCS12_FAILS },
		{ trusted_usage, DER_OID, any_usage, JAVA_PKCS12_OPENS },
		{ trusted_usage, DER_UTF8_STRING, OID("a"), JAVA_PKCS12_FAILS },
		{ another_type, DER_UTF8_STRING, OID("a"), JAVA_PKCS12_OPENS },
		{ OID("\x2a\x80"), DER_UTF8_STRING, OID("a"), JAVA_PKCS12_FAILS }, /* not ended */
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct container container = plain();

		container.attribute = cases[i].type;
		container.value_tag = cases[i].tag;
		container.value = cases[i].value;
		CHECK(read_of(&container) == cases[i].result);
	}
}

TEST(bags, "a damaged certificate fails it in a bag of certificates, and in no other")
{
	struct container container = plain();

	container.certificate.length -= 1;
	CHECK(read_of(&container) == JAVA_PKCS12_FAILS);
	container.bag = crl_bag;
	CHECK(read_of(&container) == JAVA_PKCS12_OPENS);
}

TEST(cut, "cut anywhere it does not open")
{
	CLEANUP(buffer_free) struct buffer bytes = {};
	const struct container container = plain();

	put(&bytes, &container);
	for (size_t length = 0; length < bytes.length; length++)
		CHECK(java_pkcs12_read(span_of(bytes.data, length)) == JAVA_PKCS12_FAILS);
}

/* The first of the corpus with some bytes replaced by others, as many. */
static bool
takes_changed(const char *from, const char *to, size_t length)
{
	CLEANUP(mem_freep) uint8_t *copy = NULL;
	size_t at = 0;

	damage_setup();
	copy = mem_dup(damage_ders[0].data, damage_ders[0].length);
	while (at + length <= damage_ders[0].length && memcmp(copy + at, from, length) != 0)
		at++;
	must(at + length <= damage_ders[0].length, "what is replaced is there");
	memcpy(copy + at, to, length);
	return java_takes_certificate(span_of(copy, damage_ders[0].length));
}

TEST(certificates, "what the JDK's parser takes and what it refuses")
{
	damage_setup();
	CHECK(java_takes_certificate(damage_ders[0]));
	CHECK(!java_takes_certificate(span_of(damage_ders[0].data, damage_ders[0].length - 1)));
	CHECK(takes_changed("\x01\x01\xff", "\x01\x01\x01", 3));  /* any octet but zero is true */
	CHECK(!takes_changed("\x01\x01\xff", "\x01\x00\xff", 3)); /* of no octet */
	CHECK(!takes_changed(
		"\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x00", 5)); /* extensions in v1 */
	CHECK(takes_changed("\x06\x03\x55\x04\x03\x0c", "\x06\x03\x55\x04\x03\x07",
		6)); /* a name of any type */
	CHECK(!takes_changed(
		"\x31\x0c\x30\x0a", "\x30\x0c\x30\x0a", 4)); /* a part that is no SET */
}

TEST(indefinite, "a certificate of indefinite length is made definite first")
{
	CLEANUP(buffer_free) struct buffer bytes = {};

	damage_setup();
	must(damage_ders[0].data[1] == 0x82, "a length in two octets");
	buffer_add(&bytes, "\x30\x80", 2);
	buffer_add(&bytes, damage_ders[0].data + 4, damage_ders[0].length - 4);
	CHECK(!java_takes_certificate(buffer_span(&bytes)));
	buffer_add(&bytes, "\0\0", 2);
	CHECK(java_takes_certificate(buffer_span(&bytes)));
}

TEST(points, "of a key on a curve the point may not be compressed")
{
	static const struct {
		const char *format;
		bool takes;
	} cases[] = { { "uncompressed", true }, { "compressed", false }, { "hybrid", false } };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct made made = { .subject = "CN=point", .digest = "SHA256" };
		EVP_PKEY *key = make_key("EC:P-256");
		unsigned char *der = NULL;
		X509 *cert;
		int length;

		must(EVP_PKEY_set_utf8_string_param(
			     key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, cases[i].format) == 1,
			cases[i].format);
		cert = make_cert(&made, key, NULL, NULL);
		length = i2d_X509(cert, &der);
		must(length > 0, "a certificate");
		CHECK(java_takes_certificate(span_of(der, (size_t)length)) == cases[i].takes);
		OPENSSL_free(der);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
}

/* Whether PKCS12_parse(3) of the library at hand gets through it. */
static bool
openssl_parses(const struct buffer *bytes)
{
	const unsigned char *at = bytes->data;
	PKCS12 *pkcs12 = d2i_PKCS12(NULL, &at, (long)bytes->length);
	STACK_OF(X509) *others = NULL;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	bool parses = pkcs12 != NULL && PKCS12_parse(pkcs12, "", &key, &cert, &others) == 1;

	sk_X509_pop_free(others, X509_free);
	X509_free(cert);
	EVP_PKEY_free(key);
	PKCS12_free(pkcs12);
	ERR_clear_error();
	return parses;
}

TEST(openssl, "what is said of OpenSSL and Java is what each of them does with an odd attribute")
{
	static const unsigned tags[] = { DER_BMP_STRING, DER_UTF8_STRING };

	for (size_t i = 0; i < COUNT_OF(tags); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(buffer_free) struct buffer bytes = {};
		struct container container = plain();
		const struct store *store;

		container.attribute = friendly_name;
		container.value_tag = tags[i];
		container.value = (struct span)OID("\0a");
		put(&bytes, &container);
		store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_OPENSSL_PKCS12);
		CHECK(store->entry_count == 1 && store->loading.loads == (i == 0));
		CHECK(openssl_parses(&bytes) == (i == 0));
		store = stores_open_bytes(stores, "f", buffer_span(&bytes), LOADER_JAVA_KEYSTORE);
		CHECK(store->loading.loads == (i == 0));
	}
}

TAP_MAIN()
