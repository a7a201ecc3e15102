/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation as NSS's cache of CRLs has it (lib/certdb/crl.c): the newest list of the issuer's name
 * speaks, whatever its own times are; lists with critical extensions that NSS does not process, as
 * the issuing distribution point is one, are not taken in (CERT_CacheCRL); and one list whose
 * signature is bad spoils all of that name (DPCache_SelectCRL).
 */
#include <openssl/x509.h>

#include "verify/engines/nss_rules.h"

enum status { STATUS_UNKNOWN, STATUS_VALID, STATUS_REVOKED };

static bool
is_taken_in(const struct crl *crl)
{
	return crl->unknown_critical.length == 0 && !crl->scope.present && !crl->is_delta;
}

/* CERT_VerifyCRL */
static bool
is_signed(const struct question *question, const struct crl *crl, const struct cert *issuer)
{
	if (issuer->has_key_usage && (issuer->key_usage & KEY_USAGE_CRL_SIGN) == 0)
		return false;
	return signature_crl(question->judge->signatures, crl, issuer->spki) == SIGNATURE_GOOD;
}

/* cert_CheckCertRevocationStatus: a revocation that is to come is none yet. */
static enum status
status_of(const struct question *question, const struct cert *cert, const struct cert *issuer,
	const struct crl **ret_list)
{
	struct graph_walk walk = graph_crls(question->graph, issuer->subject);
	const struct crl *crl, *newest = NULL;
	struct crl_entry entry;

	while ((crl = graph_next_crl(&walk, question->trust, issuer->subject)) != NULL) {
		if (!is_taken_in(crl) || !span_equal(crl->issuer, issuer->subject))
			continue;
		if (!is_signed(question, crl, issuer))
			return STATUS_UNKNOWN;
		if (newest == NULL || crl->this_update > newest->this_update)
			newest = crl;
	}
	*ret_list = newest;
	if (newest == NULL)
		return STATUS_UNKNOWN;
	if (crl_find(newest, cert->serial, &entry) && entry.revoked_at <= question->at)
		return STATUS_REVOKED;
	/* NameCacheHasFetchedCrlInfo: of one that names distribution points only a list that was
	 * fetched from there says that it is good. */
	return cert->crl_distribution_points.length > 0 ? STATUS_UNKNOWN : STATUS_VALID;
}

static void
check_cert(struct examination *examination, unsigned depth, const struct cert *issuer)
{
	const struct question *question = examination->question;
	const struct crl *list = NULL;
	struct failure *failure = NULL;

	switch (status_of(question, examination->path->certs[depth], issuer, &list)) {
	case STATUS_VALID:
		break;
	case STATUS_REVOKED:
		failure = path_fail(examination, &nss_revocation, depth, X509_V_ERR_CERT_REVOKED,
			"the newest CRL of its issuer lists it as revoked");
		break;
	case STATUS_UNKNOWN:
		if (!question->verifier->crl_missing_ok)
			failure = path_fail(examination, &nss_revocation, depth,
				X509_V_ERR_UNABLE_TO_GET_CRL,
				list != NULL ? "it names distribution points, and NSS takes the "
					       "word of no CRL that was not fetched from there"
					     : "there is no CRL of its issuer that NSS takes, or "
					       "one whose signature is bad spoils the others");
		break;
	}
	if (failure != NULL)
		failure->crl = list;
}

/* pkix_CheckChain: each certificate below the anchor. */
static void
revocation_check(struct examination *examination)
{
	const struct path *path = examination->path;
	enum crl_check wanted = examination->question->verifier->crl_check;
	unsigned below = path->ends_in_anchor && path->length > 1 ? path->length - 1 : path->length;
	unsigned end = wanted == CRL_CHECK_CHAIN ? below : 1;

	for (unsigned i = 0; wanted != CRL_CHECK_NONE && i < end; i++)
		check_cert(examination, i, path->certs[i + 1 < path->length ? i + 1 : i]);
}

const struct rule nss_revocation = {
	.name = "revocation",
	.change = "get a list of its CA that NSS takes",
	.cost = CHANGE_LIST,
	.check = revocation_check,
};
