/* SPDX-License-Identifier: Apache-2.0 */
/* Who may sign answers about certificates of a CA (RFC 6960 4.2.2.2). */
#include "verify/issued.h"
#include "verify/revocation/crl.h"
#include "verify/revocation/ocsp.h"

#define OID_NO_CHECK "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"

/* What is asked of one certificate that may have signed. */
struct signer {
	const struct question *question;
	const struct ocsp_response *response;
	const struct cert *issuer; /* of the certificate that is asked about */
	const struct cert *cert;
};

static bool
has_signed(const struct signer *signer, const struct cert *cert)
{
	return signature_ocsp(signer->question->judge->signatures, signer->response, cert->spki) ==
	       SIGNATURE_GOOD;
}

static bool
has_extension(const struct cert *cert, const char *oid, size_t length)
{
	struct der extensions = der_of(cert->extensions);
	struct cert_extension extension;

	while (cert_extension_next(&extensions, &extension))
		if (der_oid_is(extension.oid, oid, length))
			return true;
	return false;
}

/*
 * RFC 6960 4.2.2.2.1: of one without id-pkix-ocsp-nocheck it is to be told whether it is revoked,
 * by the lists that are at hand; where there is none it is for the verifier to say, and all that
 * are known let it pass. One of a list that cannot be asked any more does not pass.
 */
static const char *
revocation_fault(const struct signer *signer)
{
	const struct question *question = signer->question;
	const struct cert *issuer = signer->issuer;
	struct graph_walk walk;
	const struct crl *crl;
	int found;

	if (has_extension(signer->cert, OID_NO_CHECK, sizeof(OID_NO_CHECK) - 1))
		return NULL;
	walk = graph_crls(question->graph, issuer->subject);
	while ((crl = graph_next_crl(&walk, question->trust, issuer->subject)) != NULL) {
		found = crl_find(crl, signer->cert->serial, NULL);
		if (found != 0 && signature_crl(question->judge->signatures, crl, issuer->spki) ==
					  SIGNATURE_GOOD)
			return found > 0 ? "it is revoked (RFC 6960 4.2.2.2.1)" : crl_lost_text;
	}
	return NULL;
}

static bool
may_sign_by_usage(const struct cert *cert)
{
	return !cert->has_key_usage ||
	       (cert->key_usage & (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION)) != 0;
}

/* Why a certificate that signed the answer is no delegate of the CA; NULL where it is. */
static const char *
delegation_fault(const struct signer *signer)
{
	const struct question *question = signer->question;
	const struct cert *cert = signer->cert;
	bool is_standard = question->verifier->by_standard;

	if (!judge_issued(question->judge, signer->issuer, cert))
		return "it was not issued by the CA itself (RFC 6960 4.2.2.2)";
	/* anyExtendedKeyUsage does not delegate: the value must be there. */
	if (!cert->has_extended_key_usage || (cert->extended_key_usage & EKU_OCSP_SIGNING) == 0)
		return "it lacks the extended key usage OCSPSigning (RFC 6960 4.2.2.2)";
	/* X509_PURPOSE_OCSP_HELPER asks for no key usage. */
	if (is_standard && !may_sign_by_usage(cert))
		return "its key usage has neither digitalSignature nor nonRepudiation (RFC 5280 "
		       "4.2.1.12)";
	if (cert->not_before > question->at)
		return "it is not valid yet (RFC 5280 4.1.2.5)";
	if (cert->not_after < question->at)
		return "it has expired (RFC 5280 4.1.2.5)";
	if (cert->unknown_critical.length > 0)
		return "it has a critical extension that is unknown (RFC 5280 4.2)";
	return revocation_fault(signer);
}

/* The certificate is not needed to be in the answer: the CA itself, byName or byKey. */
static bool
issuer_has_signed(const struct signer *signer)
{
	return ocsp_responder_is(signer->response, signer->issuer) &&
	       has_signed(signer, signer->issuer);
}

/* RFC 6960 4.2.2.2: "matches a local configuration of OCSP signing authority". */
static bool
configured_has_signed(const struct signer *signer)
{
	const struct trust *trust = signer->question->trust;

	for (size_t i = 0; i < trust->ocsp_signer_count; i++)
		if (ocsp_responder_is(signer->response, trust->ocsp_signers[i]) &&
			has_signed(signer, trust->ocsp_signers[i]))
			return true;
	return false;
}

static bool
unauthorised(const struct signer *signer, const char *why, enum ocsp_fault fault,
	enum ocsp_fault *ret_fault, const char **ret_text)
{
	struct arena *arena = signer->question->arena;

	*ret_fault = fault;
	*ret_text = why;
	if (signer->cert != NULL)
		*ret_text = arena_printf(arena, "the answer is signed by %s, who may not: %s",
			name_text(arena, signer->cert->subject), why);
	return false;
}

bool
ocsp_signer_is_authorised(const struct question *question, const struct ocsp_response *response,
	const struct cert *issuer, enum ocsp_fault *ret_fault, const char **ret_text)
{
	struct signer signer = { .question = question, .response = response, .issuer = issuer };
	struct der certificates = der_of(response->certificates);
	bool is_named = ocsp_responder_is(response, issuer);
	const char *fault = NULL;
	struct cert cert, refused;

	if (issuer_has_signed(&signer) || configured_has_signed(&signer))
		return true;
	while (ocsp_certificate_next(&certificates, &cert)) {
		if (!ocsp_responder_is(response, &cert))
			continue;
		is_named = true;
		if (!has_signed(&signer, &cert))
			continue;
		if (question->verifier->ocsp.signer_unchecked)
			return true;
		signer.cert = &cert;
		fault = delegation_fault(&signer);
		if (fault == NULL)
			return true;
		refused = cert;
	}
	signer.cert = fault != NULL ? &refused : NULL;
	if (fault != NULL)
		return unauthorised(&signer, fault, OCSP_FAULT_SIGNER, ret_fault, ret_text);
	if (is_named)
		return unauthorised(&signer,
			"the key of the responder that the answer names did not sign it (RFC 6960 "
			"3.2)",
			OCSP_FAULT_SIGNATURE, ret_fault, ret_text);
	return unauthorised(&signer,
		"the answer names a responder that is neither the CA nor among the certificates "
		"that it carries (RFC 6960 4.2.2.2)",
		OCSP_FAULT_SIGNER, ret_fault, ret_text);
}
