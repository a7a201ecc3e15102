/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation by CRLs as RFC 5280 6.3.3 has it: for each distribution point the lists that cover it,
 * complete and delta, direct and indirect, until all reasons are covered. A list may be signed by a
 * CA on the path, or by any certificate of its issuer's name with a sound path to the same anchor.
 */
#include <openssl/x509.h>
#include <string.h>

#include "verify/effort.h"
#include "verify/explore.h"
#include "verify/revocation/crl.h"

enum {
	CRL_MAX_POINTS = 64, /* of one certificate */
	CRL_MAX_NESTING = 2, /* issuers of lists about issuers of lists */
};

/* One DistributionPoint; the one that stands for the issuer itself is all empty. */
struct point {
	struct span name; /* DistributionPointName content */
	struct span crl_issuer;
	bool has_crl_issuer;
	unsigned reasons;
};

struct inquiry {
	struct examination *examination;
	unsigned depth;
	const struct cert *cert;
	unsigned reasons; /* covered */
	bool is_revoked;
	int64_t revoked_at;
	/* Why a list that could have helped does not. */
	int error;
	const char *text;
	const struct crl *crl;
};

static void
note(struct inquiry *inquiry, const struct crl *crl, int error, const char *text)
{
	if (inquiry->error != X509_V_OK)
		return;
	inquiry->error = error;
	inquiry->text = text;
	inquiry->crl = crl;
}

static bool
is_current(struct inquiry *inquiry, const struct crl *crl)
{
	int64_t at = inquiry->examination->question->at;

	if (crl->this_update > at)
		note(inquiry, crl, X509_V_ERR_CRL_NOT_YET_VALID,
			"the CRL of its issuer is not valid yet (RFC 5280 5.1.2.4)");
	else if (crl->next_update != MOMENT_NEVER && crl->next_update < at)
		note(inquiry, crl, X509_V_ERR_CRL_HAS_EXPIRED,
			"the CRL of its issuer has expired (RFC 5280 5.1.2.5)");
	else
		return true;
	return false;
}

/* The directory name that a name relative to the issuer stands for (RFC 5280 4.2.1.13). */
static struct span
relative_name(struct arena *arena, struct span issuer, struct span attributes)
{
	CLEANUP(buffer_free) struct buffer content = {}, whole = {};
	struct der outer = der_of(issuer);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);

	buffer_add(&content, sequence.content.data, sequence.content.length);
	der_put(&content, DER_SET, attributes);
	der_put(&whole, DER_SEQUENCE, buffer_span(&content));
	return span_of(arena_dup(arena, whole.data, whole.length), whole.length);
}

/* The directory name of a GeneralName, or the relative one; empty for others. */
static struct span
directory_of(const struct subject_alt_name *name)
{
	return name->kind == 4 ? name->value : (struct span){};
}

static bool
names_share(struct span left, struct span right)
{
	struct der a = der_of(left);
	struct subject_alt_name one, other;

	while (subject_alt_name_next(&a, &one)) {
		struct der b = der_of(right);

		while (subject_alt_name_next(&b, &other)) {
			if (one.kind != other.kind)
				continue;
			if (directory_of(&one).length > 0 ? name_equal(one.value, other.value)
							  : span_equal(one.value, other.value))
				return true;
		}
	}
	return false;
}

static bool
names_have(struct span names, struct span directory)
{
	struct der walk = der_of(names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&walk, &name))
		if (directory_of(&name).length > 0 && name_equal(name.value, directory))
			return true;
	return false;
}

/* The GeneralNames of a DistributionPointName: full, or the one that is relative to the issuer. */
static struct span
full_names(struct arena *arena, struct span point_name, struct span issuer)
{
	CLEANUP(buffer_free) struct buffer names = {};
	struct der der = der_of(point_name);
	struct der_element element = der_optional(&der, DER_CONTEXT_CONSTRUCTED(0));

	if (element.tag != 0)
		return element.content;
	element = der_optional(&der, DER_CONTEXT_CONSTRUCTED(1));
	if (element.tag == 0)
		return (struct span){};
	der_put(&names, DER_CONTEXT_CONSTRUCTED(4), relative_name(arena, issuer, element.content));
	return span_of(arena_dup(arena, names.data, names.length), names.length);
}

static struct span
first_directory(struct span names)
{
	struct der walk = der_of(names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&walk, &name))
		if (directory_of(&name).length > 0)
			return name.value;
	return (struct span){};
}

/* RFC 5280 6.3.3 (b) (2) (i): the names of the list's own point. */
static bool
point_is_covered(struct inquiry *inquiry, const struct crl *crl, const struct point *point)
{
	const struct question *question = inquiry->examination->question;
	struct arena *arena = question->arena;
	struct span issuer =
		point->has_crl_issuer ? first_directory(point->crl_issuer) : inquiry->cert->issuer;
	struct span names;

	if (crl->scope.distribution_point.length == 0)
		return true;
	names = full_names(arena, crl->scope.distribution_point, crl->issuer);
	if (!effort_spend_lists(
		    question, names, point->name.length > 0 ? point->name : point->crl_issuer))
		return false;
	if (point->name.length > 0)
		return names_share(names, full_names(arena, point->name, issuer));
	if (point->has_crl_issuer)
		return names_share(names, point->crl_issuer);
	/* The last paragraph of 6.3.3 takes the issuer's name for a point. But a list for that
	 * point is another one than those that the certificate names, where it names some. */
	return inquiry->cert->crl_distribution_points.length == 0 &&
	       names_have(names, inquiry->cert->issuer);
}

/* RFC 5280 6.3.3 (b) */
static bool
is_in_scope(struct inquiry *inquiry, const struct crl *crl, const struct point *point)
{
	const struct cert *cert = inquiry->cert;
	bool is_own = name_equal(crl->issuer, cert->issuer);

	if (point->has_crl_issuer ? !names_have(point->crl_issuer, crl->issuer) : !is_own)
		return false;
	if (crl->scope.only_attribute || (crl->scope.only_user && cert->is_ca) ||
		(crl->scope.only_ca && !cert->is_ca) || (!is_own && !crl->scope.indirect) ||
		!point_is_covered(inquiry, crl, point)) {
		note(inquiry, crl, X509_V_ERR_DIFFERENT_CRL_SCOPE,
			"the CRL's issuing distribution point does not cover this certificate "
			"(RFC 5280 6.3.3 (b))");
		return false;
	}
	return true;
}

static bool
has_unknown_critical(struct inquiry *inquiry, const struct crl *crl)
{
	bool found = crl->unknown_critical.length > 0 || crl->entry_critical;

	if (found)
		note(inquiry, crl, X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION,
			"the CRL has a critical extension that is unknown (RFC 5280 5.2)");
	return found;
}

/* RFC 5280 6.3.3 (f): a path of its own to the same anchor, by the same rules. */
static bool
has_path(struct inquiry *inquiry, const struct cert *issuer)
{
	const struct question *question = inquiry->examination->question;
	const struct path *path = inquiry->examination->path;
	const struct cert *anchor = path->certs[path->length - 1];
	struct verifier verifier = *question->verifier;
	struct question nested = *question;
	struct cert *sent;
	struct exploration exploration;

	if (question->nesting >= CRL_MAX_NESTING)
		return false;
	sent = arena_alloc(question->arena, (question->sent_count + 1) * sizeof(sent[0]));
	sent[0] = *issuer;
	for (size_t i = 0; i < question->sent_count; i++)
		sent[i + 1] = question->sent[i];
	verifier.purpose = PURPOSE_ANY;
	verifier.host = NULL;
	verifier.policy_count = 0;
	nested.verifier = &verifier;
	nested.sent = sent;
	nested.sent_count++;
	nested.nesting++;
	exploration = explore_paths(&nested);
	for (size_t i = 0; i < exploration.count; i++) {
		struct path *found = &exploration.paths[i];
		const struct cert *last = found->certs[found->length - 1];

		path_examine(&nested, found);
		if (path_weight(&verifier, found) == 0 &&
			name_equal(last->subject, anchor->subject) &&
			digest_equal(&last->key_digest, &anchor->key_digest))
			return true;
	}
	return false;
}

static bool
may_sign(const struct cert *issuer)
{
	return !issuer->has_key_usage || (issuer->key_usage & KEY_USAGE_CRL_SIGN) != 0;
}

static bool
signed_by(const struct inquiry *inquiry, const struct crl *crl, const struct cert *issuer)
{
	return name_equal(issuer->subject, crl->issuer) &&
	       signature_crl(inquiry->examination->question->judge->signatures, crl,
		       issuer->spki) == SIGNATURE_GOOD;
}

/* A signer of the list that is not on the path; NULL where none is fit. */
static const struct cert *
find_other_signer(struct inquiry *inquiry, const struct crl *crl)
{
	const struct question *question = inquiry->examination->question;
	struct graph_walk walk = graph_by_subject(question->graph, crl->issuer);
	const struct trusted *trusted;

	for (size_t i = 1; i < question->sent_count; i++)
		if (signed_by(inquiry, crl, &question->sent[i]) && may_sign(&question->sent[i]) &&
			has_path(inquiry, &question->sent[i]))
			return &question->sent[i];
	while ((trusted = graph_next_subject(&walk, question->trust, crl->issuer)) != NULL)
		if (signed_by(inquiry, crl, trusted->cert) && may_sign(trusted->cert) &&
			has_path(inquiry, trusted->cert))
			return trusted->cert;
	return NULL;
}

/* RFC 5280 6.3.3 (f), (g) */
static const struct cert *
find_signer(struct inquiry *inquiry, const struct crl *crl)
{
	const struct path *path = inquiry->examination->path;
	const struct cert *signer;

	for (unsigned i = inquiry->depth; i < path->length; i++) {
		/* A certificate says nothing of itself, unless it is the anchor. */
		if ((i == inquiry->depth && i + 1 < path->length) ||
			!signed_by(inquiry, crl, path->certs[i]))
			continue;
		if (may_sign(path->certs[i]))
			return path->certs[i];
		note(inquiry, crl, X509_V_ERR_KEYUSAGE_NO_CRL_SIGN,
			"the key usage of the CRL's issuer lacks cRLSign (RFC 5280 6.3.3 (f))");
	}
	signer = find_other_signer(inquiry, crl);
	if (signer == NULL)
		note(inquiry, crl, X509_V_ERR_CRL_SIGNATURE_FAILURE,
			"the CRL was not signed by the CA, or by another whose path leads to the "
			"same anchor (RFC 5280 6.3.3 (f), (g))");
	return signer;
}

enum listing { LISTING_NONE, LISTING_REVOKED, LISTING_REMOVED, LISTING_LOST };

/* RFC 5280 6.3.3 (i), (j). */
static enum listing
look_up(struct inquiry *inquiry, const struct crl *crl)
{
	CLEANUP(crl_search_end)
	struct crl_search search = crl_search_begin(crl, inquiry->cert->serial);
	struct span issuers;
	struct crl_entry entry;
	int found;

	while ((found = crl_search_next(&search, &entry)) > 0) {
		issuers = entry.certificate_issuer;
		if (issuers.length > 0 ? !names_have(issuers, inquiry->cert->issuer)
				       : !name_equal(crl->issuer, inquiry->cert->issuer))
			continue;
		inquiry->revoked_at = entry.revoked_at;
		return entry.reason == REASON_REMOVED ? LISTING_REMOVED : LISTING_REVOKED;
	}
	if (found == 0)
		return LISTING_NONE;
	note(inquiry, crl, X509_V_ERR_UNABLE_TO_GET_CRL, crl_lost_text);
	return LISTING_LOST;
}

/* RFC 5280 6.3.3 (c), (h): a delta of the same scope, whose base this list is not older than. */
static bool
delta_fits(struct inquiry *inquiry, const struct crl *delta, const struct crl *crl,
	const struct cert *signer)
{
	if (!delta->is_delta || !crl->has_number || !delta->has_number ||
		crl_number_compare(crl->number, delta->base_number) < 0 ||
		crl_number_compare(crl->number, delta->number) >= 0)
		return false;
	if (delta->scope.only_ca != crl->scope.only_ca ||
		delta->scope.only_user != crl->scope.only_user ||
		delta->scope.indirect != crl->scope.indirect ||
		delta->scope.reasons != crl->scope.reasons ||
		!span_equal(delta->scope.distribution_point, crl->scope.distribution_point))
		return false;
	return delta->unknown_critical.length == 0 &&
	       delta->this_update <= inquiry->examination->question->at &&
	       (delta->next_update == MOMENT_NEVER ||
		       inquiry->examination->question->at <= delta->next_update) &&
	       signed_by(inquiry, delta, signer);
}

static enum listing
look_up_deltas(struct inquiry *inquiry, const struct crl *crl, const struct cert *signer)
{
	const struct question *question = inquiry->examination->question;
	struct graph_walk walk = graph_crls(question->graph, crl->issuer);
	const struct crl *delta, *newest = NULL;

	while ((delta = graph_next_crl(&walk, question->trust, crl->issuer)) != NULL)
		if (delta_fits(inquiry, delta, crl, signer) &&
			(newest == NULL || crl_number_compare(delta->number, newest->number) > 0))
			newest = delta;
	return newest != NULL ? look_up(inquiry, newest) : LISTING_NONE;
}

/* RFC 5280 6.3.3 (b) to (l), of one list. */
static void
ask(struct inquiry *inquiry, const struct crl *crl, const struct point *point)
{
	unsigned reasons = point->reasons & crl->scope.reasons;
	const struct cert *signer;
	enum listing listing;

	if (crl->is_delta || !is_in_scope(inquiry, crl, point) ||
		(reasons & ~inquiry->reasons) == 0 || !is_current(inquiry, crl) ||
		has_unknown_critical(inquiry, crl))
		return;
	signer = find_signer(inquiry, crl);
	if (signer == NULL)
		return;
	listing = look_up_deltas(inquiry, crl, signer);
	if (listing == LISTING_NONE)
		listing = look_up(inquiry, crl);
	if (listing == LISTING_LOST)
		return;
	if (listing == LISTING_REVOKED) {
		inquiry->is_revoked = true;
		inquiry->crl = crl;
	}
	inquiry->reasons |= reasons;
}

static void
ask_of(struct inquiry *inquiry, struct span issuer, const struct point *point)
{
	const struct question *question = inquiry->examination->question;
	struct graph_walk walk = graph_crls(question->graph, issuer);
	const struct crl *crl;

	while (!inquiry->is_revoked &&
		(crl = graph_next_crl(&walk, question->trust, issuer)) != NULL)
		ask(inquiry, crl, point);
}

static void
ask_point(struct inquiry *inquiry, const struct point *point)
{
	struct der names = der_of(point->crl_issuer);
	struct subject_alt_name name;

	if (!point->has_crl_issuer)
		ask_of(inquiry, inquiry->cert->issuer, point);
	while (point->has_crl_issuer && subject_alt_name_next(&names, &name))
		if (directory_of(&name).length > 0)
			ask_of(inquiry, name.value, point);
}

static struct point
read_point(const struct der_element *element)
{
	struct der inside = der_enter(element);
	struct point point = { .reasons = CRL_REASONS_ALL };
	struct der_element part;

	point.name = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(0)).content;
	part = der_optional(&inside, DER_CONTEXT(1));
	if (part.tag != 0)
		point.reasons = crl_reasons(part.content);
	part = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(2));
	point.has_crl_issuer = part.tag != 0;
	point.crl_issuer = part.content;
	return point;
}

/* The points that the certificate names, then its issuer itself. */
static void
ask_points(struct inquiry *inquiry)
{
	struct der points = der_of(inquiry->cert->crl_distribution_points);
	struct point own = { .reasons = CRL_REASONS_ALL };

	for (unsigned i = 0; i < CRL_MAX_POINTS && !der_at_end(&points); i++) {
		struct der_element element = der_expect(&points, DER_SEQUENCE);
		struct point point = read_point(&element);

		if (!inquiry->is_revoked)
			ask_point(inquiry, &point);
	}
	if (!inquiry->is_revoked && inquiry->reasons != CRL_REASONS_ALL)
		ask_point(inquiry, &own);
}

static void
conclude(struct inquiry *inquiry)
{
	struct arena *arena = inquiry->examination->question->arena;
	const char *issuer = name_text(arena, inquiry->cert->issuer);
	struct failure *failure = NULL;
	char moment[MOMENT_TEXT_SIZE];

	if (inquiry->is_revoked) {
		moment_text(inquiry->revoked_at, moment);
		failure = path_fail(inquiry->examination, &rule_revocation, inquiry->depth,
			X509_V_ERR_CERT_REVOKED,
			"a CRL lists it as revoked since %s (RFC 5280 6.3.3 (j))", moment);
	} else if (inquiry->reasons == CRL_REASONS_ALL) {
		return;
	} else if (inquiry->error != X509_V_OK) {
		failure = path_fail(inquiry->examination, &rule_revocation, inquiry->depth,
			inquiry->error, "%s", inquiry->text);
	} else {
		(void)path_fail(inquiry->examination, &rule_revocation, inquiry->depth,
			X509_V_ERR_UNABLE_TO_GET_CRL,
			inquiry->reasons == 0
				? "there is no CRL of its issuer %s (RFC 5280 6.3.3)"
				: "no CRL of its issuer %s covers all reasons (RFC 5280 6.3.3)",
			issuer);
	}
	if (failure != NULL)
		failure->crl = inquiry->crl;
}

void
crl_check_by_standard(struct examination *examination, unsigned depth)
{
	struct inquiry inquiry = {
		.examination = examination,
		.depth = depth,
		.cert = examination->path->certs[depth],
	};

	ask_points(&inquiry);
	conclude(&inquiry);
}
