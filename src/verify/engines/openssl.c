/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference engine: X509_verify_cert of the library that the servers use, called as libssl
 * calls it for a client's certificate (ssl/ssl_cert.c, ssl_verify_cert_chain): defaults of
 * "ssl_client", the security level as auth_level, the depth and flags that the server sets.
 * (ssl_security_cert_chain is for the server's own chain; what a peer sends meets auth_level
 * alone.)
 *
 * It is given only those certificates of the store that bear a name which this client's path can
 * ask for: the others cannot matter to it, and there may be 20,000.
 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "verify/engine.h"
#include "verify/engines/objects.h"
#include "verify/hearing.h"

enum {
	OPENSSL_MAX_NAMES = 256, /* followed upwards */
	OPENSSL_MAX_CERTS = 512, /* X509_STORE sorts at each addition */
};

struct reach {
	const struct question *question;
	X509_STORE *store;
	struct span names[OPENSSL_MAX_NAMES];
	const X509 *certs[OPENSSL_MAX_CERTS]; /* each once: the store keeps no second copy */
	size_t name_count, cert_count, crl_count;
	bool bounded;
};

struct verification {
	const struct question *question;
	struct hearing hearing;
	struct answer answer;
	bool complained; /* it reported an error, forgiven or not */
};

static void
end_store(X509_STORE **store)
{
	X509_STORE_free(*store);
}

static void
end_context(X509_STORE_CTX **context)
{
	X509_STORE_CTX_free(*context);
}

static void
end_certs(STACK_OF(X509) * *certs)
{
	sk_X509_free(*certs);
}

static void
reach_name(struct reach *reach, struct span name)
{
	for (size_t i = 0; i < reach->name_count; i++)
		if (name_equal(reach->names[i], name))
			return;
	if (reach->name_count < OPENSSL_MAX_NAMES)
		reach->names[reach->name_count++] = name;
	else
		reach->bounded = true;
}

static bool
is_added(const struct reach *reach, const X509 *cert)
{
	for (size_t i = 0; i < reach->cert_count; i++)
		if (reach->certs[i] == cert)
			return true;
	return false;
}

/* All of one subject, in the order of the files: where several fit, the order decides. */
static void
add_certs(struct reach *reach, struct span name)
{
	const struct question *question = reach->question;
	struct graph_walk walk = graph_by_subject(question->graph, name);
	const struct trusted *trusted;

	while ((trusted = graph_next_subject(&walk, question->trust, name)) != NULL) {
		X509 *cert =
			objects_cert(question->judge->objects, trusted->cert, &trusted->settings);

		if (cert == NULL || is_added(reach, cert))
			continue;
		if (reach->cert_count >= OPENSSL_MAX_CERTS) {
			reach->bounded = true;
			return;
		}
		reach->certs[reach->cert_count++] = cert;
		(void)X509_STORE_add_cert(reach->store, cert);
		reach_name(reach, trusted->cert->issuer);
	}
}

static void
add_crls(struct reach *reach, struct span name)
{
	const struct question *question = reach->question;
	struct graph_walk walk = graph_crls(question->graph, name);
	const struct crl *crl;

	while ((crl = graph_next_crl(&walk, question->trust, name)) != NULL) {
		X509_CRL *decoded;

		if (reach->crl_count++ >= OPENSSL_MAX_CERTS) {
			reach->bounded = true;
			return;
		}
		decoded = objects_crl(question->judge->objects, crl);
		if (decoded != NULL)
			(void)X509_STORE_add_crl(reach->store, decoded);
	}
}

static void
fill_store(struct reach *reach)
{
	const struct question *question = reach->question;

	for (size_t i = 0; i < question->sent_count; i++) {
		reach_name(reach, question->sent[i].subject);
		reach_name(reach, question->sent[i].issuer);
	}
	for (size_t i = 0; i < reach->name_count; i++) {
		add_certs(reach, reach->names[i]);
		if (question->verifier->crl_check != CRL_CHECK_NONE)
			add_crls(reach, reach->names[i]);
	}
}

/* Nobody has the key of the CA: the leaf that was made up cannot be signed. Its signature is taken
 * as good where OpenSSL asked for it with the very key that the client was supposed below. */
static bool
is_supposed_signature(
	const struct question *question, X509_STORE_CTX *context, int error, int depth)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
	X509 *issuer = sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : NULL;
	unsigned char *spki = NULL;
	int length;
	bool same;

	if (question->supposed_issuer == NULL || depth != 0 ||
		error != X509_V_ERR_CERT_SIGNATURE_FAILURE || issuer == NULL)
		return false;
	length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &spki);
	same = length > 0 &&
	       span_equal(span_of(spki, (size_t)length), question->supposed_issuer->spki);
	OPENSSL_free(spki);
	return same;
}

static int
verify_callback(int ok, X509_STORE_CTX *context)
{
	struct verification *verification = X509_STORE_CTX_get_app_data(context);
	int error = X509_STORE_CTX_get_error(context);
	int depth = X509_STORE_CTX_get_error_depth(context);
	bool good = ok == 1 || is_supposed_signature(verification->question, context, error, depth);

	verification->complained = verification->complained || ok != 1;
	if (!hearing_call(&verification->hearing, good, error, (unsigned)depth))
		return verification->question->verifier->last_error_decides;
	X509_STORE_CTX_set_error(context, X509_V_OK);
	return 1;
}

/* A host or its address, and policies. */
static void
set_demands(X509_VERIFY_PARAM *parameters, const struct verifier *verifier)
{
	if (verifier->host != NULL &&
		X509_VERIFY_PARAM_set1_ip_asc(parameters, verifier->host) != 1)
		(void)X509_VERIFY_PARAM_set1_host(parameters, verifier->host, 0);
	for (size_t i = 0; i < verifier->policy_count; i++) {
		char text[DER_OID_TEXT_SIZE];
		ASN1_OBJECT *policy;

		der_oid_text(verifier->policies[i], text);
		policy = OBJ_txt2obj(text, 1);
		if (policy != NULL && X509_VERIFY_PARAM_add0_policy(parameters, policy) != 1)
			ASN1_OBJECT_free(policy);
	}
}

static void
set_parameters(X509_STORE_CTX *context, const struct question *question)
{
	/* Without a purpose only CAs are looked at. */
	static const char *const purposes[] = { [PURPOSE_CLIENT] = "ssl_client",
		[PURPOSE_SERVER] = "ssl_server",
		[PURPOSE_ANY] = NULL };
	const struct verifier *verifier = question->verifier;
	X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
	unsigned long flags = 0;

	X509_VERIFY_PARAM_set_auth_level(parameters, verifier->security_level);
	if (purposes[verifier->purpose] != NULL)
		(void)X509_STORE_CTX_set_default(context, purposes[verifier->purpose]);
	if (verifier->depth.value >= 0 && !verifier->depth_counts_all)
		X509_VERIFY_PARAM_set_depth(parameters, verifier->depth.value);
	X509_VERIFY_PARAM_set_time(parameters, (time_t)question->at);
	if (verifier->partial_chain)
		flags |= X509_V_FLAG_PARTIAL_CHAIN;
	if (verifier->strict_profile)
		flags |= X509_V_FLAG_X509_STRICT;
	if (verifier->crl_check != CRL_CHECK_NONE)
		flags |= X509_V_FLAG_CRL_CHECK;
	if (verifier->crl_check == CRL_CHECK_CHAIN)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	if (verifier->policy_count > 0)
		flags |= X509_V_FLAG_EXPLICIT_POLICY;
	(void)X509_VERIFY_PARAM_set_flags(parameters, flags);
	set_demands(parameters, verifier);
}

static STACK_OF(X509) * decode_sent(const struct question *question)
{
	STACK_OF(X509) *sent = sk_X509_new_null();

	for (size_t i = 0; sent != NULL && i < question->sent_count; i++) {
		X509 *cert = objects_cert(question->judge->objects, &question->sent[i], NULL);

		/* libssl ends the handshake at a certificate that it cannot decode. */
		if (cert == NULL || sk_X509_push(sent, cert) == 0) {
			sk_X509_free(sent);
			return NULL;
		}
	}
	return sent;
}

static bool
digest_encoded(unsigned char *der, int length, struct digest *ret)
{
	if (length > 0)
		*ret = digest_of(span_of(der, (size_t)length));
	OPENSSL_free(der);
	return length > 0;
}

/* It has checked each signature of the chain but the anchor's own (crypto/x509/x509_vfy.c,
 * internal_verify): our paths need not ask for them again. */
static void
note_signatures(const struct question *question, X509_STORE_CTX *context)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);

	for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
		unsigned char *cert = NULL, *spki = NULL;
		int cert_length = i2d_X509(sk_X509_value(chain, i), &cert);
		int spki_length =
			i2d_X509_PUBKEY(X509_get_X509_PUBKEY(sk_X509_value(chain, i + 1)), &spki);
		struct digest object, key;
		bool has_object = digest_encoded(cert, cert_length, &object);
		bool has_key = digest_encoded(spki, spki_length, &key);

		if (has_object && has_key)
			signature_note(question->judge->signatures, &object, &key, SIGNATURE_GOOD);
	}
}

/* X509_verify_cert can also fail without the callback: out of memory, or an object it cannot use.
 */
static void
run(struct verification *verification, X509_STORE_CTX *context)
{
	const struct hearing *hearing = &verification->hearing;
	struct answer *answer = &verification->answer;
	int result = X509_verify_cert(context);

	answer->accepted = hearing_end(&verification->hearing) && result == 1;
	if (answer->accepted && !verification->complained)
		note_signatures(verification->question, context);
	if (answer->accepted)
		return;
	if (hearing->refused) {
		answer->error = hearing->error;
		answer->depth = hearing->depth;
		return;
	}
	answer->error = X509_STORE_CTX_get_error(context);
	if (answer->error == X509_V_OK)
		answer->error = X509_V_ERR_UNSPECIFIED;
	answer->depth = (unsigned)X509_STORE_CTX_get_error_depth(context);
}

static struct answer
openssl_judge(const struct question *question)
{
	CLEANUP(end_store) X509_STORE *store = X509_STORE_new();
	CLEANUP(end_context) X509_STORE_CTX *context = X509_STORE_CTX_new();
	CLEANUP(end_certs) STACK_OF(X509) *sent = decode_sent(question);
	struct reach reach = { .question = question, .store = store };
	struct verification verification = {
		.question = question,
		.hearing.verifier = question->verifier,
	};

	verification.answer.error = X509_V_ERR_UNSPECIFIED;
	if (store != NULL && context != NULL && sent != NULL) {
		(void)ERR_set_mark();
		fill_store(&reach);
		verification.answer.bounded = reach.bounded;
		if (X509_STORE_CTX_init(context, store, sk_X509_value(sent, 0), sent) == 1) {
			verification.answer.error = X509_V_OK;
			set_parameters(context, question);
			X509_STORE_CTX_set_app_data(context, &verification);
			X509_STORE_CTX_set_verify_cb(context, verify_callback);
			run(&verification, context);
		}
		(void)ERR_pop_to_mark();
	}
	verification.answer.text = X509_verify_cert_error_string(verification.answer.error);
	return verification.answer;
}

const struct engine engine_openssl = {
	.name = "openssl",
	.title = "OpenSSL",
	.is_reference = true,
	.judge = openssl_judge,
};
