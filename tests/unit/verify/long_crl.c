/* SPDX-License-Identifier: Apache-2.0 */
/* A long list by its outline and answers, beside the same list decoded: libcrypto says the same. */
#include "verify/engines/long_crl.h"

#include <openssl/x509_vfy.h>

#include "tap.h"
#include "x509/make.h"

enum { ENTRIES = 300, NOW = 1'800'000'000, DAY = 86400 };

struct bench {
	EVP_PKEY *key, *other, *leaf_key;
	X509 *ca;
};

struct variant {
	bool is_expired, is_alien, has_critical, has_scope;
};

static X509 *
make_leaf(struct bench *bench, const char *serial)
{
	struct made made = {
		.key = "EC:P-256", .subject = "CN=leaf", .serial = serial, .digest = "SHA256"
	};
	X509 *leaf = make_cert(&made, bench->leaf_key, bench->ca, bench->key);

	return leaf;
}

static void
setup(struct bench *bench)
{
	struct made made = { .subject = "CN=CA",
		.digest = "SHA256",
		.extensions = { { "basicConstraints", "critical,CA:TRUE" },
			{ "keyUsage", "keyCertSign,cRLSign" } } };

	bench->key = make_key("EC:P-256");
	bench->other = make_key("EC:P-256");
	bench->leaf_key = make_key("EC:P-256");
	bench->ca = make_cert(&made, bench->key, NULL, NULL);
}

static void
teardown(struct bench *bench)
{
	EVP_PKEY_free(bench->key);
	EVP_PKEY_free(bench->other);
	EVP_PKEY_free(bench->leaf_key);
	X509_free(bench->ca);
}

static void
add_entry(X509_CRL *list, long number, bool is_critical)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *time = ASN1_TIME_set(NULL, NOW - 30L * DAY);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

	must(ASN1_INTEGER_set(serial, number) == 1 &&
			ASN1_ENUMERATED_set(reason, number % 10 == 7 ? REASON_REMOVED : 1) == 1 &&
			X509_REVOKED_set_serialNumber(revoked, serial) == 1 &&
			X509_REVOKED_set_revocationDate(revoked, time) == 1 &&
			X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0) == 1,
		"an entry");
	if (is_critical) {
		X509_EXTENSION *extension =
			X509V3_EXT_conf(NULL, NULL, "1.2.3.4", "critical,DER:0500");

		must(X509_REVOKED_add_ext(revoked, extension, -1) == 1, "an extension");
		X509_EXTENSION_free(extension);
	}
	must(X509_CRL_add0_revoked(list, revoked) == 1, "an entry");
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(time);
	ASN1_ENUMERATED_free(reason);
}

/* The serials are even. */
static struct span
make_list(struct bench *bench, const struct variant *variant)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *from = ASN1_TIME_set(NULL, NOW - 20L * DAY);
	ASN1_TIME *to = ASN1_TIME_set(NULL, NOW + (variant->is_expired ? -DAY : DAY));
	struct span der;

	must(X509_CRL_set_version(list, 1) == 1 &&
			X509_CRL_set_issuer_name(list, X509_get_subject_name(bench->ca)) == 1 &&
			X509_CRL_set1_lastUpdate(list, from) == 1 &&
			X509_CRL_set1_nextUpdate(list, to) == 1,
		"a list");
	for (long i = 0; i < ENTRIES; i++)
		add_entry(list, 1000 + i, variant->has_critical && i == ENTRIES / 2);
	if (variant->has_scope) {
		ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();

		point->onlyCA = 0xff;
		must(X509_CRL_add1_ext_i2d(list, NID_issuing_distribution_point, point, 1, 0) == 1,
			"a scope");
		ISSUING_DIST_POINT_free(point);
	}
	make_sign(NULL, list, variant->is_alien ? bench->other : bench->key, "SHA256", false);
	der = made_crl_der(list);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	X509_CRL_free(list);
	return der;
}

/* The error that libcrypto ends with. */
static int
verify(const struct bench *bench, X509 *leaf, X509_CRL *list)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int error;

	must(X509_STORE_add_cert(store, bench->ca) == 1 && X509_STORE_add_crl(store, list) == 1 &&
			X509_STORE_CTX_init(context, store, leaf, NULL) == 1,
		"a store");
	X509_STORE_CTX_set_flags(context, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_NO_CHECK_TIME);
	X509_VERIFY_PARAM_clear_flags(
		X509_STORE_CTX_get0_param(context), X509_V_FLAG_NO_CHECK_TIME);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), NOW);
	error = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	return error;
}

/* The error for the list decoded, read whole with an index, and read in parts; -1 where they
 * differ. */
static int
verify_each(struct bench *bench, const struct variant *variant, const char *serial)
{
	struct span der = make_list(bench, variant);
	X509 *leaf = make_leaf(bench, serial);
	const unsigned char *at = der.data;
	X509_CRL *decoded = d2i_X509_CRL(NULL, &at, (long)der.length);
	struct crl_reading reading = { crl_source_bytes(der), 64, NULL };
	struct crl whole, parts;
	struct crl_fault fault;
	struct crl_list *list = NULL, *index;
	struct long_crl *long_whole, *long_parts;
	const char *text;
	size_t offset;
	int error = verify(bench, leaf, decoded);

	must(crl_read(der, &whole, &text, &offset) == 0 &&
			crl_list_read(&reading, &parts, &list, &fault) == 0,
		"a list that is read");
	index = crl_list_of(&whole);
	long_whole = long_crl_new(&whole);
	long_parts = long_crl_new(&parts);
	must(index != NULL && long_whole != NULL && long_parts != NULL, "long lists");
	if (verify(bench, leaf, long_crl_object(long_whole)) != error ||
		verify(bench, leaf, long_crl_object(long_parts)) != error)
		error = -1;
	long_crl_free(long_whole);
	long_crl_free(long_parts);
	crl_list_free(index);
	crl_list_free(list);
	X509_CRL_free(decoded);
	X509_free(leaf);
	made_free(der);
	return error;
}

TEST(long_crl_agrees, "libcrypto judges a long list as it judges the same one decoded")
{
	static const struct {
		struct variant variant;
		const char *serial;
		int error;
	} rows[] = {
		{ {}, "999", X509_V_OK },
		{ {}, "1000", X509_V_ERR_CERT_REVOKED },
		{ {}, "1299", X509_V_ERR_CERT_REVOKED },
		{ {}, "1300", X509_V_OK },
		{ {}, "1007", X509_V_OK }, /* removeFromCRL */
		{ { .is_expired = true }, "999", X509_V_ERR_CRL_HAS_EXPIRED },
		{ { .is_alien = true }, "999", X509_V_ERR_CRL_SIGNATURE_FAILURE },
		{ { .has_critical = true }, "999", X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION },
		{ { .has_scope = true }, "999", X509_V_ERR_DIFFERENT_CRL_SCOPE },
	};
	struct bench bench;

	setup(&bench);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int error = verify_each(&bench, &rows[i].variant, rows[i].serial);

		if (error != rows[i].error)
			printf("# row %zu: %d\n", i, error);
		CHECK(error == rows[i].error);
	}
	teardown(&bench);
}

TEST(long_crl_others, "a list that is decoded afterwards has libcrypto's own methods")
{
	struct bench bench;
	struct variant variant = {};
	struct span der;
	const unsigned char *at;
	struct long_crl *list;
	struct crl crl;
	const char *text;
	X509_CRL *decoded;
	X509_REVOKED *revoked = NULL;
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	size_t offset;

	setup(&bench);
	der = make_list(&bench, &variant);
	CHECK(crl_read(der, &crl, &text, &offset) == 0);
	list = long_crl_new(&crl);
	at = der.data;
	decoded = d2i_X509_CRL(NULL, &at, (long)der.length);
	CHECK(list != NULL && decoded != NULL && X509_CRL_get_meth_data(decoded) == NULL);
	(void)ASN1_INTEGER_set(serial, 1001);
	CHECK(X509_CRL_get0_by_serial(decoded, &revoked, serial) == 1);
	CHECK(X509_CRL_get0_by_serial(long_crl_object(list), &revoked, serial) == 1);
	CHECK(ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(revoked), serial) == 0);
	CHECK(X509_CRL_verify(decoded, bench.key) == 1);
	CHECK(X509_CRL_verify(long_crl_object(list), bench.key) == 1);
	CHECK(X509_CRL_verify(long_crl_object(list), bench.other) != 1);
	long_crl_free(list);
	X509_CRL_free(decoded);
	ASN1_INTEGER_free(serial);
	made_free(der);
	teardown(&bench);
}

TAP_MAIN()
