/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, CRLs and keys made by libcrypto, for the tests to read. What cannot be made ends
 * the test program: there is nothing to test then.
 */
#pragma once

#include <openssl/conf.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct made_extension {
	const char *name, *value; /* as in openssl.cnf */
};

enum { MADE_EXTENSIONS_MAX = 24 };

struct made {
	const char *key; /* see make_key */
	const char *digest;
	const char *subject; /* "C=DE/O=Lab/CN=a"; a leading "+" joins the RDN before */
	const char *serial;  /* decimal; NULL: 1 */
	int version;         /* 0 is v3 */
	bool pss;
	struct made_extension extensions[MADE_EXTENSIONS_MAX];
};

static inline void
must(bool done, const char *what)
{
	if (done)
		return;
	(void)fprintf(stderr, "# cannot make %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(2);
}

static inline EVP_PKEY *
make_dsa_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	EVP_PKEY *parameters = NULL, *key = NULL;

	must(EVP_PKEY_paramgen_init(context) == 1 &&
			EVP_PKEY_CTX_set_dsa_paramgen_bits(context, 1024) == 1 &&
			EVP_PKEY_paramgen(context, &parameters) == 1,
		"DSA parameters");
	EVP_PKEY_CTX_free(context);
	context = EVP_PKEY_CTX_new_from_pkey(NULL, parameters, NULL);
	must(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_keygen(context, &key) == 1,
		"a DSA key");
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(parameters);
	return key;
}

/* "RSA", "RSA:4096", "RSA-PSS", "EC:P-256", "EC:P-256:explicit", "ED25519", "ED448", "DSA". */
static inline EVP_PKEY *
make_key(const char *kind)
{
	EVP_PKEY *key = NULL;
	char curve[64] = "";
	bool is_explicit = false;

	if (strncmp(kind, "EC:", 3) == 0) {
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

		(void)snprintf(curve, sizeof(curve), "%s", kind + 3);
		if (strchr(curve, ':') != NULL) {
			*strchr(curve, ':') = '\0';
			is_explicit = true;
		}
		must(EVP_PKEY_keygen_init(context) == 1 &&
				EVP_PKEY_CTX_set_group_name(context, curve) == 1 &&
				EVP_PKEY_CTX_set_ec_param_enc(
					context, is_explicit ? 0 : OPENSSL_EC_NAMED_CURVE) == 1 &&
				EVP_PKEY_keygen(context, &key) == 1,
			kind);
		EVP_PKEY_CTX_free(context);
		return key;
	}
	if (strcmp(kind, "DSA") == 0)
		return make_dsa_key();
	if (strncmp(kind, "RSA", 3) == 0) {
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(
			NULL, strcmp(kind, "RSA-PSS") == 0 ? kind : "RSA", NULL);
		int bits = strncmp(kind, "RSA:", 4) == 0 ? atoi(kind + 4) : 1024;

		must(EVP_PKEY_keygen_init(context) == 1 &&
				EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1 &&
				EVP_PKEY_keygen(context, &key) == 1,
			kind);
		EVP_PKEY_CTX_free(context);
		return key;
	}
	key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
	must(key != NULL, kind);
	return key;
}

/* An X509_NAME of "C=DE/CN=a/+UID=b". */
static inline X509_NAME *
make_name(const char *text)
{
	X509_NAME *name = X509_NAME_new();
	char copy[512], *rest = NULL;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (char *part = strtok_r(copy, "/", &rest); part != NULL;
		part = strtok_r(NULL, "/", &rest)) {
		bool joined = *part == '+';
		char *value = strchr(part, '=');

		part += joined;
		*value++ = '\0';
		must(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
			     (const unsigned char *)value, -1, -1, joined ? -1 : 0) == 1,
			"a name");
	}
	return name;
}

static inline void
make_extensions(X509 *cert, X509 *issuer, const struct made *made)
{
	CONF *conf = NCONF_new(NULL); /* some extensions want one, though they look up nothing */
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	X509V3_set_nconf(&context, conf);
	for (size_t i = 0; i < MADE_EXTENSIONS_MAX && made->extensions[i].name != NULL; i++) {
		const struct made_extension *row = &made->extensions[i];
		X509_EXTENSION *extension = X509V3_EXT_nconf(conf, &context, row->name, row->value);

		must(extension != NULL, row->name);
		must(X509_add_ext(cert, extension, -1) == 1, row->name);
		X509_EXTENSION_free(extension);
	}
	NCONF_free(conf);
}

static inline void
make_sign(X509 *cert, X509_CRL *crl, EVP_PKEY *key, const char *digest_name, bool pss)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context = NULL;
	const EVP_MD *digest = digest_name != NULL ? EVP_get_digestbyname(digest_name) : NULL;

	must(EVP_DigestSignInit(context, &key_context, digest, NULL, key) == 1, "a signer");
	if (pss)
		must(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1,
			"a PSS signer");
	if (cert != NULL)
		must(X509_sign_ctx(cert, context) > 0, "a signature");
	else
		must(X509_CRL_sign_ctx(crl, context) > 0, "a signature");
	EVP_MD_CTX_free(context);
}

/* issuer NULL: self-signed. */
static inline X509 *
make_cert(const struct made *made, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	X509 *cert = X509_new();
	X509_NAME *subject = make_name(made->subject);
	BIGNUM *serial = NULL;

	must(BN_dec2bn(&serial, made->serial != NULL ? made->serial : "1") > 0, "a serial");
	must(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL, "a serial");
	BN_free(serial);
	must(X509_set_version(cert, (made->version != 0 ? made->version : 3) - 1) == 1,
		"a version");
	must(X509_set_subject_name(cert, subject) == 1 &&
			X509_set_issuer_name(cert,
				issuer != NULL ? X509_get_subject_name(issuer) : subject) == 1,
		"names");
	X509_NAME_free(subject);
	(void)X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, NULL);
	(void)X509_time_adj_ex(X509_getm_notAfter(cert), 365, 0, NULL);
	must(X509_set_pubkey(cert, key) == 1, "a public key");
	make_extensions(cert, issuer != NULL ? issuer : cert, made);
	make_sign(cert, NULL, issuer_key != NULL ? issuer_key : key, made->digest, made->pss);
	return cert;
}

/* The DER, which the caller gives to OPENSSL_free. */
static inline struct span
made_der(const X509 *cert)
{
	unsigned char *bytes = NULL;
	int length = i2d_X509(cert, &bytes);

	must(length > 0, "DER");
	return span_of(bytes, (size_t)length);
}

static inline struct span
made_crl_der(const X509_CRL *crl)
{
	unsigned char *bytes = NULL;
	int length = i2d_X509_CRL(crl, &bytes);

	must(length > 0, "DER");
	return span_of(bytes, (size_t)length);
}

static inline struct span
made_spki(EVP_PKEY *key)
{
	unsigned char *bytes = NULL;
	int length = i2d_PUBKEY(key, &bytes);

	must(length > 0, "a SubjectPublicKeyInfo");
	return span_of(bytes, (size_t)length);
}

static inline void
made_free(struct span der)
{
	OPENSSL_free((void *)(uintptr_t)der.data);
}
