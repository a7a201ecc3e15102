/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "pki.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PKI_DAY = 86'400, PKI_DAYS_CERT = 3'650, PKI_DAYS_CRL = 30, PKI_MAX_OBJECTS = 4'096 };

#define PKI_UNKNOWN_OID "1.3.6.1.4.1.55555.1"

struct pki {
	struct pki_cert *certs[PKI_MAX_OBJECTS];
	struct crl *crls[PKI_MAX_OBJECTS];
	size_t cert_count, crl_count;
	int64_t serial;
	EVP_PKEY *rsa[3]; /* made once: RSA keys take long */
};

/* libcrypto must do what a test asks of it. */
static void
must(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "pki: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

struct pki *
pki_new(void)
{
	struct pki *pki = mem_zalloc(sizeof(*pki));

	pki->serial = 1'000;
	return pki;
}

void
pki_free(struct pki *pki)
{
	for (size_t i = 0; i < pki->cert_count; i++) {
		X509_free(pki->certs[i]->x509);
		EVP_PKEY_free(pki->certs[i]->key);
		OPENSSL_free((void *)(uintptr_t)pki->certs[i]->der.data);
		mem_free(pki->certs[i]);
	}
	for (size_t i = 0; i < pki->crl_count; i++) {
		OPENSSL_free((void *)(uintptr_t)pki->crls[i]->der.data);
		mem_free(pki->crls[i]);
	}
	for (size_t i = 0; i < COUNT_OF(pki->rsa); i++)
		EVP_PKEY_free(pki->rsa[i]);
	mem_free(pki);
}

static EVP_PKEY *
explicit_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	must(key != NULL && EVP_PKEY_set_utf8_string_param(key, "encoding", "explicit") == 1,
		"explicit curve");
	return key;
}

static EVP_PKEY *
rsa_key(struct pki *pki, size_t slot, unsigned bits)
{
	if (pki->rsa[slot] == NULL)
		pki->rsa[slot] = EVP_RSA_gen(bits);
	must(pki->rsa[slot] != NULL && EVP_PKEY_up_ref(pki->rsa[slot]) == 1, "RSA key");
	return pki->rsa[slot];
}

static EVP_PKEY *
make_key(struct pki *pki, const struct pki_spec *spec)
{
	EVP_PKEY *key = NULL;

	if (spec->key_of != NULL) {
		must(EVP_PKEY_up_ref(spec->key_of->key) == 1, "key");
		return spec->key_of->key;
	}
	switch (spec->key) {
	case PKI_EC:
		key = EVP_EC_gen("P-256");
		break;
	case PKI_EC_EXPLICIT:
		key = explicit_key();
		break;
	case PKI_RSA_1024:
		return rsa_key(pki, 0, 1'024);
	case PKI_RSA_2048:
		return rsa_key(pki, 1, 2'048);
	case PKI_RSA_768:
		return rsa_key(pki, 2, 768);
	case PKI_ED25519:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	must(key != NULL, "key");
	return key;
}

static X509_NAME *
make_name(const char *text, int type)
{
	X509_NAME *name = X509_NAME_new();
	char *copy = mem_strdup(text), *rest = copy;

	for (char *part = strsep(&rest, ","); part != NULL && *part != '\0';
		part = strsep(&rest, ",")) {
		char *value = strchr(part, '=');

		must(value != NULL, "name");
		*value++ = '\0';
		must(X509_NAME_add_entry_by_txt(name, part, type != 0 ? type : V_ASN1_UTF8STRING,
			     (const unsigned char *)value, -1, -1, 0) == 1,
			"name");
	}
	mem_free(copy);
	return name;
}

static void
set_time(ASN1_TIME *time, int64_t days)
{
	must(ASN1_TIME_set(time, (time_t)(PKI_NOW + days * PKI_DAY)) != NULL, "time");
}

static void
add_extension(X509 *x509, X509V3_CTX *context, int nid, const char *value)
{
	X509_EXTENSION *extension;

	if (value == NULL || strcmp(value, "-") == 0)
		return;
	extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
	must(extension != NULL && X509_add_ext(x509, extension, -1) == 1, value);
	X509_EXTENSION_free(extension);
}

static X509_EXTENSION *
unknown_extension(void)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(PKI_UNKNOWN_OID, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	must(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2) == 1, "extension");
	extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	must(extension != NULL, "extension");
	return extension;
}

static X509_EXTENSION *
wrong_key_id(void)
{
	AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
	X509_EXTENSION *extension;

	id->keyid = ASN1_OCTET_STRING_new();
	must(ASN1_OCTET_STRING_set(id->keyid, (const unsigned char *)"of nobody at all....", 20) ==
			1,
		"key id");
	extension = X509V3_EXT_i2d(NID_authority_key_identifier, 0, id);
	AUTHORITY_KEYID_free(id);
	must(extension != NULL, "key id");
	return extension;
}

/* NULL where none is to be written. */
static X509_EXTENSION *
authority_key_id(X509V3_CTX *context, enum pki_key_id choice)
{
	switch (choice) {
	case PKI_AKI_NONE:
		return NULL;
	case PKI_AKI_WRONG:
		return wrong_key_id();
	case PKI_AKI_ISSUER_SERIAL:
		return X509V3_EXT_conf_nid(
			NULL, context, NID_authority_key_identifier, "issuer:always");
	case PKI_AKI_USUAL:
		break;
	}
	return X509V3_EXT_conf_nid(NULL, context, NID_authority_key_identifier, "keyid");
}

static const char *
either(const char *value, const char *usual)
{
	return value != NULL ? value : usual;
}

static void
add_extensions(X509 *x509, const struct pki_spec *spec)
{
	X509 *issuer = spec->issuer != NULL ? spec->issuer->x509 : x509;
	X509_EXTENSION *key_id;
	X509V3_CTX context;
	/* Policies are looked for among sections, of which there are none. */
	CONF *sections = NCONF_new(NULL);

	X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
	X509V3_set_nconf(&context, sections);
	add_extension(x509, &context, NID_basic_constraints,
		either(spec->basic_constraints, spec->ca ? "critical,CA:TRUE" : NULL));
	add_extension(x509, &context, NID_key_usage,
		either(spec->key_usage,
			spec->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"));
	add_extension(x509, &context, NID_ext_key_usage,
		either(spec->extended_key_usage, spec->ca ? NULL : "clientAuth"));
	add_extension(
		x509, &context, NID_subject_key_identifier, either(spec->subject_key_id, "hash"));
	key_id = authority_key_id(&context, spec->authority_key_id);
	if (key_id != NULL)
		must(X509_add_ext(x509, key_id, -1) == 1, "key id");
	X509_EXTENSION_free(key_id);
	ERR_clear_error();
	add_extension(x509, &context, NID_subject_alt_name, spec->alt_names);
	add_extension(x509, &context, NID_name_constraints, spec->name_constraints);
	add_extension(x509, &context, NID_crl_distribution_points, spec->crl_points);
	add_extension(x509, &context, NID_certificate_policies, spec->policies);
	add_extension(x509, &context, NID_policy_mappings, spec->policy_mappings);
	add_extension(x509, &context, NID_policy_constraints, spec->policy_constraints);
	add_extension(x509, &context, NID_inhibit_any_policy, spec->inhibit_any);
	NCONF_free(sections);
	if (spec->unknown_critical) {
		X509_EXTENSION *unknown = unknown_extension();

		must(X509_add_ext(x509, unknown, -1) == 1, "extension");
		X509_EXTENSION_free(unknown);
	}
}

/* The digest to sign with; NULL for keys that have their own. */
static const EVP_MD *
signing_digest(EVP_PKEY *key, const char *name)
{
	if (EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	return EVP_get_digestbyname(either(name, "SHA256"));
}

static void
fill_names(X509 *x509, const struct pki_spec *spec)
{
	X509_NAME *name = make_name(spec->subject, spec->subject_type);

	must(X509_set_subject_name(x509, name) == 1, "subject");
	if (spec->issuer == NULL)
		must(X509_set_issuer_name(x509, name) == 1, "issuer");
	X509_NAME_free(name);
	if (spec->issuer != NULL)
		must(X509_set_issuer_name(x509, X509_get_subject_name(spec->issuer->x509)) == 1,
			"issuer");
	if (spec->issuer_name != NULL) {
		name = make_name(spec->issuer_name, 0);
		must(X509_set_issuer_name(x509, name) == 1, "issuer");
		X509_NAME_free(name);
	}
}

/* DER of a certificate or CRL, its last octet changed where the signature is to be broken. */
static struct span
take_der(int length, unsigned char *der, bool broken)
{
	must(length > 0, "DER");
	if (broken)
		der[length - 1] ^= 1;
	return span_of(der, (size_t)length);
}

/* After the signature was broken, the X509 must show it as well. */
static X509 *
decode(X509 *old, struct span der)
{
	const unsigned char *at = der.data;
	X509 *x509 = d2i_X509(NULL, &at, (long)der.length);

	must(x509 != NULL, "decoding");
	X509_free(old);
	return x509;
}

const struct pki_cert *
pki_issue(struct pki *pki, const struct pki_spec *spec)
{
	struct pki_cert *made = mem_zalloc(sizeof(*made));
	X509 *x509 = X509_new();
	int from = spec->days_from != 0 ? spec->days_from : -1;
	unsigned char *der = NULL;
	EVP_PKEY *signer;
	const char *fault;
	size_t offset;
	int length;

	must(pki->cert_count < PKI_MAX_OBJECTS, "room");
	made->key = make_key(pki, spec);
	must(X509_set_version(x509, (spec->version != 0 ? spec->version : 3) - 1) == 1, "version");
	must(ASN1_INTEGER_set_int64(X509_get_serialNumber(x509),
		     spec->serial != 0 ? spec->serial : ++pki->serial) == 1,
		"serial");
	fill_names(x509, spec);
	set_time(X509_getm_notBefore(x509), from);
	set_time(X509_getm_notAfter(x509), from + (spec->days != 0 ? spec->days : PKI_DAYS_CERT));
	must(X509_set_pubkey(x509, made->key) == 1, "public key");
	if (spec->version != 1)
		add_extensions(x509, spec);
	signer = spec->signer != NULL   ? spec->signer->key
		 : spec->issuer != NULL ? spec->issuer->key
					: made->key;
	must(X509_sign(x509, signer, signing_digest(signer, spec->digest)) > 0, "signing");
	length = i2d_X509(x509, &der);
	made->der = take_der(length, der, spec->broken_signature);
	made->x509 = decode(x509, made->der);
	must(cert_read(made->der, &made->cert, &fault, &offset) == 0, "our reader");
	pki->certs[pki->cert_count++] = made;
	return made;
}

static void
add_crl_extension(X509_CRL *crl, X509_EXTENSION *extension)
{
	if (extension != NULL)
		must(X509_CRL_add_ext(crl, extension, -1) == 1, "extension");
	X509_EXTENSION_free(extension);
}

static void
add_number(X509_CRL *crl, int nid, uint64_t value, int critical)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	must(ASN1_INTEGER_set_uint64(number, value) == 1 &&
			X509_CRL_add1_ext_i2d(crl, nid, number, critical, 0) == 1,
		"number");
	ASN1_INTEGER_free(number);
}

static void
add_crl_extensions(X509_CRL *crl, const struct pki_crl_spec *spec)
{
	X509 *signer = spec->signer != NULL ? spec->signer->x509 : spec->issuer->x509;
	X509V3_CTX context;

	X509V3_set_ctx(&context, signer, NULL, NULL, crl, 0);
	add_crl_extension(crl, authority_key_id(&context, spec->authority_key_id));
	add_number(crl, NID_crl_number, spec->number != 0 ? spec->number : 1, 0);
	if (spec->delta_of != 0)
		add_number(crl, NID_delta_crl, spec->delta_of, 1);
	if (spec->scope != NULL) {
		X509_EXTENSION *scope = X509V3_EXT_conf_nid(
			NULL, &context, NID_issuing_distribution_point, spec->scope);

		must(scope != NULL, spec->scope);
		add_crl_extension(crl, scope);
	}
	if (spec->unknown_critical)
		add_crl_extension(crl, unknown_extension());
}

static void
add_revoked(X509_CRL *crl, const struct pki_cert *cert)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_TIME *time = ASN1_TIME_new();

	set_time(time, -1);
	must(X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(cert->x509)) == 1 &&
			X509_REVOKED_set_revocationDate(revoked, time) == 1 &&
			X509_CRL_add0_revoked(crl, revoked) == 1,
		"revocation");
	ASN1_TIME_free(time);
}

const struct crl *
pki_crl(struct pki *pki, const struct pki_crl_spec *spec)
{
	struct crl *made = mem_zalloc(sizeof(*made));
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_new();
	int from = spec->days_from != 0 ? spec->days_from : -1;
	const struct pki_cert *signer = spec->signer != NULL ? spec->signer : spec->issuer;
	unsigned char *der = NULL;
	struct span span;
	const char *fault;
	size_t offset;
	int length;

	must(pki->crl_count < PKI_MAX_OBJECTS, "room");
	must(X509_CRL_set_version(crl, 1) == 1 &&
			X509_CRL_set_issuer_name(crl, X509_get_subject_name(spec->issuer->x509)) ==
				1,
		"CRL");
	set_time(time, from);
	must(X509_CRL_set1_lastUpdate(crl, time) == 1, "thisUpdate");
	set_time(time, from + (spec->days != 0 ? spec->days : PKI_DAYS_CRL));
	if (!spec->no_next_update)
		must(X509_CRL_set1_nextUpdate(crl, time) == 1, "nextUpdate");
	ASN1_TIME_free(time);
	if (spec->revoked != NULL)
		add_revoked(crl, spec->revoked);
	add_crl_extensions(crl, spec);
	must(X509_CRL_sign(crl, signer->key, signing_digest(signer->key, NULL)) > 0, "signing");
	length = i2d_X509_CRL(crl, &der);
	span = take_der(length, der, spec->broken_signature);
	X509_CRL_free(crl);
	must(crl_read(span, made, &fault, &offset) == 0, "our reader");
	pki->crls[pki->crl_count++] = made;
	return made;
}

char *
pki_pem(const char *label, struct span der)
{
	CLEANUP(buffer_free) struct buffer text = {};

	buffer_addf(&text, "-----BEGIN %s-----\n", label);
	base64_encode_lines(der, &text);
	buffer_addf(&text, "-----END %s-----\n", label);
	return mem_strdup((const char *)text.data);
}

char *
pki_key_pem(const struct pki_cert *cert)
{
	unsigned char *der = NULL;
	int length = i2d_PrivateKey(cert->key, &der);
	char *text;

	must(length > 0, "private key");
	text = pki_pem(EVP_PKEY_is_a(cert->key, "RSA") ? "RSA PRIVATE KEY" : "EC PRIVATE KEY",
		span_of(der, (size_t)length));
	OPENSSL_clear_free(der, (size_t)length);
	return text;
}
