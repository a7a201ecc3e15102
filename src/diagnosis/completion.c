/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/completion.h"

#include "verify/issued.h"

enum { COST_ANCHOR = 1000, COST_CERTIFICATE = 1, COST_NONE = 1 << 30, SEARCH_MAX_STEPS = 20'000 };

struct search {
	struct scene *scene;
	const struct trust *trust;
	const struct client *client;
	struct completion now, best;
	int cost, best_cost;
	unsigned steps;
	bool left_sent; /* the path has a certificate from the store, or one that goes there */
};

static bool
is_valid_at(const struct cert *cert, int64_t at)
{
	return cert->not_before <= at && at <= cert->not_after;
}

/* As OpenSSL takes it (x509v3/v3_purp.c, check_ca): a leaf among known-good files is no issuer. */
static bool
may_issue(const struct cert *cert)
{
	if (cert->has_basic_constraints)
		return cert->is_ca;
	return cert->version < 3 ||
	       (cert->has_key_usage && (cert->key_usage & KEY_USAGE_CERT_SIGN) != 0);
}

static bool
is_on_path(const struct search *search, const struct cert *cert)
{
	for (size_t i = 0; i < search->now.length; i++)
		if (span_equal(search->now.path[i]->spki, cert->spki) &&
			name_equal(search->now.path[i]->subject, cert->subject))
			return true;
	return false;
}

static bool
is_trusted(const struct search *search, const struct cert *cert)
{
	for (size_t i = 0; i < search->trust->anchor_count; i++)
		if (cert_same(search->trust->anchors[i].cert, cert))
			return true;
	return false;
}

/* OpenSSL follows the store's certificate of that name and key identifier, whatever was sent. */
static bool
store_goes_first(const struct search *search, const struct cert *subject)
{
	for (size_t i = 0; i < search->trust->anchor_count; i++) {
		const struct cert *stored = search->trust->anchors[i].cert;

		if (name_equal(stored->subject, subject->issuer) &&
			key_id_fits_subject(stored, subject))
			return true;
	}
	return false;
}

/* Once it has taken one from the store, it looks at nothing more that was sent (build_chain). */
static bool
looks_at_sent(const struct search *search, const struct cert *subject)
{
	return !search->left_sent && !store_goes_first(search, subject);
}

static void search_above(struct search *search, const struct cert *subject);

/* Takes one candidate issuer onto the path, looks further up, and takes it off again. */
static void
search_through(struct search *search, const struct cert *subject, const struct cert *issuer,
	const struct material_cert *material, bool sent)
{
	bool anchor = cert_is_self_issued(issuer), had_left_sent = search->left_sent;
	int cost = material == NULL ? 0 : anchor ? COST_ANCHOR : COST_CERTIFICATE;

	if (++search->steps > SEARCH_MAX_STEPS || search->now.length >= PATH_MAX_DEPTH ||
		search->cost + cost >= search->best_cost)
		return;
	if (!is_valid_at(issuer, search->scene->request->at) || is_on_path(search, issuer) ||
		(material != NULL && !may_issue(issuer)))
		return;
	if (subject != NULL && !judge_issued(search->scene->diagnosis->judge, issuer, subject))
		return;
	search->now.path[search->now.length] = issuer;
	search->now.added[search->now.length++] = material;
	search->now.added_count += material != NULL;
	search->cost += cost;
	search->left_sent = search->left_sent || !sent;
	if (anchor) {
		search->now.adds_anchor = material != NULL;
		search->best = search->now;
		search->best_cost = search->cost;
	} else {
		search_above(search, issuer);
	}
	search->left_sent = had_left_sent;
	search->cost -= cost;
	search->now.added_count -= material != NULL;
	search->now.length--;
}

static void
search_above(struct search *search, const struct cert *subject)
{
	const struct material *material = &search->scene->diagnosis->material;

	for (size_t i = 0; i < search->trust->anchor_count; i++)
		if (name_equal(search->trust->anchors[i].cert->subject, subject->issuer))
			search_through(
				search, subject, search->trust->anchors[i].cert, NULL, false);
	for (size_t i = 0; looks_at_sent(search, subject) && i < search->client->chain_length;
		i++) {
		const struct cert *sent = &search->client->chain[i];

		/* What a client sends may carry a path, but never end it. */
		if (!cert_is_self_issued(sent) && name_equal(sent->subject, subject->issuer))
			search_through(search, subject, sent, NULL, true);
	}
	for (size_t i = 0; i < material->cert_count; i++)
		if (name_equal(material->certs[i].cert->subject, subject->issuer) &&
			!is_trusted(search, material->certs[i].cert))
			search_through(search, subject, material->certs[i].cert,
				&material->certs[i], false);
}

/* A supposed client starts at its CA: trusted already, sent, or known-good. */
static void
search_supposed(struct search *search)
{
	const struct cert *ca = search->client->supposed_issuer;
	const struct material *material = &search->scene->diagnosis->material;

	if (is_trusted(search, ca) ||
		(search->client->chain_length > 0 && cert_same(&search->client->chain[0], ca)))
		search_through(search, NULL, ca, NULL, !is_trusted(search, ca));
	for (size_t i = 0; i < material->cert_count; i++)
		if (cert_same(material->certs[i].cert, ca) && search->best_cost == COST_NONE)
			search_through(search, NULL, ca, &material->certs[i], false);
}

bool
completion_find(
	struct scene *scene, size_t verifier, const struct client *client, struct completion *ret)
{
	struct search search = {
		.scene = scene,
		.trust = scene->trusts[verifier],
		.client = client,
		.best_cost = COST_NONE,
	};

	if (client->supposed_issuer != NULL)
		search_supposed(&search);
	else if (client->chain_length > 0)
		search_above(&search, &client->chain[0]);
	*ret = search.best;
	return search.best_cost < COST_NONE;
}
