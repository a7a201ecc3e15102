/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rustls-webpki, as rustls' WebPkiClientVerifier asks it for a client's certificate
 * (src/verify_cert.rs, cert.rs, x509.rs, subject_name/, signed_data.rs, and rustls'
 * src/webpki/client_verifier.rs). An anchor is a name, a key and name constraints, and nothing else
 * of it counts. Key usages are not looked at, nor are policies.
 *
 * Debian has no program of it that could be asked: these rules are read from the source, and have
 * been compared with nothing but public suites of cases.
 */
#include <arpa/inet.h>
#include <openssl/x509.h>
#include <string.h>

#include "verify/engines/constraints.h"
#include "verify/engines/profile.h"
#include "verify/engines/signing.h"

#define ID_CE "\x55\x1d"

enum {
	RUSTLS_MAX_SIGNATURES = 100,
	RUSTLS_MAX_COMPARISONS = 250'000,
	RUSTLS_MAX_LENGTH = 8, /* MAX_SUB_CA_COUNT is 6; the leaf and the anchor besides */
	RUSTLS_MIN_RSA_BITS = 2'048,
	RUSTLS_MAX_RSA_BITS = 8'192,
	PATH_LENGTH_MAX = 255, /* one octet */
};

/* Cert::from_der: version 3 alone, no unique identifiers. Of an anchor (anchor_from_trusted_cert)
 * versions 1 and 3 are read. */
static const char *
unreadable(const struct cert *cert)
{
	if (cert->version == 2 || (cert->version == 1 && cert->extensions.length > 0))
		return "webpki reads certificates of version 3 only (cert.rs, version3)";
	if (cert->has_unique_ids)
		return "webpki refuses unique identifiers (cert.rs)";
	if (!span_equal(cert->inner_algorithm, cert->signature_algorithm))
		return "webpki refuses another signature algorithm inside than outside (cert.rs)";
	return NULL;
}

static const char *
find_old_version(const struct route *route, unsigned depth)
{
	return route->path.certs[depth]->version != 3
		       ? "webpki reads certificates of version 3 only (cert.rs, version3)"
		       : NULL;
}

/* remember_cert_extension: what is not remembered must not be critical; policies are not. */
static const char *
find_critical(const struct route *route, unsigned depth)
{
	static const char *const known[] = { ID_CE "\x0f", ID_CE "\x11", ID_CE "\x13", ID_CE "\x1e",
		ID_CE "\x1f", ID_CE "\x25" };
	struct span oid;

	return cert_has_critical(route->path.certs[depth], known, COUNT_OF(known), &oid)
		       ? "it has a critical extension that webpki does not know (x509.rs, "
			 "remember_extension)"
		       : NULL;
}

static const char *
find_early(const struct route *route, unsigned depth)
{
	return route->question->at < route->path.certs[depth]->not_before
		       ? "it is not valid yet (verify_cert.rs, check_validity)"
		       : NULL;
}

static const char *
find_late(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	return route->question->at > cert->not_after || cert->not_before > cert->not_after
		       ? "it has expired (verify_cert.rs, check_validity)"
		       : NULL;
}

/* check_basic_constraints: a leaf that is a CA is refused too. */
static const char *
find_ca_as_leaf(const struct route *route, unsigned depth)
{
	return route->path.certs[depth]->is_ca
		       ? "it is a CA, which webpki takes for no client (verify_cert.rs, "
			 "check_basic_constraints)"
		       : NULL;
}

static const char *
find_no_ca(const struct route *route, unsigned depth)
{
	return route->path.certs[depth]->is_ca ? NULL
					       : "it is no CA (verify_cert.rs, "
						 "check_basic_constraints)";
}

/* Self-issued certificates count. */
static const char *
find_path_too_long(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	if (cert->path_length > PATH_LENGTH_MAX)
		return "its path length is of more than one octet (der.rs)";
	return cert->path_length != CERT_PATH_LENGTH_NONE && (int)depth - 1 > cert->path_length
		       ? "more CA certificates are below it than its path length allows "
			 "(verify_cert.rs, check_basic_constraints)"
		       : NULL;
}

/* ExtendedKeyUsage::RequiredIfPresent: usages nest, and anyExtendedKeyUsage stands for none. */
static const char *
find_other_usage(const struct route *route, unsigned depth)
{
	return route_serves(route, depth, 0)
		       ? NULL
		       : "its extended key usage lacks the one that is wanted; webpki asks it of "
			 "CAs too, and takes anyExtendedKeyUsage for none (verify_cert.rs)";
}

/* subject_name/dns_name.rs: a name and its subdomains; ".base" these alone. */
static enum subtree_fit
fits_dns(struct arena *, struct span name, struct span base, bool)
{
	if (base.length > 0 && base.data[0] == '.' && name.length == base.length - 1)
		return FIT_OUTSIDE;
	return host_is_in_domain(name, base) ? FIT_INSIDE : FIT_OUTSIDE;
}

/* subject_name/ip_address.rs */
static enum subtree_fit
fits_address(struct arena *, struct span name, struct span base, bool)
{
	size_t half = base.length / 2;

	if ((half != sizeof(struct in_addr) && half != sizeof(struct in6_addr)) ||
		base.length % 2 != 0 || !mask_is_sound(span_of(base.data + half, half)))
		return FIT_IMPOSSIBLE;
	return address_is_in_subnet(name, base) ? FIT_INSIDE : FIT_OUTSIDE;
}

/* Directory names are not compared: none is permitted, and each excluded. */
static enum subtree_fit
fits_directory(struct arena *, struct span, struct span, bool is_excluded)
{
	return is_excluded ? FIT_INSIDE : FIT_OUTSIDE;
}

static const struct constraint_manner manner = {
	.fits = { [GENERAL_NAME_OTHER] = fits_impossible,
		[GENERAL_NAME_MAIL] = fits_impossible,
		[GENERAL_NAME_DNS] = fits_dns,
		[GENERAL_NAME_X400] = fits_impossible,
		[GENERAL_NAME_DIRECTORY] = fits_directory,
		[GENERAL_NAME_EDI_PARTY] = fits_impossible,
		[GENERAL_NAME_URI] = fits_impossible,
		[GENERAL_NAME_IP] = fits_address,
		[GENERAL_NAME_ID] = fits_impossible },
	.subject = true,
	.max_comparisons = RUSTLS_MAX_COMPARISONS,
	.refuses_distances = true,
};

/* check_signed_chain_name_constraints: those of the anchor bind as well. */
static const char *
find_outside(const struct route *route, unsigned depth)
{
	const struct path *path = &route->path;
	const char *fault = NULL;

	for (unsigned above = depth + 1; fault == NULL && above < path->length; above++)
		if (path->certs[above]->name_constraints.length > 0)
			fault = constraints_fault(
				route->question, &manner, path->certs[above], path->certs[depth]);
	return fault;
}

/* verify_is_valid_for_subject_name: alternative names alone. */
static const char *
find_other_host(const struct route *route, unsigned depth)
{
	const struct cert *leaf = route->path.certs[depth];
	const char *text = route->question->verifier->host;
	struct span host = span_of(text, text != NULL ? strlen(text) : 0);
	struct der names = der_of(leaf->subject_alt_names);
	uint8_t octets[sizeof(struct in6_addr)];
	struct subject_alt_name name;
	struct span address;

	if (text == NULL)
		return NULL;
	address = text_address(text, octets);
	while (subject_alt_name_next(&names, &name)) {
		if (address.length > 0 && name.kind == GENERAL_NAME_IP &&
			span_equal(name.value, address))
			return NULL;
		if (address.length == 0 && name.kind == GENERAL_NAME_DNS &&
			(name_same_without_case(name.value, host) ||
				host_matches_wildcard(name.value, host)))
			return NULL;
	}
	return "none of its alternative names is the host that is wanted (end_entity.rs)";
}

/* The algorithms of rustls' own providers, ring and aws-lc-rs (ring_algs.rs, aws_lc_rs_algs.rs). */
static const char *
weakness(const struct route *, const struct cert *subject, const struct cert *issuer)
{
	struct signing signing = signing_of(subject->signature_algorithm);
	enum key_kind wanted = signing.kind == KEY_RSA_PSS ? KEY_RSA : signing.kind;
	bool is_known_hash = signing.hash == HASH_SHA256 || signing.hash == HASH_SHA384 ||
			     signing.hash == HASH_SHA512;

	if (wanted != issuer->key.kind)
		return "its issuer's key is not one for the algorithm of its signature "
		       "(signed_data.rs)";
	if (wanted == KEY_ED25519)
		return NULL;
	if ((wanted != KEY_RSA && wanted != KEY_EC) || !is_known_hash)
		return "webpki does not take the algorithm of its signature (signed_data.rs)";
	if (signing.kind == KEY_RSA_PSS && !signing_has_one_digest(&signing))
		return "webpki takes RSASSA-PSS with one digest and a salt of its length only "
		       "(alg_id of rustls-pki-types)";
	if (wanted == KEY_RSA &&
		(issuer->key.bits < RUSTLS_MIN_RSA_BITS || issuer->key.bits > RUSTLS_MAX_RSA_BITS))
		return "webpki takes RSA keys of 2048 to 8192 bits (ring_algs.rs)";
	if (wanted == KEY_EC &&
		(issuer->key.curve == NULL || (strcmp(issuer->key.curve, "P-256") != 0 &&
						      strcmp(issuer->key.curve, "P-384") != 0 &&
						      strcmp(issuer->key.curve, "P-521") != 0)))
		return "webpki takes the curves P-256, P-384 and P-521 only (signed_data.rs)";
	return NULL;
}

/* RFC 4158 5.2: the same key and name again; of anchors it is not asked. */
static bool
repeats(const struct route *route, const struct cert *cert, bool is_anchor)
{
	for (unsigned i = 0; !is_anchor && i < route->path.length; i++)
		if (digest_equal(&cert->key_digest, &route->path.certs[i]->key_digest) &&
			span_equal(cert->subject, route->path.certs[i]->subject))
			return true;
	return false;
}

static const struct demand of_leaf[] = {
	{ "encoding", AT_LEAF, 0, X509_V_ERR_UNSPECIFIED, find_old_version },
	{ "critical-extension", AT_LEAF, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		find_critical },
	{ "validity", AT_LEAF, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
	{ "validity", AT_LEAF, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	{ "basic-constraints", AT_LEAF, 0, X509_V_ERR_INVALID_CA, find_ca_as_leaf },
	{ "extended-key-usage", AT_LEAF, FOR_TLS, X509_V_ERR_INVALID_PURPOSE, find_other_usage },
	{ "host-name", AT_LEAF, 0, X509_V_ERR_HOSTNAME_MISMATCH, find_other_host },
};

static const struct demand of_issuers[] = {
	{ "encoding", AT_INTERMEDIATE, 0, X509_V_ERR_UNSPECIFIED, find_old_version },
	{ "critical-extension", AT_INTERMEDIATE, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		find_critical },
	{ "validity", AT_INTERMEDIATE, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
	{ "validity", AT_INTERMEDIATE, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	{ "basic-constraints", AT_INTERMEDIATE, 0, X509_V_ERR_INVALID_CA, find_no_ca },
	{ "path-length", AT_INTERMEDIATE, 0, X509_V_ERR_PATH_LENGTH_EXCEEDED, find_path_too_long },
	{ "extended-key-usage", AT_INTERMEDIATE, FOR_TLS, X509_V_ERR_INVALID_PURPOSE,
		find_other_usage },
};

static const struct demand of_paths[] = {
	{ "name-constraints", AT_SENT, 0, X509_V_ERR_PERMITTED_VIOLATION, find_outside },
	{ "revocation", AT_LEAF, 0, X509_V_ERR_CERT_REVOKED, demand_revocation },
};

static const struct profile profile = {
	.unreadable = unreadable,
	.same_name = span_equal,
	.repeats = repeats,
	.weakness = weakness,
	.joining = DEMANDS(of_issuers),
	.whole = DEMANDS(of_paths),
	.max_signatures = RUSTLS_MAX_SIGNATURES,
	.max_length = RUSTLS_MAX_LENGTH,
	.signatures_last = true,
};

/* A leaf that is itself trusted is nothing of its own: it must be issued by an anchor. */
static struct answer
rustls_judge(const struct question *question)
{
	static const struct demands leaf = DEMANDS(of_leaf);
	struct route route;
	bool accepted = route_begin(&route, question, &profile) && route_meets(&route, &leaf, 0) &&
			route_search(&route);

	return route_answer(&route, accepted);
}

const struct engine engine_rustls = {
	.name = "rustls",
	.title = "rustls-webpki",
	.judge = rustls_judge,
};
