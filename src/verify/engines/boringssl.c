/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BoringSSL's X509_verify_cert, as Envoy asks it for a client's certificate: purpose "ssl_client",
 * X509_V_FLAG_PARTIAL_CHAIN, since any certificate of trusted_ca is an anchor (BoringSSL's
 * crypto/x509/x509_vfy.cc, v3_purp.cc, v3_ncons.cc; Envoy's default_validator.cc). As OpenSSL 1.0.2
 * with the store first: the first issuer that fits by name and key identifier is taken, and it does
 * not go back. Unlike OpenSSL 3 it has no security level, and looks at the path length and usages
 * of what was sent alone. The last second of notAfter is past, as to OpenSSL.
 *
 * Debian has no program of it that could be asked: these rules are read from the source, and have
 * been compared with nothing but public suites of cases. Revocation is RFC 5280's here.
 */
#include <openssl/x509.h>
#include <string.h>

#include "verify/engines/constraints.h"
#include "verify/engines/profile.h"
#include "verify/engines/signing.h"
#include "verify/issued.h"

#define ID_CE "\x55\x1d"

enum { BORINGSSL_MAX_COMPARISONS = 1 << 20, BORINGSSL_MAX_DEPTH = 100 };

/* x509_parse and x509v3_cache_extensions: what it cannot read it takes for no certificate. */
static const char *
unreadable(const struct cert *cert)
{
	if (cert->version < 3 && cert->extensions.length > 0)
		return "BoringSSL refuses extensions where the version has none (x_x509.cc)";
	if (cert->version < 2 && cert->has_unique_ids)
		return "BoringSSL refuses unique identifiers in version 1 (x_x509.cc)";
	return NULL;
}

/* X509_supported_extension */
static const char *
find_critical(const struct route *route, unsigned depth)
{
	static const char *const known[] = { ID_CE "\x0f", ID_CE "\x11", ID_CE "\x13", ID_CE "\x1e",
		ID_CE "\x20", ID_CE "\x21", ID_CE "\x24", ID_CE "\x25", ID_CE "\x36" };
	struct span oid;

	return cert_has_critical(route->path.certs[depth], known, COUNT_OF(known), &oid)
		       ? "it has a critical extension that BoringSSL does not know (v3_purp.cc, "
			 "X509_supported_extension)"
		       : NULL;
}

/* check_ca: version 1 is taken where it is self-signed. */
static const char *
find_no_ca(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	if (cert->has_key_usage && (cert->key_usage & KEY_USAGE_CERT_SIGN) == 0)
		return "its key usage lacks keyCertSign (v3_purp.cc, check_ca)";
	if (cert->version == 1 && cert_is_self_signed(cert))
		return NULL;
	return cert->is_ca ? NULL : "it is no CA by its basicConstraints (v3_purp.cc, check_ca)";
}

/* check_purpose_ssl_client and _server; anyExtendedKeyUsage stands for neither. */
static const char *
find_other_usage(const struct route *route, unsigned depth)
{
	return route_serves(route, depth, 0)
		       ? NULL
		       : "its extended key usage lacks the one that is wanted, which BoringSSL "
			 "asks "
			 "of CAs too (v3_purp.cc)";
}

/* check_purpose: one of the usages that TLS has for such a key. */
static const char *
find_no_tls_usage(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];
	unsigned usages = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT;

	if (route->question->verifier->purpose == PURPOSE_SERVER)
		usages |= KEY_USAGE_KEY_ENCIPHERMENT;
	return cert->has_key_usage && (cert->key_usage & usages) == 0
		       ? "its key usage has none that TLS could use (v3_purp.cc, check_purpose)"
		       : NULL;
}

/* x509v3_cache_extensions, which every certificate of a path must pass. */
static const char *
find_invalid(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	return cert->path_length != CERT_PATH_LENGTH_NONE && !cert->is_ca
		       ? "it has a path length and is no CA (v3_purp.cc, x509v3_cache_extensions)"
		       : NULL;
}

/* check_chain_extensions: of what was sent alone. */
static const char *
find_path_too_long(const struct route *route, unsigned depth)
{
	const struct path *path = &route->path;
	int below = 0;

	for (unsigned i = 1; i < depth; i++)
		below += !cert_is_self_issued(path->certs[i]);
	return depth > 1 && path->certs[depth]->path_length != CERT_PATH_LENGTH_NONE &&
			       below > path->certs[depth]->path_length
		       ? "more CAs are below it than its path length allows (x509_vfy.cc)"
		       : NULL;
}

static const char *
find_early(const struct route *route, unsigned depth)
{
	return route->question->at < route->path.certs[depth]->not_before
		       ? "it is not valid yet (x509_vfy.cc, check_cert_time)"
		       : NULL;
}

static const char *
find_late(const struct route *route, unsigned depth)
{
	return route->question->at >= route->path.certs[depth]->not_after
		       ? "it has expired (x509_vfy.cc, check_cert_time)"
		       : NULL;
}

/* nc_match_single is OpenSSL's. */
static enum subtree_fit
fit_of(struct arena *arena, unsigned kind, struct span name, struct span base)
{
	struct name_manner as_openssl = { .arena = arena };

	switch (name_match(&as_openssl, kind, name, base)) {
	case X509_V_OK:
		return FIT_INSIDE;
	case X509_V_ERR_PERMITTED_VIOLATION:
		return FIT_OUTSIDE;
	default:
		return FIT_IMPOSSIBLE;
	}
}

#define FITS(function, kind)                                                   \
	static enum subtree_fit function(                                      \
		struct arena *arena, struct span name, struct span base, bool) \
	{                                                                      \
		return fit_of(arena, kind, name, base);                        \
	}
FITS(fits_mail, GENERAL_NAME_MAIL)
FITS(fits_dns, GENERAL_NAME_DNS)
FITS(fits_directory, GENERAL_NAME_DIRECTORY)
FITS(fits_uri, GENERAL_NAME_URI)
#undef FITS

/* Addresses and what else there is are of an unsupported kind
 * (X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE). */
static const struct constraint_manner manner = {
	.fits = { [GENERAL_NAME_OTHER] = fits_impossible,
		[GENERAL_NAME_MAIL] = fits_mail,
		[GENERAL_NAME_DNS] = fits_dns,
		[GENERAL_NAME_DIRECTORY] = fits_directory,
		[GENERAL_NAME_URI] = fits_uri,
		[GENERAL_NAME_IP] = fits_impossible,
		[GENERAL_NAME_ID] = fits_impossible },
	.subject = true,
	.subject_mail = true,
	.subject_mail_always = true,
	.max_comparisons = BORINGSSL_MAX_COMPARISONS,
	.refuses_distances = true,
};

/* check_name_constraints: of anchors too; self-issued certificates but the leaf are exempt. A leaf
 * without alternative names whose common name looks like a host is refused
 * (reject_dns_name_in_common_name). */
static const char *
find_outside(const struct route *route, unsigned depth)
{
	const struct path *path = &route->path;
	const struct cert *cert = path->certs[depth];
	struct arena *arena = route->question->arena;
	bool is_constrained = false;

	if (depth > 0 && cert_is_self_issued(cert))
		return NULL;
	for (unsigned above = depth + 1; above < path->length; above++) {
		const struct cert *ca = path->certs[above];
		const char *fault = ca->name_constraints.length > 0
					    ? constraints_fault(route->question, &manner, ca, cert)
					    : NULL;

		is_constrained = is_constrained || ca->name_constraints.length > 0;
		if (fault != NULL)
			return fault;
	}
	return depth == 0 && is_constrained && cert->subject_alt_names.length == 0 &&
			       name_looks_like_host(cert_common_name(arena, cert))
		       ? "it has no alternative names, and a common name like a host, below name "
			 "constraints (x509_vfy.cc)"
		       : NULL;
}

/* x509_digest_verify_init knows what EVP_get_digestbynid does; MD5 and less are gone. */
static const char *
weakness(const struct route *, const struct cert *subject, const struct cert *issuer)
{
	struct signing signing = signing_of(subject->signature_algorithm);

	if (signing.hash == HASH_MD2 || signing.hash == HASH_MD4 || signing.hash == HASH_MD5 ||
		signing.kind == KEY_OTHER || signing.kind == KEY_DSA || signing.kind == KEY_ED448)
		return "BoringSSL does not take the algorithm of its signature (algorithm.cc)";
	if (signing.kind == KEY_RSA_PSS && !signing_has_one_digest(&signing))
		return "BoringSSL takes RSASSA-PSS with one digest and a salt of its length only "
		       "(rsa_pss.cc)";
	return issuer->key.explicit_parameters ? "BoringSSL reads named curves only (p_ec_asn1.cc)"
					       : NULL;
}

static const struct demand of_paths[] = {
	{ "encoding", AT_ALL, 0, X509_V_ERR_INVALID_EXTENSION, find_invalid },
	{ "critical-extension", AT_SENT, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		find_critical },
	{ "basic-constraints", AT_INTERMEDIATE, 0, X509_V_ERR_INVALID_CA, find_no_ca },
	{ "extended-key-usage", AT_SENT, FOR_TLS, X509_V_ERR_INVALID_PURPOSE, find_other_usage },
	{ "key-usage", AT_LEAF, FOR_TLS, X509_V_ERR_INVALID_PURPOSE, find_no_tls_usage },
	{ "path-length", AT_INTERMEDIATE, 0, X509_V_ERR_PATH_LENGTH_EXCEEDED, find_path_too_long },
	/* X509_check_host: alternative names alone. */
	{ "host-name", AT_LEAF, 0, X509_V_ERR_HOSTNAME_MISMATCH, demand_host_name },
	{ "revocation", AT_LEAF, 0, X509_V_ERR_CERT_REVOKED, demand_revocation },
	{ "validity", AT_ALL, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
	{ "validity", AT_ALL, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	{ "name-constraints", AT_SENT, 0, X509_V_ERR_PERMITTED_VIOLATION, find_outside },
	{ "policies", AT_LEAF, 0, X509_V_ERR_NO_EXPLICIT_POLICY, demand_policies },
};

static const struct profile profile = {
	.unreadable = unreadable,
	.weakness = weakness,
	.whole = DEMANDS(of_paths),
	.collects = true,
};

/* X509_check_issued: the name, the key identifier, and that a key usage allows to sign. */
static bool
is_issuer(const struct cert *issuer, const struct cert *subject)
{
	return name_equal(issuer->subject, subject->issuer) &&
	       key_id_fits_subject(issuer, subject) &&
	       (!issuer->has_key_usage || (issuer->key_usage & KEY_USAGE_CERT_SIGN) != 0);
}

/* X509_STORE_CTX_get1_issuer: the first of the store that fits. */
static const struct trusted *
find_stored(const struct route *route)
{
	struct anchor_walk walk = anchors_named(route, route_last(route)->issuer);
	const struct trusted *trusted;

	while ((trusted = anchors_next(&walk)) != NULL)
		if (is_issuer(trusted->cert, route_last(route)))
			return trusted;
	return NULL;
}

/* find_issuer: the first of what was sent that fits and is not on the path. */
static const struct cert *
find_sent(const struct route *route)
{
	const struct question *question = route->question;

	for (size_t i = 1; i < question->sent_count; i++) {
		const struct cert *cert = &question->sent[i];
		bool is_used = false;

		for (unsigned j = 0; j < route->path.length; j++)
			is_used = is_used || route->path.certs[j] == cert;
		if (!is_used && route_reads(route, cert) && is_issuer(cert, route_last(route)))
			return cert;
	}
	return NULL;
}

/* X509_verify_cert: what was sent until the store has an issuer, then the store. */
static bool
climb(struct route *route)
{
	int limit = route->question->verifier->depth.value;
	unsigned longest = (unsigned)(limit >= 0 ? limit : BORINGSSL_MAX_DEPTH) + 2;
	const struct trusted *trusted = NULL;
	bool reached = false;

	if (longest > PATH_MAX_DEPTH)
		longest = PATH_MAX_DEPTH;
	while (route->path.length < longest && !cert_is_self_signed(route_last(route))) {
		const struct cert *sent;

		trusted = find_stored(route);
		sent = trusted == NULL && !reached ? find_sent(route) : NULL;
		if (trusted == NULL && sent == NULL)
			break;
		reached = reached || trusted != NULL;
		route_push(route, trusted != NULL ? trusted->cert : sent, trusted);
	}
	if (reached)
		return true;
	/* A self-signed leaf must be in the store; with partial chains any leaf that is there will
	 * do (check_trust). */
	trusted = anchor_same(route, route->path.certs[0]);
	if (trusted != NULL) {
		while (route->path.length > 1)
			route_pop(route);
		route->path.anchors[0] = trusted;
		route->path.ends_in_anchor = true;
		return true;
	}
	return route_refuse(route, 1, "anchor", route->path.length - 1,
		X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		"its issuer is not in the store, and is not followed further");
}

static bool
is_good(struct route *route)
{
	bool good = climb(route);

	for (unsigned i = 0; good && i + 1 < route->path.length; i++)
		good = route_signed(route, i);
	return good && route_meets_all(route, &profile.whole);
}

static struct answer
boringssl_judge(const struct question *question)
{
	struct route route;
	bool accepted = route_begin(&route, question, &profile) && is_good(&route);

	return route_answer(&route, accepted);
}

const struct engine engine_boringssl = {
	.name = "boringssl",
	.title = "BoringSSL (Envoy)",
	.judge = boringssl_judge,
};
