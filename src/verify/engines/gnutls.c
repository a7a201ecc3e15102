/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GnuTLS, called as its servers call it for a client's certificate: gnutls_certificate_verify_peers
 * ends in gnutls_x509_trust_list_verify_crt2 with the flags of the priority string and the key
 * purpose that is asked (lib/cert-session.c, _gnutls_x509_cert_verify_peers).
 *
 * What it has not: a partial chain is always enough to it, CRLs are looked at for the whole path,
 * one that is missing is no fault (lib/x509/verify-high.c), policies are not processed, and the
 * limit that gnutls_certificate_set_verify_limits(3) sets counts what is sent, not the path.
 *
 * It is given only those certificates of the store that bear a name which this client's path can
 * ask for, as every engine here.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "stores/gnutls_library.h"
#include "verify/engine.h"

enum {
	GNUTLS_MAX_NAMES = 256, /* followed upwards */
	GNUTLS_MAX_CERTS = 512, /* of the store, and as many CRLs */
	GNUTLS_MAX_SENT = 256,
	GNUTLS_MAX_DATA = 2, /* a purpose and a name */
};

/* The library asks the time, and tells where it failed, without saying on whose behalf. */
static _Thread_local struct {
	bool is_set;
	int64_t at;
} moment;

static _Thread_local struct {
	bool is_set;
	struct digest fingerprint;
} first_bad;

struct bench {
	const struct gnutls_library *gnutls;
	const struct question *question;
	gnutls_x509_trust_list_t list;
	struct span names[GNUTLS_MAX_NAMES];
	size_t name_count;
	const struct cert *added[GNUTLS_MAX_CERTS];
	size_t cert_count, crl_count;
	gnutls_x509_crt_t sent[GNUTLS_MAX_SENT];
	unsigned sent_count;
	unsigned flags;
	bool bounded;
};

static time_t
tell_time(time_t *ret)
{
	time_t now;

	if (!moment.is_set)
		return time(ret);
	now = (time_t)moment.at;
	if (ret != NULL)
		*ret = now;
	return now;
}

/*
 * The priority string of a server: NORMAL has the profile LOW, SECURE128 HIGH and so on
 * (lib/priority.c); the names here are of OpenSSL's levels of as many bits. Level 0 lets weak
 * algorithms pass, as %VERIFY_ALLOW_BROKEN and %VERIFY_ALLOW_SIGN_WITH_SHA1 do.
 */
static unsigned
flags_of_level(int level)
{
	static const gnutls_certificate_verification_profiles_t profiles[] = {
		GNUTLS_PROFILE_VERY_WEAK, GNUTLS_PROFILE_LOW, GNUTLS_PROFILE_MEDIUM,
		GNUTLS_PROFILE_HIGH, GNUTLS_PROFILE_ULTRA, GNUTLS_PROFILE_FUTURE
	};
	int last = (int)COUNT_OF(profiles) - 1;
	int index = level < 0 ? 0 : level > last ? last : level;
	unsigned flags = GNUTLS_PROFILE_TO_VFLAGS((unsigned)profiles[index]);

	return index > 0 ? flags : GNUTLS_VERIFY_ALLOW_BROKEN | GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1;
}

static gnutls_datum_t
datum_of(struct span bytes)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes.data, (unsigned)bytes.length };
}

/* NULL where the library refuses the bytes. */
static gnutls_x509_crt_t
import_cert(const struct gnutls_library *gnutls, const struct cert *cert)
{
	gnutls_datum_t der = datum_of(cert->der);
	gnutls_x509_crt_t ret;

	if (gnutls->x509_crt_init(&ret) < 0)
		return NULL;
	if (gnutls->x509_crt_import(ret, &der, GNUTLS_X509_FMT_DER) == 0)
		return ret;
	gnutls->x509_crt_deinit(ret);
	return NULL;
}

static void
reach_name(struct bench *bench, struct span name)
{
	for (size_t i = 0; i < bench->name_count; i++)
		if (name_equal(bench->names[i], name))
			return;
	if (bench->name_count < GNUTLS_MAX_NAMES)
		bench->names[bench->name_count++] = name;
	else
		bench->bounded = true;
}

static bool
is_added(const struct bench *bench, const struct cert *cert)
{
	for (size_t i = 0; i < bench->cert_count; i++)
		if (cert_same(bench->added[i], cert))
			return true;
	return false;
}

/* The list takes over what is added to it. */
static void
add_certs(struct bench *bench, struct span name)
{
	const struct question *question = bench->question;
	struct graph_walk walk = graph_by_subject(question->graph, name);
	const struct trusted *trusted;

	while ((trusted = graph_next_subject(&walk, question->trust, name)) != NULL) {
		gnutls_x509_crt_t cert;

		if (is_added(bench, trusted->cert))
			continue;
		if (bench->cert_count >= GNUTLS_MAX_CERTS) {
			bench->bounded = true;
			return;
		}
		cert = import_cert(bench->gnutls, trusted->cert);
		if (cert == NULL)
			continue;
		bench->added[bench->cert_count++] = trusted->cert;
		if (bench->gnutls->x509_trust_list_add_cas(bench->list, &cert, 1, 0) != 1)
			bench->gnutls->x509_crt_deinit(cert);
		reach_name(bench, trusted->cert->issuer);
	}
}

/* gnutls_certificate_set_x509_crl_file adds them without looking at their signatures
 * (lib/cert-cred-x509.c). */
static void
add_crl(struct bench *bench, const struct crl *source)
{
	const struct gnutls_library *gnutls = bench->gnutls;
	gnutls_datum_t der = datum_of(source->der);
	gnutls_x509_crl_t crl;

	if (gnutls->x509_crl_init(&crl) < 0)
		return;
	if (gnutls->x509_crl_import(crl, &der, GNUTLS_X509_FMT_DER) < 0 ||
		gnutls->x509_trust_list_add_crls(bench->list, &crl, 1, 0, 0) != 1)
		gnutls->x509_crl_deinit(crl);
}

static void
add_crls(struct bench *bench, struct span name)
{
	const struct question *question = bench->question;
	struct graph_walk walk = graph_crls(question->graph, name);
	const struct crl *crl;

	while ((crl = graph_next_crl(&walk, question->trust, name)) != NULL) {
		if (bench->crl_count++ >= GNUTLS_MAX_CERTS) {
			bench->bounded = true;
			return;
		}
		add_crl(bench, crl);
	}
}

static void
fill_list(struct bench *bench)
{
	const struct question *question = bench->question;

	for (size_t i = 0; i < question->sent_count; i++) {
		reach_name(bench, question->sent[i].subject);
		reach_name(bench, question->sent[i].issuer);
	}
	for (size_t i = 0; i < bench->name_count; i++) {
		add_certs(bench, bench->names[i]);
		if (question->verifier->crl_check != CRL_CHECK_NONE)
			add_crls(bench, bench->names[i]);
	}
}

/* One that it cannot read ends the handshake (lib/auth/cert.c, _gnutls_proc_x509_crt). */
static int
import_sent(struct bench *bench)
{
	const struct question *question = bench->question;

	for (size_t i = 0; i < question->sent_count; i++) {
		if (bench->sent_count >= GNUTLS_MAX_SENT) {
			bench->bounded = true;
			return 0;
		}
		bench->sent[bench->sent_count] = import_cert(bench->gnutls, &question->sent[i]);
		if (bench->sent[bench->sent_count] == NULL)
			return -1;
		bench->sent_count++;
	}
	return 0;
}

static int
note_first_bad(gnutls_x509_crt_t cert, gnutls_x509_crt_t, gnutls_x509_crl_t, unsigned status)
{
	const struct gnutls_library *gnutls = gnutls_library();
	gnutls_datum_t der = {};

	if (status == 0 || first_bad.is_set || gnutls == NULL || cert == NULL ||
		gnutls->x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der) < 0)
		return 0;
	first_bad.fingerprint = digest_of(span_of(der.data, der.size));
	first_bad.is_set = true;
	(*gnutls->free)(der.data);
	return 0;
}

static const struct cert *
find_bad(const struct bench *bench)
{
	const struct question *question = bench->question;

	for (size_t i = 0; first_bad.is_set && i < question->sent_count; i++)
		if (digest_equal(&question->sent[i].fingerprint, &first_bad.fingerprint))
			return &question->sent[i];
	for (size_t i = 0; first_bad.is_set && i < bench->cert_count; i++)
		if (digest_equal(&bench->added[i]->fingerprint, &first_bad.fingerprint))
			return bench->added[i];
	return NULL;
}

/* What its bits say, in the order in which they decide where there are several. */
static const struct {
	unsigned bit;
	const char *rule;
} meanings[] = {
	{ GNUTLS_CERT_SIGNER_NOT_FOUND, "anchor" },
	{ GNUTLS_CERT_SIGNATURE_FAILURE, "signature" },
	{ GNUTLS_CERT_SIGNER_NOT_CA, "basic-constraints" },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, "security-level" },
	{ GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, "name-constraints" },
	{ GNUTLS_CERT_EXPIRED, "validity" },
	{ GNUTLS_CERT_NOT_ACTIVATED, "validity" },
	{ GNUTLS_CERT_REVOKED, "revocation" },
	{ GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED, "revocation" },
	{ GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE, "revocation" },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, "extended-key-usage" },
	{ GNUTLS_CERT_UNEXPECTED_OWNER, "host-name" },
	{ GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS, "critical-extension" },
};

static const char *
rule_of_status(unsigned status)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if ((status & meanings[i].bit) != 0)
			return meanings[i].rule;
	return NULL;
}

static const char *
text_of_status(const struct bench *bench, unsigned status)
{
	gnutls_datum_t text = {};
	const char *ret;

	if (bench->gnutls->certificate_verification_status_print(
		    status, GNUTLS_CRT_X509, &text, 0) < 0)
		return "the certificate is not trusted";
	while (text.size > 0 && text.data[text.size - 1] == ' ')
		text.size--;
	ret = text_sanitize(bench->question->arena, (const char *)text.data, text.size);
	(*bench->gnutls->free)(text.data);
	return ret;
}

static unsigned
demands(const struct verifier *verifier, gnutls_typed_vdata_st data[static GNUTLS_MAX_DATA])
{
	static const char *const purposes[] = { [PURPOSE_CLIENT] = GNUTLS_KP_TLS_WWW_CLIENT,
		[PURPOSE_SERVER] = GNUTLS_KP_TLS_WWW_SERVER,
		[PURPOSE_ANY] = NULL };
	const char *purpose = purposes[verifier->purpose];
	unsigned count = 0;

	if (purpose != NULL)
		data[count++] = (gnutls_typed_vdata_st){ .type = GNUTLS_DT_KEY_PURPOSE_OID,
			.data = (unsigned char *)(uintptr_t)purpose };
	if (verifier->host != NULL)
		data[count++] = (gnutls_typed_vdata_st){ .type = GNUTLS_DT_DNS_HOSTNAME,
			.data = (unsigned char *)(uintptr_t)verifier->host };
	return count;
}

static void
ask(struct bench *bench, struct answer *answer)
{
	gnutls_typed_vdata_st data[GNUTLS_MAX_DATA];
	unsigned status = 0, count = demands(bench->question->verifier, data);
	int result;

	moment.is_set = true;
	moment.at = bench->question->at;
	first_bad.is_set = false;
	result = bench->gnutls->x509_trust_list_verify_crt2(bench->list, bench->sent,
		bench->sent_count, data, count, bench->flags, &status, note_first_bad);
	moment.is_set = false;
	answer->accepted = result >= 0 && status == 0;
	answer->error = result < 0 ? result : (int)status;
	answer->text = result < 0 ? bench->gnutls->strerror(result) : "";
	if (answer->accepted)
		return;
	answer->at = find_bad(bench);
	if (result >= 0) {
		answer->rule = rule_of_status(status);
		answer->text = text_of_status(bench, status);
	}
}

static struct answer
refuse_early(int error, const char *rule, const char *text)
{
	return (struct answer){ .error = error, .rule = rule, .text = text };
}

static struct answer
verify(struct bench *bench)
{
	struct answer answer = {};

	if (import_sent(bench) < 0)
		return refuse_early(GNUTLS_E_ASN1_DER_ERROR, "encoding",
			bench->gnutls->strerror(GNUTLS_E_ASN1_DER_ERROR));
	fill_list(bench);
	ask(bench, &answer);
	answer.bounded = bench->bounded;
	return answer;
}

static void
set_clock(void)
{
	gnutls_library()->global_set_time_function(tell_time);
}

static struct answer
gnutls_judge(const struct question *question)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct bench bench = { .gnutls = gnutls_library(), .question = question };
	struct answer answer;

	if (bench.gnutls == NULL || question->supposed_issuer != NULL)
		return (struct answer){ .is_undetermined = true,
			.text = bench.gnutls == NULL
					? "libgnutls.so.30 is not here, or cannot be set up"
					: "no client can be supposed before GnuTLS" };
	(void)pthread_once(&once, set_clock);
	bench.flags = flags_of_level(question->verifier->security_level);
	if (bench.gnutls->x509_trust_list_init(&bench.list, 0) < 0)
		return (struct answer){ .is_undetermined = true,
			.text = "GnuTLS cannot be set up" };
	answer = verify(&bench);
	for (unsigned i = 0; i < bench.sent_count; i++)
		bench.gnutls->x509_crt_deinit(bench.sent[i]);
	bench.gnutls->x509_trust_list_deinit(bench.list, 1);
	return answer;
}

const struct engine engine_gnutls = {
	.name = "gnutls",
	.title = "GnuTLS",
	.judge = gnutls_judge,
};
