/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/cert.h"

#include <time.h>

#include "make.h"
#include "tap.h"
#include "x509/name.h"

enum { BENCH_ROUNDS = 2000 };

static bool
same_bytes(struct span span, const uint8_t *bytes, long length)
{
	return length >= 0 && span_equal(span, span_of(bytes, (size_t)length));
}

static bool
string_agrees(struct span span, const ASN1_STRING *string)
{
	if (string == NULL)
		return span.length == 0;
	return same_bytes(span, ASN1_STRING_get0_data(string), ASN1_STRING_length(string));
}

static int64_t
moment_of(const ASN1_TIME *time)
{
	struct tm calendar;

	return ASN1_TIME_to_tm(time, &calendar) == 1 ? timegm(&calendar) : INT64_MIN;
}

static bool
name_agrees(struct span span, const X509_NAME *name)
{
	const unsigned char *bytes;
	size_t length;

	return X509_NAME_get0_der(name, &bytes, &length) == 1 &&
	       span_equal(span, span_of(bytes, length));
}

static bool
serial_agrees(const struct cert *cert, const X509 *x509)
{
	char dec[CERT_SERIAL_TEXT_SIZE], hex[CERT_SERIAL_TEXT_SIZE];
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	char *wanted_dec = BN_bn2dec(number), *wanted_hex = BN_bn2hex(number);
	bool good;

	cert_serial_text(cert->serial, dec, hex);
	good = strcmp(dec, wanted_dec) == 0 &&
	       strcasecmp(hex, BN_is_zero(number) ? "00" : wanted_hex) == 0;
	BN_free(number);
	OPENSSL_free(wanted_dec);
	OPENSSL_free(wanted_hex);
	return good;
}

static bool
spki_agrees(const struct cert *cert, X509 *x509)
{
	unsigned char *bytes = NULL;
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &bytes);
	bool good = same_bytes(cert->spki, bytes, length);
	struct digest digest = digest_of(cert->spki);

	OPENSSL_free(bytes);
	return good && digest_equal(&digest, &cert->key_digest);
}

static bool
signed_parts_agree(const struct cert *cert, X509 *x509)
{
	const ASN1_BIT_STRING *signature;
	const X509_ALGOR *algorithm;
	unsigned char *tbs = NULL, *encoded = NULL;
	int tbs_length = i2d_re_X509_tbs(x509, &tbs), encoded_length;
	const ASN1_OBJECT *oid;
	bool good;

	X509_get0_signature(&signature, &algorithm, x509);
	encoded_length = i2d_X509_ALGOR(algorithm, &encoded);
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	good = same_bytes(cert->tbs, tbs, tbs_length) &&
	       same_bytes(cert->signature_algorithm, encoded, encoded_length) &&
	       string_agrees(cert->signature, signature) &&
	       strcmp(signature_algorithm_name(cert->signature_algorithm),
		       OBJ_nid2ln(OBJ_obj2nid(oid))) == 0;
	OPENSSL_free(tbs);
	OPENSSL_free(encoded);
	return good;
}

static bool
fingerprint_agrees(const struct cert *cert, const X509 *x509)
{
	struct digest digest;

	return X509_digest(x509, EVP_sha256(), digest.bytes, NULL) == 1 &&
	       digest_equal(&digest, &cert->fingerprint);
}

/* OpenSSL's bits of keyUsage: RFC 5280's from the top of each octet. */
static unsigned
key_usage_of(uint32_t openssl)
{
	static const struct {
		uint32_t openssl;
		unsigned ours;
	} rows[] = {
		{ KU_DIGITAL_SIGNATURE, KEY_USAGE_DIGITAL_SIGNATURE },
		{ KU_NON_REPUDIATION, KEY_USAGE_NON_REPUDIATION },
		{ KU_KEY_ENCIPHERMENT, KEY_USAGE_KEY_ENCIPHERMENT },
		{ KU_DATA_ENCIPHERMENT, KEY_USAGE_DATA_ENCIPHERMENT },
		{ KU_KEY_AGREEMENT, KEY_USAGE_KEY_AGREEMENT },
		{ KU_KEY_CERT_SIGN, KEY_USAGE_CERT_SIGN },
		{ KU_CRL_SIGN, KEY_USAGE_CRL_SIGN },
		{ KU_ENCIPHER_ONLY, KEY_USAGE_ENCIPHER_ONLY },
		{ KU_DECIPHER_ONLY, KEY_USAGE_DECIPHER_ONLY },
	};
	unsigned usage = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		usage |= (openssl & rows[i].openssl) != 0 ? rows[i].ours : 0;
	return usage;
}

static unsigned
extended_key_usage_of(uint32_t openssl)
{
	static const struct {
		uint32_t openssl;
		unsigned ours;
	} rows[] = {
		{ XKU_SSL_SERVER, EKU_SERVER_AUTH },
		{ XKU_SSL_CLIENT, EKU_CLIENT_AUTH },
		{ XKU_CODE_SIGN, EKU_CODE_SIGNING },
		{ XKU_SMIME, EKU_EMAIL_PROTECTION },
		{ XKU_TIMESTAMP, EKU_TIME_STAMPING },
		{ XKU_OCSP_SIGN, EKU_OCSP_SIGNING },
		{ XKU_ANYEKU, EKU_ANY },
	};
	unsigned usage = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		usage |= (openssl & rows[i].openssl) != 0 ? rows[i].ours : 0;
	return usage;
}

static bool
usages_agree(const struct cert *cert, X509 *x509)
{
	uint32_t flags = X509_get_extension_flags(x509);

	if (cert->has_key_usage != ((flags & EXFLAG_KUSAGE) != 0) ||
		cert->has_extended_key_usage != ((flags & EXFLAG_XKUSAGE) != 0))
		return false;
	if (cert->has_key_usage && cert->key_usage != key_usage_of(X509_get_key_usage(x509)))
		return false;
	return !cert->has_extended_key_usage ||
	       (cert->extended_key_usage & ~EKU_OTHER) ==
		       extended_key_usage_of(X509_get_extended_key_usage(x509));
}

/* The extnValue of an extension, or nothing. */
static struct span
value_of(const X509 *x509, int nid)
{
	int index = X509_get_ext_by_NID(x509, nid, -1);
	const ASN1_OCTET_STRING *value;

	if (index < 0)
		return (struct span){};
	value = X509_EXTENSION_get_data(X509_get_ext(x509, index));
	return span_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
}

static bool
value_agrees(struct span ours, const X509 *x509, int nid)
{
	return span_equal(ours, value_of(x509, nid));
}

/* The same of one whose SEQUENCE we take off. */
static bool
content_agrees(struct span ours, const X509 *x509, int nid)
{
	struct der der = der_of(value_of(x509, nid));

	return der.bytes.length == 0 ? ours.length == 0
				     : span_equal(ours, der_expect(&der, DER_SEQUENCE).content);
}

static bool
values_agree(const struct cert *cert, const X509 *x509)
{
	return content_agrees(cert->subject_alt_names, x509, NID_subject_alt_name) &&
	       content_agrees(cert->name_constraints, x509, NID_name_constraints) &&
	       content_agrees(cert->crl_distribution_points, x509, NID_crl_distribution_points) &&
	       content_agrees(cert->authority_info_access, x509, NID_info_access) &&
	       value_agrees(cert->policies, x509, NID_certificate_policies) &&
	       value_agrees(cert->policy_mappings, x509, NID_policy_mappings) &&
	       value_agrees(cert->policy_constraints, x509, NID_policy_constraints) &&
	       value_agrees(cert->inhibit_any_policy, x509, NID_inhibit_any_policy);
}

static bool
authority_agrees(const struct cert *cert, const X509 *x509)
{
	AUTHORITY_KEYID *akid = X509_get_ext_d2i(x509, NID_authority_key_identifier, NULL, NULL);
	const struct authority_key_id *ours = &cert->authority_key_id;
	bool good = cert->has_authority_key_id == (akid != NULL);

	if (akid != NULL)
		good = good && string_agrees(ours->key_id, akid->keyid) &&
		       (ours->issuer.length > 0) == (akid->issuer != NULL) &&
		       (ours->serial.length > 0) == (akid->serial != NULL);
	if (akid != NULL && akid->serial != NULL) {
		char dec[CERT_SERIAL_TEXT_SIZE], hex[CERT_SERIAL_TEXT_SIZE];
		char *wanted = i2s_ASN1_INTEGER(NULL, akid->serial);

		cert_serial_text(ours->serial, dec, hex);
		good = good && (strcmp(dec, wanted) == 0 || strncmp(wanted, "0x", 2) == 0);
		OPENSSL_free(wanted);
	}
	AUTHORITY_KEYID_free(akid);
	return good;
}

static bool
unknown_agrees(const struct cert *cert, X509 *x509)
{
	return (cert->unknown_critical.length > 0) ==
	       ((X509_get_extension_flags(x509) & EXFLAG_CRITICAL) != 0);
}

static bool
basics_agree(const struct cert *cert, X509 *x509)
{
	uint32_t flags = X509_get_extension_flags(x509);
	BASIC_CONSTRAINTS *basic = X509_get_ext_d2i(x509, NID_basic_constraints, NULL, NULL);
	bool good = cert->has_basic_constraints == ((flags & EXFLAG_BCONS) != 0) &&
		    cert->is_ca == ((flags & EXFLAG_CA) != 0) &&
		    cert->path_length == (basic != NULL && basic->pathlen != NULL
							 ? (int)ASN1_INTEGER_get(basic->pathlen)
							 : CERT_PATH_LENGTH_NONE);

	BASIC_CONSTRAINTS_free(basic);
	return good;
}

static bool
key_agrees(const struct cert *cert, X509 *x509)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	char group[64] = "";

	switch (cert->key.kind) {
	case KEY_RSA:
		return EVP_PKEY_is_a(key, "RSA") && (int)cert->key.bits == EVP_PKEY_get_bits(key);
	case KEY_RSA_PSS:
		return EVP_PKEY_is_a(key, "RSA-PSS") &&
		       (int)cert->key.bits == EVP_PKEY_get_bits(key);
	case KEY_EC:
		(void)EVP_PKEY_get_group_name(key, group, sizeof(group), NULL);
		return EVP_PKEY_is_a(key, "EC") &&
		       abs((int)cert->key.bits - EVP_PKEY_get_bits(key)) <= 1 &&
		       (cert->key.explicit_parameters || cert->key.curve == NULL ||
			       EC_curve_nist2nid(cert->key.curve) == OBJ_sn2nid(group) ||
			       strcmp(cert->key.curve, group) == 0);
	case KEY_DSA:
		return EVP_PKEY_is_a(key, "DSA") && (int)cert->key.bits == EVP_PKEY_get_bits(key);
	case KEY_ED25519:
		return EVP_PKEY_is_a(key, "ED25519");
	case KEY_ED448:
		return EVP_PKEY_is_a(key, "ED448");
	default:
		return false;
	}
}

/* NULL, or what libcrypto says otherwise. */
static const char *
disagreement(const struct cert *cert, X509 *x509)
{
	X509_check_purpose(x509, -1, 0);
	if (cert->version != (int)X509_get_version(x509) + 1)
		return "version";
	if (!serial_agrees(cert, x509))
		return "serial";
	if (cert->not_before != moment_of(X509_get0_notBefore(x509)) ||
		cert->not_after != moment_of(X509_get0_notAfter(x509)))
		return "validity";
	if (!name_agrees(cert->issuer, X509_get_issuer_name(x509)) ||
		!name_agrees(cert->subject, X509_get_subject_name(x509)))
		return "names";
	if (cert_is_self_issued(cert) != ((X509_get_extension_flags(x509) & EXFLAG_SI) != 0))
		return "self-issued";
	if (!spki_agrees(cert, x509) || !key_agrees(cert, x509))
		return "key";
	if (!signed_parts_agree(cert, x509) || !fingerprint_agrees(cert, x509))
		return "signed parts";
	if (!basics_agree(cert, x509))
		return "basic constraints";
	if (!usages_agree(cert, x509))
		return "usages";
	if (!string_agrees(cert->subject_key_id, X509_get0_subject_key_id(x509)))
		return "subject key identifier";
	if (!authority_agrees(cert, x509))
		return "authority key identifier";
	if (!values_agree(cert, x509))
		return "extensions";
	if (!unknown_agrees(cert, x509))
		return "critical extensions";
	return NULL;
}

#define CA_EXTENSIONS                                           \
	{ "basicConstraints", "critical,CA:TRUE" },             \
		{ "keyUsage", "critical,keyCertSign,cRLSign" }, \
	{                                                       \
		"subjectKeyIdentifier", "hash"                  \
	}

static const struct made all_made[] = {
	{ .key = "RSA:2048",
		.digest = "SHA256",
		.subject = "C=DE/O=Lab/CN=Root",
		.extensions = { CA_EXTENSIONS } },
	{ .key = "RSA", .digest = "SHA1", .subject = "CN=v1", .version = 1 },
	{ .key = "RSA", .digest = "MD5", .subject = "CN=v2", .version = 2, .serial = "-129" },
	{ .key = "RSA",
		.digest = "SHA512",
		.subject = "",
		.serial = "0",
		.extensions = { { "subjectAltName", "critical,DNS:a.example,IP:192.0.2.1" } } },
	{ .key = "RSA",
		.digest = "SHA256",
		.pss = true,
		.subject = "CN=pss signed",
		.serial = "170141183460469231731687303715884105727" },
	{ .key = "RSA-PSS", .digest = "SHA384", .subject = "CN=pss key" },
	{ .key = "EC:P-256", .digest = "SHA256", .subject = "CN=ec", .serial = "-128" },
	{ .key = "EC:P-384", .digest = "SHA384", .subject = "CN=ec", .serial = "255" },
	{ .key = "EC:P-521", .digest = "SHA512", .subject = "CN=ec" },
	{ .key = "EC:secp256k1", .digest = "SHA224", .subject = "CN=ec" },
	{ .key = "EC:brainpoolP384r1", .digest = "SHA3-384", .subject = "CN=ec" },
	{ .key = "EC:P-256:explicit", .digest = "SHA256", .subject = "CN=ec" },
	{ .key = "EC:sect233k1", .digest = "SHA256", .subject = "CN=ec" },
	{ .key = "EC:sect283r1:explicit", .digest = "SHA256", .subject = "CN=ec" },
	{ .key = "EC:prime239v1", .digest = "SHA256", .subject = "CN=ec" },
	{ .key = "ED25519", .subject = "CN=ed" },
	{ .key = "ED448", .subject = "CN=ed" },
	{ .key = "DSA", .digest = "SHA256", .subject = "CN=dsa" },
	{ .key = "ED25519",
		.subject = "C=DE/O=Lab/+OU=Multi/CN=All",
		.serial = "1461501637330902918203684832716283019655932542975",
		.extensions = { { "basicConstraints", "critical,CA:TRUE,pathlen:3" },
			{ "keyUsage",
				"digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment,"
				"keyAgreement,keyCertSign,cRLSign,encipherOnly,decipherOnly" },
			{ "extendedKeyUsage", "critical,serverAuth,clientAuth,codeSigning,"
					      "emailProtection,timeStamping,OCSPSigning,"
					      "anyExtendedKeyUsage,1.2.3.4" },
			{ "subjectKeyIdentifier", "hash" },
			{ "authorityKeyIdentifier", "keyid:always,issuer:always" },
			{ "subjectAltName",
				"DNS:a.example,email:a@example.org,URI:urn:x,IP:::1,RID:1.2.3" },
			{ "issuerAltName", "DNS:b.example" },
			{ "nameConstraints",
				"critical,permitted;DNS:.example,excluded;email:x@y.z" },
			{ "crlDistributionPoints", "URI:http://crl.example/a.crl" },
			{ "certificatePolicies", "1.2.3.4,2.5.29.32.0" },
			{ "policyMappings", "1.2.3.4:1.2.3.5" },
			{ "policyConstraints", "requireExplicitPolicy:3,inhibitPolicyMapping:1" },
			{ "inhibitAnyPolicy", "2" },
			{ "authorityInfoAccess",
				"OCSP;URI:http://ocsp.example,caIssuers;URI:http://a/b" },
			{ "noCheck", "ignored" }, { "1.2.3.4.5", "DER:0500" },
			{ "1.2.3.4.6", "DER:ffff" } } },
	{ .key = "ED25519",
		.subject = "CN=unknown critical",
		.extensions = { { "1.2.3.4.5", "critical,DER:0500" } } },
	{ .key = "ED25519",
		.subject = "CN=critical SKI",
		.extensions = { { "subjectKeyIdentifier", "critical,hash" } } },
	{ .key = "ED25519",
		.subject = "CN=critical AIA",
		.extensions = { { "authorityInfoAccess", "critical,OCSP;URI:http://o.example" } } },
	{ .key = "ED25519",
		.subject = "CN=critical IAN",
		.extensions = { { "issuerAltName", "critical,DNS:b.example" } } },
	{ .key = "ED25519",
		.subject = "CN=critical policies",
		.extensions = { { "certificatePolicies", "critical,1.2.3" },
			{ "policyConstraints", "critical,requireExplicitPolicy:0" },
			{ "inhibitAnyPolicy", "critical,0" },
			{ "crlDistributionPoints", "critical,URI:http://c/" },
			{ "nsCertType", "critical,client" }, { "noCheck", "critical,x" } } },
	{ .key = "ED25519",
		.subject = "CN=cA FALSE written out",
		.extensions = { { "basicConstraints", "DER:3003010100" },
			{ "keyUsage", "DER:03020080" } } },
	{ .key = "ED25519",
		.subject = "CN=pathlen without cA",
		.extensions = { { "basicConstraints", "DER:3003020105" } } },
};

TEST(cert_agrees, "every sort of certificate reads as libcrypto reads it")
{
	for (size_t i = 0; i < COUNT_OF(all_made); i++) {
		EVP_PKEY *key = make_key(all_made[i].key);
		X509 *made = make_cert(&all_made[i], key, NULL, NULL);
		struct span der = made_der(made);
		const unsigned char *at = der.data;
		X509 *x509 = d2i_X509(NULL, &at, (long)der.length);
		const char *fault = NULL, *difference;
		struct cert cert;
		size_t offset;

		if (cert_read(der, &cert, &fault, &offset) < 0)
			printf("# %s: %s at %zu\n", all_made[i].subject, fault, offset);
		CHECK(fault == NULL);
		difference = disagreement(&cert, x509);
		if (difference != NULL)
			printf("# %s (%s): %s\n", all_made[i].subject, all_made[i].key, difference);
		CHECK(difference == NULL);
		X509_free(x509);
		X509_free(made);
		EVP_PKEY_free(key);
		made_free(der);
	}
}

/* Every prefix, and every single octet changed: refused, or read without harm. */
TEST(cert_mutations, "no prefix is a certificate, and no changed octet does harm")
{
	const struct made *made = &all_made[18];
	EVP_PKEY *key = make_key(made->key);
	X509 *x509 = make_cert(made, key, NULL, NULL);
	struct span der = made_der(x509);
	uint8_t *copy = OPENSSL_memdup(der.data, der.length);
	unsigned refused = 0;
	struct cert cert;
	const char *fault;
	size_t offset;

	CHECK(der.length < 2000);
	for (size_t length = 0; length < der.length; length++) {
		CHECK(cert_read(span_of(copy, length), &cert, &fault, &offset) == -1);
		CHECK(fault != NULL && offset <= length);
	}
	for (size_t i = 0; i < der.length; i++) {
		copy[i] ^= 0x80;
		if (cert_read(span_of(copy, der.length), &cert, &fault, &offset) < 0) {
			CHECK(fault != NULL && offset <= der.length);
			refused++;
		}
		copy[i] ^= 0x80;
	}
	CHECK(refused > der.length / 4);
	OPENSSL_free(copy);
	X509_free(x509);
	EVP_PKEY_free(key);
	made_free(der);
}

TEST(cert_names_of_subject, "alternative names come with their kinds")
{
	EVP_PKEY *key = make_key("ED25519");
	X509 *x509 = make_cert(&all_made[18], key, NULL, NULL);
	struct span der = made_der(x509);
	static const unsigned kinds[] = { 2, 1, 6, 7, 8 };
	struct subject_alt_name name;
	struct der names;
	struct cert cert;
	const char *fault;
	size_t offset;

	CHECK(cert_read(der, &cert, &fault, &offset) == 0);
	CHECK(cert.path_length == 3 && cert.extended_key_usage_critical);
	CHECK(cert.extended_key_usage == 0xff && cert.key_usage == 0x1ff);
	names = der_of(cert.subject_alt_names);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		CHECK(subject_alt_name_next(&names, &name));
		CHECK(name.kind == kinds[i]);
		if (i == 0)
			CHECK(span_equal(name.value, span_of("a.example", 9)));
	}
	CHECK(!subject_alt_name_next(&names, &name) && names.fault == NULL);
	names = der_of(span_of("\x05\x00", 2));
	CHECK(!subject_alt_name_next(&names, &name) && names.fault != NULL);
	CHECK(cert_same(&cert, &cert));
	X509_free(x509);
	EVP_PKEY_free(key);
	made_free(der);
}

static const char *
key_text(struct key_info key)
{
	static char text[64];

	key_info_text(&key, text, sizeof(text));
	return text;
}

TEST(cert_texts, "keys and serials are shown")
{
	char dec[CERT_SERIAL_TEXT_SIZE], hex[CERT_SERIAL_TEXT_SIZE];
	uint8_t large[64];

	CHECK_TEXT(key_text((struct key_info){ .kind = KEY_RSA, .bits = 2048 }), "RSA 2048");
	CHECK_TEXT(key_text((struct key_info){ .kind = KEY_EC, .curve = "P-256" }), "EC P-256");
	CHECK_TEXT(key_text((struct key_info){ .kind = KEY_ED25519 }), "Ed25519");
	CHECK_TEXT(key_text((struct key_info){ .kind = KEY_EC }), "EC of an unknown curve");
	CHECK_TEXT(key_text((struct key_info){ .kind = KEY_OTHER }), "unknown key");
	(void)memset(large, 0x7f, sizeof(large));
	cert_serial_text(span_of(large, sizeof(large)), dec, hex);
	CHECK_TEXT(dec, "(64 octets)");
	cert_serial_text(span_of(large, 50), dec, hex);
	CHECK(strlen(hex) == 100 && strlen(dec) == 121);
	large[0] = 0x80;
	cert_serial_text(span_of(large, 50), dec, hex);
	CHECK(strlen(hex) == 101 && strlen(dec) == 122);
	cert_serial_text(span_of("\x00\x80", 2), dec, hex);
	CHECK_TEXT(dec, "128");
	CHECK_TEXT(hex, "80");
	cert_serial_text(span_of("\x80", 1), dec, hex);
	CHECK_TEXT(dec, "-128");
	CHECK_TEXT(hex, "-80");
}

static int64_t
nanoseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Measured 0.6 to 1 microsecond where d2i_X509 takes 190; the bound leaves room for sanitizers. */
TEST(cert_speed, "reading, without the digests, takes a tenth of libcrypto's time at most")
{
	EVP_PKEY *key = make_key("RSA:2048");
	X509 *x509 = make_cert(&all_made[0], key, NULL, NULL);
	struct span der = made_der(x509);
	int64_t ours = nanoseconds(), digests, theirs;
	struct cert cert;
	const char *fault;
	size_t offset;
	unsigned good = 0;

	for (unsigned i = 0; i < BENCH_ROUNDS; i++)
		good += cert_read(der, &cert, &fault, &offset) == 0;
	digests = nanoseconds();
	ours = digests - ours;
	for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
		struct digest whole = digest_of(cert.der), spki = digest_of(cert.spki);

		good += digest_equal(&whole, &cert.fingerprint) &&
			digest_equal(&spki, &cert.key_digest);
	}
	theirs = nanoseconds();
	digests = theirs - digests;
	for (unsigned i = 0; i < BENCH_ROUNDS; i++) {
		const unsigned char *at = der.data;

		X509_free(d2i_X509(NULL, &at, (long)der.length));
	}
	theirs = nanoseconds() - theirs;
	X509_free(x509);
	EVP_PKEY_free(key);
	made_free(der);
	printf("# cert_read %lld ns, digests %lld ns, d2i_X509 %lld ns\n",
		(long long)(ours / BENCH_ROUNDS), (long long)(digests / BENCH_ROUNDS),
		(long long)(theirs / BENCH_ROUNDS));
	CHECK(good == 2 * BENCH_ROUNDS);
	CHECK(10 * (ours - digests) < theirs);
}

TAP_MAIN()
