/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/server_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "probe/server_sources.h"
#include "probe/words.h"

enum { SERVER_CERTIFICATE_SERIAL = 1, SERVER_CERTIFICATE_LIFE = 86'400, SERVER_MAX_LEVEL = 5 };

static const unsigned char session_id_context[] = "trustmend";

/* A key and a digest that each security level allows (SSL_CTX_set_security_level(3)). */
struct server_key {
	const char *curve, *digest;
};

static const struct server_key server_keys[SERVER_MAX_LEVEL + 1] = {
	{ "P-256", "SHA256" },
	{ "P-256", "SHA256" },
	{ "P-256", "SHA256" },
	{ "P-256", "SHA256" },
	{ "P-384", "SHA384" },
	{ "P-521", "SHA512" },
};

static void
key_end(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void
cert_end(X509 **cert)
{
	X509_free(*cert);
}

static void
context_end(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

static int
sign_certificate(X509 *cert, EVP_PKEY *key, const char *digest)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return ASN1_INTEGER_set(X509_get_serialNumber(cert), SERVER_CERTIFICATE_SERIAL) == 1 &&
			       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				       (const unsigned char *)"stand-in", -1, -1, 0) == 1 &&
			       X509_set_issuer_name(cert, name) == 1 &&
			       X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL &&
			       X509_gmtime_adj(X509_getm_notAfter(cert), SERVER_CERTIFICATE_LIFE) !=
				       NULL &&
			       X509_set_pubkey(cert, key) == 1 &&
			       X509_sign(cert, key, EVP_get_digestbyname(digest)) > 0
		       ? 0
		       : -1;
}

/* Made for one conversation: nobody verifies it. */
static int
use_throw_away_certificate(SSL_CTX *context, int security_level)
{
	const struct server_key *choice = &server_keys[security_level];
	CLEANUP(key_end) EVP_PKEY *key = EVP_EC_gen(choice->curve);
	CLEANUP(cert_end) X509 *cert = X509_new();

	if (key == NULL || cert == NULL || sign_certificate(cert, key, choice->digest) < 0)
		return -1;
	return SSL_CTX_use_certificate(context, cert) == 1 &&
			       SSL_CTX_use_PrivateKey(context, key) == 1
		       ? 0
		       : -1;
}

static struct hearing *
hearing_of(X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());

	return SSL_get_app_data(ssl);
}

static int
verify_callback(int ok, X509_STORE_CTX *store)
{
	struct hearing *hearing = hearing_of(store);

	if (!hearing_call(hearing, ok == 1, X509_STORE_CTX_get_error(store),
		    (unsigned)X509_STORE_CTX_get_error_depth(store)))
		return hearing->verifier->last_error_decides;
	X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

int
server_context_verify(X509_STORE_CTX *store, void *)
{
	struct hearing *hearing = hearing_of(store);
	int result = X509_verify_cert(store);

	if (hearing_end(hearing))
		return result;
	/* It decides about the alert. */
	X509_STORE_CTX_set_error(store, hearing->error);
	return 0;
}

static int
verify_mode_flags(enum verify_mode mode)
{
	switch (mode) {
	case MODE_NONE:
		return SSL_VERIFY_NONE;
	case MODE_REQUIRED:
		return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	default:
		return SSL_VERIFY_PEER;
	}
}

static unsigned long
store_flags(const struct verifier *verifier)
{
	unsigned long flags = 0;

	if (verifier->crl_check != CRL_CHECK_NONE)
		flags |= X509_V_FLAG_CRL_CHECK;
	if (verifier->crl_check == CRL_CHECK_CHAIN)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	if (verifier->partial_chain)
		flags |= X509_V_FLAG_PARTIAL_CHAIN;
	return flags;
}

static int
bounded_level(int level)
{
	return level < 0 ? 0 : level > SERVER_MAX_LEVEL ? SERVER_MAX_LEVEL : level;
}

static int
set_policy(SSL_CTX *context, const struct verifier *verifier)
{
	SSL_CTX_set_security_level(context, bounded_level(verifier->security_level));
	SSL_CTX_set_verify(context, verify_mode_flags(verifier->mode), verify_callback);
	SSL_CTX_set_cert_verify_callback(context, server_context_verify, NULL);
	if (verifier->depth.value >= 0 && !verifier->depth_counts_all)
		SSL_CTX_set_verify_depth(context, verifier->depth.value);
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
			       SSL_CTX_set_session_id_context(context, session_id_context,
				       sizeof(session_id_context) - 1) == 1 &&
			       X509_STORE_set_flags(
				       SSL_CTX_get_cert_store(context), store_flags(verifier)) == 1
		       ? 0
		       : -1;
}

SSL_CTX *
server_context_new(struct arena *arena, struct world *world, const struct verifier *verifier,
	struct transcript *transcript, const char **ret_problem)
{
	CLEANUP(context_end) SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (context == NULL || set_policy(context, verifier) < 0 ||
		use_throw_away_certificate(context, bounded_level(verifier->security_level)) < 0) {
		*ret_problem = arena_printf(
			arena, "a stand-in cannot be set up here: %s", words_last(arena));
		return NULL;
	}
	if (server_sources_load(arena, world, verifier, context, transcript, ret_problem) < 0)
		return NULL;
	return TAKE(context);
}
