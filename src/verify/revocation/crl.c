/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/revocation/crl.h"

#include <openssl/x509.h>

#include "verify/issued.h"
#include "verify/revocation/scope.h"

const struct rule rule_revocation = {
	.name = "revocation",
	.change = "get a list of its CA that is valid and covers it",
	.cost = CHANGE_LIST,
	.check = crl_check_path,
};

const char crl_lost_text[] =
	"the CRL was changed while it was in use, or can be read no more: nothing is known of it";

/*
 * How well a CRL suits a certificate, in OpenSSL's weights (crypto/x509/x509_vfy.c, get_crl_score).
 * The best one is taken, and of equals the newer one; only then is it checked.
 */
enum crl_score {
	CRL_SCORE_NO_CRITICAL = 0x100,
	CRL_SCORE_SCOPE = 0x080,
	CRL_SCORE_TIME = 0x040,
	CRL_SCORE_ISSUER_NAME = 0x020,
	CRL_SCORE_ISSUER_CERT = 0x018,
	CRL_SCORE_SAME_PATH = 0x008,
	CRL_SCORE_KEY_ID = 0x004,
};

struct choice {
	const struct crl *crl;
	const struct cert *issuer; /* on the path, whose key is to have signed it */
	unsigned score;
};

static bool
is_current(const struct crl *crl, int64_t at)
{
	return crl->this_update <= at &&
	       (crl->next_update == MOMENT_NEVER || at < crl->next_update);
}

/* crl_akid_check: the next certificate up, or further up one of the CRL issuer's name. */
static const struct cert *
find_issuer(const struct path *path, unsigned depth, const struct crl *crl, unsigned *score)
{
	unsigned next = depth + 1 < path->length ? depth + 1 : depth;

	if (!crl->has_authority_key_id || key_id_fits(path->certs[next], &crl->authority_key_id)) {
		*score |= CRL_SCORE_KEY_ID | CRL_SCORE_ISSUER_CERT;
		return path->certs[next];
	}
	for (unsigned i = next + 1; i < path->length; i++)
		if (name_equal(path->certs[i]->subject, crl->issuer) &&
			key_id_fits(path->certs[i], &crl->authority_key_id)) {
			*score |= CRL_SCORE_KEY_ID | CRL_SCORE_SAME_PATH;
			return path->certs[i];
		}
	return NULL;
}

/* Score 0: OpenSSL does not consider it at all. */
static struct choice
weigh(const struct examination *examination, unsigned depth, const struct crl *crl)
{
	struct choice choice = { .crl = crl, .score = CRL_SCORE_ISSUER_NAME };

	/* Without X509_V_FLAG_EXTENDED_CRL_SUPPORT, which no server sets. */
	if (crl->scope.indirect || crl->scope.only_some_reasons || crl->is_delta)
		return (struct choice){};
	if (is_current(crl, examination->question->at))
		choice.score |= CRL_SCORE_TIME;
	if (crl_covers(crl, examination->path->certs[depth]))
		choice.score |= CRL_SCORE_SCOPE;
	choice.issuer = find_issuer(examination->path, depth, crl, &choice.score);
	if (choice.issuer == NULL)
		return (struct choice){};
	/* A critical extension of an entry counts as one of the list (crl_set_issuers). */
	if (crl->unknown_critical.length == 0 && !crl->entry_critical)
		choice.score |= CRL_SCORE_NO_CRITICAL;
	return choice;
}

static struct choice
choose(const struct examination *examination, unsigned depth)
{
	const struct question *question = examination->question;
	struct span issuer = examination->path->certs[depth]->issuer;
	struct graph_walk walk = graph_crls(question->graph, issuer);
	struct choice best = {};
	const struct crl *crl;

	while ((crl = graph_next_crl(&walk, question->trust, issuer)) != NULL) {
		struct choice choice = weigh(examination, depth, crl);

		if (choice.score > best.score || (choice.score != 0 && choice.score == best.score &&
							 crl->this_update > best.crl->this_update))
			best = choice;
	}
	return best;
}

static void
fail(struct examination *examination, unsigned depth, const struct choice *choice, int error,
	const char *text)
{
	struct failure *failure =
		path_fail(examination, &rule_revocation, depth, error, "%s", text);

	if (failure != NULL)
		failure->crl = choice->crl;
}

static void
fail_at(struct examination *examination, unsigned depth, const struct choice *choice, int error,
	const char *what, int64_t moment)
{
	char text[MOMENT_TEXT_SIZE];

	moment_text(moment, text);
	fail(examination, depth, choice, error,
		arena_printf(examination->question->arena, "the CRL of %s %s %s (RFC 5280 5.1.2)",
			name_text(examination->question->arena, choice->crl->issuer), what, text));
}

/* Why there is none, as far as the CRLs of that name tell. */
static const char *
missing_text(const struct examination *examination, unsigned depth)
{
	const struct question *question = examination->question;
	struct span issuer = examination->path->certs[depth]->issuer;
	struct graph_walk walk = graph_crls(question->graph, issuer);
	const struct crl *crl = graph_next_crl(&walk, question->trust, issuer);
	const char *name = name_text(question->arena, issuer);

	if (crl == NULL)
		return arena_printf(question->arena,
			"the server has no CRL of its issuer %s (RFC 5280 6.3.3)", name);
	if (crl->is_delta)
		return arena_printf(question->arena,
			"the server has only a delta CRL of %s and not its base (RFC 5280 5.2.4)",
			name);
	if (crl->scope.indirect || crl->scope.only_some_reasons)
		return arena_printf(question->arena,
			"the CRL of %s is indirect or for some reasons only, which the server does "
			"not "
			"process (RFC 5280 5.2.5)",
			name);
	return arena_printf(question->arena,
		"the CRL of %s was made with another key: its authority key identifier names none "
		"of "
		"the path (RFC 5280 5.2.1)",
		name);
}

static void
check_list(struct examination *examination, unsigned depth, const struct choice *choice)
{
	const struct question *question = examination->question;
	const struct cert *issuer = choice->issuer;
	const struct crl *crl = choice->crl;

	if (issuer->has_key_usage && (issuer->key_usage & KEY_USAGE_CRL_SIGN) == 0)
		fail(examination, depth, choice, X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
			"the key usage of the CRL's issuer lacks cRLSign (RFC 5280 6.3.3 (f))");
	if ((choice->score & CRL_SCORE_SCOPE) == 0)
		fail(examination, depth, choice, X509_V_ERR_DIFFERENT_CRL_SCOPE,
			"the CRL's issuing distribution point does not cover this certificate "
			"(RFC 5280 6.3.3 (b))");
	if (crl->this_update > question->at)
		fail_at(examination, depth, choice, X509_V_ERR_CRL_NOT_YET_VALID,
			"is not valid before", crl->this_update);
	if (crl->next_update != MOMENT_NEVER && crl->next_update <= question->at)
		fail_at(examination, depth, choice, X509_V_ERR_CRL_HAS_EXPIRED, "expired at",
			crl->next_update);
	if (signature_crl(question->judge->signatures, crl, issuer->spki) != SIGNATURE_GOOD)
		fail(examination, depth, choice, X509_V_ERR_CRL_SIGNATURE_FAILURE,
			"the CRL was not signed by the key of the CA (RFC 5280 6.3.3 (g))");
}

static void
check_entry(struct examination *examination, unsigned depth, const struct choice *choice)
{
	struct crl_entry entry;
	int found = crl_find(choice->crl, examination->path->certs[depth]->serial, &entry);

	if ((choice->score & CRL_SCORE_NO_CRITICAL) == 0)
		fail(examination, depth, choice, X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
			"the CRL has a critical extension that is unknown (RFC 5280 5.2)");
	if (found < 0)
		fail(examination, depth, choice, X509_V_ERR_UNABLE_TO_GET_CRL, crl_lost_text);
	if (found > 0)
		fail_at(examination, depth, choice, X509_V_ERR_CERT_REVOKED,
			"lists this certificate as revoked since", entry.revoked_at);
}

static void
check_cert(struct examination *examination, unsigned depth)
{
	struct choice choice = choose(examination, depth);

	if (choice.crl == NULL) {
		fail(examination, depth, &choice, X509_V_ERR_UNABLE_TO_GET_CRL,
			missing_text(examination, depth));
		return;
	}
	check_list(examination, depth, &choice);
	check_entry(examination, depth, &choice);
}

void
crl_check_path(struct examination *examination)
{
	enum crl_check wanted = examination->question->verifier->crl_check;
	const struct path *path = examination->path;
	unsigned end = wanted == CRL_CHECK_CHAIN ? path->length : 1;

	/* RFC 5280 6.3 is about certificates, and a trust anchor is none; OpenSSL asks for it too.
	 */
	if (by_standard(examination) && end > 1 && is_anchor(path, end - 1))
		end--;

	for (unsigned i = 0; wanted != CRL_CHECK_NONE && i < end; i++) {
		if (by_standard(examination))
			crl_check_by_standard(examination, i);
		else
			check_cert(examination, i);
	}
}
