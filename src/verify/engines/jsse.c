/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSSE of OpenJDK 17: the PKIX trust manager of a server that is shown a client's certificate
 * (sun.security.ssl.X509TrustManagerImpl, sun.security.validator.PKIXValidator and
 * EndEntityChecker, sun.security.provider.certpath). Where the chain is sent in order and ends
 * below or at an anchor it is validated as it stands; else paths are built, with going back. An
 * anchor is a key and a name: neither its validity nor its constraints count, but it must be a CA.
 * Where no purpose is asked for there is no trust manager, and the path builder alone decides.
 * Disabled algorithms are those of Debian's java.security.
 */
#include <openssl/x509.h>
#include <string.h>

#include "verify/engines/jsse_names.h"
#include "verify/engines/jsse_reader.h"
#include "verify/engines/profile.h"
#include "verify/engines/signing.h"

#define ID_CE              "\x55\x1d"
#define NETSCAPE_CERT_TYPE "\x60\x86\x48\x01\x86\xf8\x42\x01\x01"

enum {
	JAVA_MIN_RSA_BITS = 1'024,
	JAVA_MIN_EC_BITS = 224,
	JAVA_MAX_INTERMEDIATES = 5,
	NETSCAPE_CLIENT = 0x80,
	NETSCAPE_SERVER = 0x40,
	KEY_USAGES_OF_KEYS = 0x7f, /* all but encipherOnly and decipherOnly */
};

static bool
is_self_issued(const struct cert *cert)
{
	return jsse_same_name(cert->issuer, cert->subject);
}

static const char *
find_critical(const struct route *route, unsigned depth)
{
	static const char *const known[] = { ID_CE "\x0f", ID_CE "\x11", ID_CE "\x13", ID_CE "\x1e",
		ID_CE "\x20", ID_CE "\x21", ID_CE "\x24", ID_CE "\x25", ID_CE "\x36" };
	struct span oid;

	if (!cert_has_critical(route->path.certs[depth], known, COUNT_OF(known), &oid))
		return NULL;
	return "it has a critical extension that no checker supports "
	       "(PKIXMasterCertPathValidator, ForwardBuilder.verifyCert)";
}

static const char *
find_early(const struct route *route, unsigned depth)
{
	return route->question->at < route->path.certs[depth]->not_before
		       ? "it is not valid yet (BasicChecker.verifyValidity)"
		       : NULL;
}

static const char *
find_late(const struct route *route, unsigned depth)
{
	return route->question->at > route->path.certs[depth]->not_after
		       ? "it has expired (BasicChecker.verifyValidity)"
		       : NULL;
}

/* DisabledAlgorithmConstraints, jdk.certpath.disabledAlgorithms; at security level 0 the property
 * is empty. */
static const char *
find_weak_key(const struct route *route, unsigned depth)
{
	const struct key_info *key = &route->path.certs[depth]->key;

	if (route_is_lax(route))
		return NULL;
	if ((key->kind == KEY_RSA || key->kind == KEY_RSA_PSS || key->kind == KEY_DSA) &&
		key->bits < JAVA_MIN_RSA_BITS)
		return "its key has less than 1024 bits (jdk.certpath.disabledAlgorithms)";
	if (key->kind == KEY_EC && key->bits < JAVA_MIN_EC_BITS)
		return "its curve has less than 224 bits (jdk.certpath.disabledAlgorithms)";
	return NULL;
}

/* AlgorithmChecker.check: a key usage that leaves nothing that a key may do. */
static const char *
find_empty_usage(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	return cert->has_key_usage && (cert->key_usage & KEY_USAGES_OF_KEYS) == 0
		       ? "its key usage allows nothing (AlgorithmChecker.check)"
		       : NULL;
}

/* KeyChecker.verifyCAKeyUsage */
static const char *
find_no_signer(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	return cert->has_key_usage && (cert->key_usage & KEY_USAGE_CERT_SIGN) == 0
		       ? "its key usage lacks keyCertSign (KeyChecker.verifyCAKeyUsage)"
		       : NULL;
}

/* ConstraintsChecker.checkBasicConstraints: of version 1 and 2 only what is next to the anchor and
 * issued itself. */
static const char *
find_no_ca(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	if (cert->version < 3)
		return depth + 2 == route->path.length && is_self_issued(cert)
			       ? NULL
			       : "it is of version 1 or 2 (ConstraintsChecker)";
	return cert->has_basic_constraints && cert->is_ca
		       ? NULL
		       : "it is no CA by its basicConstraints (ConstraintsChecker)";
}

/* ForwardBuilder.verifyCert */
static const char *
find_no_ca_at_all(const struct route *route, unsigned depth)
{
	return route->path.certs[depth]->is_ca ? NULL : "it is no CA (ForwardBuilder.verifyCert)";
}

/* The path length of the anchor does not count; self-issued certificates are not counted. */
static const char *
find_path_too_long(const struct route *route, unsigned depth)
{
	const struct path *path = &route->path;
	int below = 0;

	for (unsigned i = 1; i < depth; i++)
		below += !is_self_issued(path->certs[i]);
	return path->certs[depth]->path_length != CERT_PATH_LENGTH_NONE &&
			       below > path->certs[depth]->path_length
		       ? "more CAs are below it than its path length allows (ConstraintsChecker)"
		       : NULL;
}

/* ForwardBuilder.getMatchingCACerts: PKIXBuilderParameters allow 5 where nobody sets it. */
static const char *
find_too_many(const struct route *route, unsigned depth)
{
	int limit = route->question->verifier->depth.value, below = 0;

	for (unsigned i = 1; i < depth; i++)
		below += !is_self_issued(route->path.certs[i]);
	return below >= (limit >= 0 ? limit : JAVA_MAX_INTERMEDIATES)
		       ? "more intermediates than the builder takes (PKIXBuilderParameters)"
		       : NULL;
}

/* SunCertPathBuilder.depthFirstSearchForward: two self-issued certificates in a row end not only
 * this path but all that would have been tried behind it. */
static bool
ends_level(const struct route *route)
{
	unsigned depth = route->path.length - 1;

	return depth > 1 && is_self_issued(route->path.certs[depth]) &&
	       is_self_issued(route->path.certs[depth - 1]);
}

/* PKIXCertComparator, as far as it goes before it counts the steps between names: what the key
 * identifier names, then what an anchor issued. */
static unsigned
merit(const struct route *route, const struct cert *cert, bool)
{
	struct span wanted = route_last(route)->authority_key_id.key_id;
	struct anchor_walk walk = anchors_named(route, cert->issuer);

	if (wanted.length > 0 && span_equal(wanted, cert->subject_key_id))
		return 2;
	return anchors_next(&walk) != NULL;
}

/* PolicyChecker: the flag policyQualifiersRejected is set by default. */
static const char *
find_qualifier(const struct route *route, unsigned depth)
{
	static const char any[] = ID_CE "\x20\x00";
	const struct cert *cert = route->path.certs[depth];
	struct der outer = der_of(cert->policies);
	struct der_element sequence = der_optional(&outer, DER_SEQUENCE);
	struct der list = der_enter(&sequence);

	while (!der_at_end(&list) && cert_extension_is_critical(cert, ID_CE "\x20", 3)) {
		struct der_element policy = der_expect(&list, DER_SEQUENCE);
		struct der inside = der_enter(&policy);
		struct span oid = der_oid(&inside);

		if (!der_at_end(&inside) && !der_oid_is(oid, any, sizeof(any) - 1))
			return "its policies are critical and have qualifiers "
			       "(PolicyChecker.processPolicies)";
	}
	return NULL;
}

/* AlgorithmChecker, and what SunEC and SunRsaSign verify with. */
static const char *
weakness(const struct route *route, const struct cert *subject, const struct cert *issuer)
{
	struct signing signing = signing_of(subject->signature_algorithm);
	const char *curve = issuer->key.curve != NULL ? issuer->key.curve : "";

	if (!route_is_lax(route) && (signing.hash == HASH_MD2 || signing.hash == HASH_MD5))
		return "its signature's digest is disabled (jdk.certpath.disabledAlgorithms)";
	if (signing.kind == KEY_OTHER)
		return "Java does not know the algorithm of its signature";
	if (issuer->key.kind == KEY_EC && strcmp(curve, "P-256") != 0 &&
		strcmp(curve, "P-384") != 0 && strcmp(curve, "P-521") != 0)
		return "Java verifies on the curves P-256, P-384 and P-521 only (SunEC since 16)";
	return NULL;
}

/* AdaptableX509CertSelector: of version 1 and 2, which say nothing of their keys, the time of both
 * must fit. */
static const char *
find_other_time(const struct route *route, unsigned depth)
{
	const struct cert *anchor = route->path.certs[depth];
	const struct cert *subject = route->path.certs[depth - 1];

	return anchor->version < 3 && (subject->not_before < anchor->not_before ||
					      subject->not_after > anchor->not_after)
		       ? "the anchor is of version 1 or 2 and not valid as long as what it issued "
			 "(AdaptableX509CertSelector)"
		       : NULL;
}

/* ForwardBuilder.getMatchingCACerts asks it of intermediates; but its selector keeps the date, and
 * so the anchors of all later steps are asked as well. */
static const char *
find_late_anchor(const struct route *route, unsigned depth)
{
	const char *early = find_early(route, depth);

	if (depth == 1)
		return NULL;
	return early != NULL ? early : find_late(route, depth);
}

static const struct demand of_candidates[] = {
	{ "validity", AT_INTERMEDIATE, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
	{ "validity", AT_INTERMEDIATE, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	{ "depth", AT_INTERMEDIATE, 0, X509_V_ERR_CERT_CHAIN_TOO_LONG, find_too_many },
	{ "basic-constraints", AT_INTERMEDIATE, 0, X509_V_ERR_INVALID_CA, find_no_ca_at_all },
	{ "key-usage", AT_INTERMEDIATE, 0, X509_V_ERR_KEYUSAGE_NO_CERTSIGN, find_no_signer },
	{ "critical-extension", AT_INTERMEDIATE, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		find_critical },
	{ "anchor", AT_ANCHOR, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_other_time },
	{ "validity", AT_ANCHOR, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late_anchor },
};

static const struct demand of_paths[] = {
	{ "critical-extension", AT_SENT, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		find_critical },
	{ "security-level", AT_ALL, 0, X509_V_ERR_CA_KEY_TOO_SMALL, find_weak_key },
	{ "key-usage", AT_SENT, 0, X509_V_ERR_INVALID_PURPOSE, find_empty_usage },
	{ "validity", AT_SENT, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
	{ "validity", AT_SENT, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	{ "basic-constraints", AT_INTERMEDIATE, 0, X509_V_ERR_INVALID_CA, find_no_ca },
	{ "key-usage", AT_INTERMEDIATE, 0, X509_V_ERR_KEYUSAGE_NO_CERTSIGN, find_no_signer },
	{ "path-length", AT_INTERMEDIATE, 0, X509_V_ERR_PATH_LENGTH_EXCEEDED, find_path_too_long },
	{ "name-constraints", AT_SENT, 0, X509_V_ERR_PERMITTED_VIOLATION, jsse_find_outside },
	{ "policies", AT_SENT, 0, X509_V_ERR_INVALID_POLICY_EXTENSION, find_qualifier },
	{ "policies", AT_LEAF, 0, X509_V_ERR_NO_EXPLICIT_POLICY, demand_policies },
	{ "revocation", AT_LEAF, 0, X509_V_ERR_CERT_REVOKED, demand_revocation },
};

static const struct profile profile = {
	.unreadable = jsse_unreadable,
	.same_name = jsse_same_name,
	.repeats = repeats_name_and_key, /* SunCertPathBuilder.repeated */
	.merit = merit,
	.one_pool = true,
	.last_first = true,
	.ends_level = ends_level,
	.weakness = weakness,
	.joining = DEMANDS(of_candidates),
	.whole = DEMANDS(of_paths),
	.signatures_last = true,
};

/* EndEntityChecker.checkTLSClient; of a server, the usages of signing cipher suites. */
static const char *
find_no_signature_usage(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	return cert->has_key_usage && (cert->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) == 0
		       ? "its key usage lacks digitalSignature (EndEntityChecker)"
		       : NULL;
}

static const char *
find_other_usage(const struct route *route, unsigned depth)
{
	if (route_serves(route, depth, EKU_ANY))
		return NULL;
	return "its extended key usage lacks the one that is wanted (EndEntityChecker)";
}

static const char *
find_other_type(const struct route *route, unsigned depth)
{
	unsigned wanted = route->question->verifier->purpose == PURPOSE_SERVER ? NETSCAPE_SERVER
									       : NETSCAPE_CLIENT;
	struct cert_extension extension;
	struct der der;
	struct span bits;
	unsigned unused;

	if (!cert_extension_find(route->path.certs[depth], NETSCAPE_CERT_TYPE, &extension))
		return NULL;
	der = der_of(extension.value);
	bits = der_bits(&der, &unused);
	return bits.length > 0 && (bits.data[0] & wanted) != 0
		       ? NULL
		       : "its Netscape certificate type is another one (EndEntityChecker)";
}

/* PKIXValidator.verifyTrustAnchor: one of version 1 or 2 is taken. */
static const char *
find_anchor_no_ca(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	if (cert->version < 3)
		return NULL;
	if (!cert->is_ca)
		return "the anchor is no CA by its basicConstraints "
		       "(PKIXValidator.verifyTrustAnchor)";
	return cert->has_key_usage && (cert->key_usage & KEY_USAGE_CERT_SIGN) == 0
		       ? "the anchor's key usage lacks keyCertSign "
			 "(PKIXValidator.verifyTrustAnchor)"
		       : NULL;
}

static const struct demand of_anchors[] = {
	{ "anchor", AT_ANCHOR, 0, X509_V_ERR_INVALID_CA, find_anchor_no_ca },
};

static const struct demand of_entities[] = {
	{ "key-usage", AT_LEAF, 0, X509_V_ERR_INVALID_PURPOSE, find_no_signature_usage },
	{ "extended-key-usage", AT_LEAF, 0, X509_V_ERR_INVALID_PURPOSE, find_other_usage },
	{ "extended-key-usage", AT_LEAF, 0, X509_V_ERR_INVALID_PURPOSE, find_other_type },
};

static const struct demand of_hosts[] = {
	{ "host-name", AT_LEAF, 0, X509_V_ERR_HOSTNAME_MISMATCH, jsse_find_other_host },
};

/* X509CertSelector asks the leaf's validity of the builder. */
static bool
build(struct route *route)
{
	static const struct demand of_leaf[] = {
		{ "validity", AT_LEAF, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
		{ "validity", AT_LEAF, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	};
	static const struct demands leaf = DEMANDS(of_leaf);

	while (route->path.length > 1)
		route_pop(route);
	if (anchor_same(route, route->path.certs[0]) != NULL)
		return true;
	return route_meets(route, &leaf, 0) && route_search(route);
}

/* AdaptableX509CertSelector, as PKIXCertPathValidator.validate sets it: what the authority key
 * identifier says, where the anchor says it too. */
static bool
key_id_fits_anchor(const struct cert *subject, const struct cert *anchor)
{
	const struct authority_key_id *id = &subject->authority_key_id;

	if (id->key_id.length > 0 && anchor->subject_key_id.length > 0 &&
		!span_equal(id->key_id, anchor->subject_key_id))
		return false;
	return id->serial.length == 0 || anchor->version < 3 ||
	       span_equal(id->serial, anchor->serial);
}

/* PKIXCertPathValidator.validate: any anchor of the last issuer's name will do. */
static bool
validate(struct route *route)
{
	struct anchor_walk walk = anchors_named(route, route_last(route)->issuer);
	const struct trusted *trusted;

	while ((trusted = anchors_next(&walk)) != NULL) {
		bool is_good = true;

		if (!key_id_fits_anchor(route_last(route), trusted->cert))
			continue;
		route_push(route, trusted->cert, trusted);
		for (unsigned i = 0; is_good && i + 1 < route->path.length; i++)
			is_good = route_signed(route, i);
		if (is_good && route_meets_all(route, &profile.whole))
			return true;
		route_pop(route);
	}
	return route_refuse(route, 1, "anchor", route->path.length - 1,
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "no anchor signed it");
}

/* Whether an anchor has this name and key, whatever else differs. */
static bool
is_anchor_key(const struct route *route, const struct cert *cert)
{
	struct anchor_walk walk = anchors_named(route, cert->subject);
	const struct trusted *trusted;

	while ((trusted = anchors_next(&walk)) != NULL)
		if (digest_equal(&trusted->cert->key_digest, &cert->key_digest))
			return true;
	return false;
}

/* PKIXValidator.engineValidate */
static bool
validate_or_build(struct route *route)
{
	const struct question *question = route->question;
	struct anchor_walk walk;

	for (size_t i = 1; i < question->sent_count; i++) {
		const struct cert *cert = &question->sent[i];

		if (!route_reads(route, cert))
			continue;
		if (!jsse_same_name(cert->subject, route_last(route)->issuer) ||
			route->path.length + 1 >= PATH_MAX_DEPTH)
			return build(route);
		if (is_anchor_key(route, cert))
			return validate(route);
		route_push(route, cert, NULL);
	}
	walk = anchors_named(route, route_last(route)->issuer);
	return anchors_next(&walk) != NULL ? validate(route) : build(route);
}

/* Which of several anchors ends the path is the order of a hash set of Java's, which differs from
 * run to run: where it matters, nobody can tell. */
static void
note_chance(struct route *route)
{
	unsigned last = route->path.length - 1;
	const struct cert *taken = route->path.certs[last];
	struct route other = *route;
	struct anchor_walk walk = anchors_named(route, taken->subject);
	bool is_refused = find_anchor_no_ca(route, last) != NULL;
	const struct trusted *trusted;

	while ((trusted = anchors_next(&walk)) != NULL && !route->path.bounded) {
		route_pop(&other);
		route_push(&other, trusted->cert, trusted);
		if ((find_anchor_no_ca(&other, last) != NULL) != is_refused &&
			route_signed(&other, last - 1) && route_meets_all(&other, &profile.whole))
			route->path.bounded = true;
	}
}

/* A leaf that is trusted itself is asked for nothing else (Validator.validate). */
static bool
ask_manager(struct route *route)
{
	static const struct demands anchor = DEMANDS(of_anchors), entity = DEMANDS(of_entities);

	if (anchor_same(route, route->path.certs[0]) != NULL)
		return true;
	if (!validate_or_build(route))
		return false;
	if (route->path.length == 1)
		return true;
	if (!route_meets_all(route, &entity))
		return false;
	note_chance(route);
	return route_meets_all(route, &anchor);
}

static struct answer
jsse_judge(const struct question *question)
{
	static const struct demands hosts = DEMANDS(of_hosts);
	struct route route;
	bool accepted = route_begin(&route, question, &profile);

	if (accepted)
		accepted = question->verifier->purpose == PURPOSE_ANY ? build(&route)
								      : ask_manager(&route);
	accepted = accepted && route_meets(&route, &hosts, 0);
	return route_answer(&route, accepted);
}

const struct engine engine_jsse = {
	.name = "jsse",
	.title = "JSSE (OpenJDK 17)",
	.judge = jsse_judge,
};
