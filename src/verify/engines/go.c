/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's crypto/x509, as crypto/tls asks it for a client's certificate: Certificate.Verify with the
 * server's ClientCAs as roots and KeyUsages ExtKeyUsageClientAuth (tls.Config.ClientAuth). Rules
 * are those of Go 1.27 (src/crypto/x509/verify.go, x509.go, constraints.go); Go has no CRLs here.
 * Older ones differ: before 1.24 policies are not looked at, and what constrains them is unknown;
 * before 1.25 an address of IPv4 may be written as one of IPv6; before 1.26 a wildcard does not
 * reach into an excluded host; and a host in a constraint of mail addresses had subdomains until
 * lately. Its settings are those of a program whose go.mod names that Go: negative serial numbers
 * (since 1.23) and signatures by RSA keys below 1024 bits (since 1.24) are refused. At security
 * level 0 they pass, as where GODEBUG or an older go.mod has x509negativeserial=1 and rsa1024min=0.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/x509.h>
#include <string.h>

#include "verify/engines/constraints.h"
#include "verify/engines/go_reader.h"
#include "verify/engines/profile.h"
#include "verify/engines/signing.h"

#define ID_CE "\x55\x1d"

enum {
	GO_MAX_SIGNATURES = 100,
	GO_MIN_RSA_BITS = 1'024,
};

/* What is not of version 3 has no extensions to Go. */
static bool
has_basic_constraints(const struct cert *cert)
{
	return cert->version == 3 && cert->has_basic_constraints;
}

static const char *
find_critical(const struct route *route, unsigned depth)
{
	static const char *const known[] = { ID_CE "\x0f", ID_CE "\x13", ID_CE "\x11", ID_CE "\x1e",
		ID_CE "\x1f", ID_CE "\x23", ID_CE "\x24", ID_CE "\x25", ID_CE "\x0e", ID_CE "\x20",
		ID_CE "\x21", ID_CE "\x36", "\x2b\x06\x01\x05\x05\x07\x01\x01" };
	const struct cert *cert = route->path.certs[depth];
	struct span oid;

	if (cert->version != 3 || !cert_has_critical(cert, known, COUNT_OF(known), &oid))
		return NULL;
	return "Go knows not all of its critical extensions (verify.go, isValid)";
}

/* Alternative names and constraints of none of the kinds that Go knows are not handled. */
static bool
is_known_kind(unsigned kind)
{
	return kind == GENERAL_NAME_MAIL || kind == GENERAL_NAME_DNS || kind == GENERAL_NAME_URI ||
	       kind == GENERAL_NAME_IP;
}

static bool
alt_names_are_handled(const struct cert *cert)
{
	struct der names = der_of(cert->subject_alt_names);
	struct subject_alt_name name;

	while (subject_alt_name_next(&names, &name))
		if (is_known_kind(name.kind))
			return true;
	return false;
}

static bool
subtrees_are_handled(struct span list)
{
	struct der subtrees = der_of(list);

	while (!der_at_end(&subtrees)) {
		struct der_element subtree = der_expect(&subtrees, DER_SEQUENCE);
		struct der inside = der_enter(&subtree);

		if (!is_known_kind(der_next(&inside).tag & 0x1f))
			return false;
	}
	return true;
}

static const char *
find_unhandled(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];
	struct der der = der_of(cert->name_constraints);
	struct span permitted = der_optional(&der, DER_CONTEXT_CONSTRUCTED(0)).content;
	struct span excluded = der_optional(&der, DER_CONTEXT_CONSTRUCTED(1)).content;

	if (cert->version != 3)
		return NULL;
	if (cert_extension_is_critical(cert, ID_CE "\x11", 3) && !alt_names_are_handled(cert))
		return "its alternative names are critical and of kinds that Go does not know "
		       "(parser.go, processExtensions)";
	if (cert_extension_is_critical(cert, ID_CE "\x1e", 3) &&
		(!subtrees_are_handled(permitted) || !subtrees_are_handled(excluded)))
		return "its name constraints are critical and of kinds that Go does not know "
		       "(parser.go, parseNameConstraintsExtension)";
	return NULL;
}

static const char *
find_negative_serial(const struct route *route, unsigned depth)
{
	struct span serial = route->path.certs[depth]->serial;

	return !route_is_lax(route) && serial.length > 0 && serial.data[0] >= 0x80
		       ? "its serial number is negative (parser.go, x509negativeserial)"
		       : NULL;
}

static const char *
find_early(const struct route *route, unsigned depth)
{
	return route->question->at < route->path.certs[depth]->not_before
		       ? "it is not valid yet (verify.go, isValid)"
		       : NULL;
}

static const char *
find_late(const struct route *route, unsigned depth)
{
	return route->question->at > route->path.certs[depth]->not_after
		       ? "it has expired (verify.go, isValid)"
		       : NULL;
}

/* CheckSignatureFrom: a root of version 1 passes, for it has no basicConstraints to be wrong. */
static const char *
find_no_ca(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	if (has_basic_constraints(cert))
		return cert->is_ca ? NULL
				   : "its basicConstraints say CA:FALSE (x509.go, "
				     "CheckSignatureFrom)";
	if (cert->version == 3 || route_place(route, depth) == AT_INTERMEDIATE)
		return "it has no basicConstraints (x509.go, CheckSignatureFrom; verify.go, "
		       "isValid)";
	return NULL;
}

/* A key usage without any bit counts as none. */
static const char *
find_no_signer(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	if (cert->version == 3 && cert->key_usage != 0 &&
		(cert->key_usage & KEY_USAGE_CERT_SIGN) == 0)
		return "its key usage lacks keyCertSign (x509.go, CheckSignatureFrom)";
	return NULL;
}

/* isValid: self-issued ones count, and so does the path length of a root. */
static const char *
find_path_too_long(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	if (depth > 0 && has_basic_constraints(cert) &&
		cert->path_length != CERT_PATH_LENGTH_NONE && (int)depth - 1 > cert->path_length)
		return "more CA certificates are below it than its path length allows (verify.go, "
		       "isValid)";
	return NULL;
}

/* checkChainForKeyUsage: usages nest; anyExtendedKeyUsage stands for all. */
static const char *
find_other_usage(const struct route *route, unsigned depth)
{
	const struct cert *cert = route->path.certs[depth];

	if (cert->version != 3 || cert->extended_key_usage == 0 ||
		route_serves(route, depth, EKU_ANY))
		return NULL;
	return "its extended key usage lacks the one that is wanted, which Go asks of CAs too "
	       "(verify.go, checkChainForKeyUsage)";
}

static enum subtree_fit
fits_dns(struct arena *, struct span name, struct span base, bool is_excluded)
{
	if (!go_domain_is_valid(name, false))
		return FIT_IMPOSSIBLE;
	/* "*.example.com" reaches into the excluded "host.example.com" (parentConstraints). */
	if (is_excluded && host_matches_wildcard(name, base))
		return FIT_INSIDE;
	if (base.length > 0 && base.data[0] == '.' && name.length == base.length - 1)
		return FIT_OUTSIDE;
	return host_is_in_domain(name, base) ? FIT_INSIDE : FIT_OUTSIDE;
}

/* hostMatchesConstraint: without a first dot it is that host alone. */
static enum subtree_fit
fits_mail(struct arena *, struct span name, struct span base, bool)
{
	size_t at, base_at;
	struct span host;

	if (!go_mailbox_is_valid(name, &at))
		return FIT_IMPOSSIBLE;
	host = span_of(name.data + at + 1, name.length - at - 1);
	if (base.length > 0 && memchr(base.data, '@', base.length) != NULL) {
		if (!go_mailbox_is_valid(base, &base_at) || at != base_at ||
			memcmp(name.data, base.data, at) != 0)
			return FIT_OUTSIDE;
		return name_same_without_case(
			       host, span_of(base.data + at + 1, base.length - at - 1))
			       ? FIT_INSIDE
			       : FIT_OUTSIDE;
	}
	if (base.length > 0 && base.data[0] != '.' && base.length != host.length)
		return FIT_OUTSIDE;
	return host_is_in_domain(host, base) ? FIT_INSIDE : FIT_OUTSIDE;
}

static enum subtree_fit
fits_uri(struct arena *arena, struct span name, struct span base, bool is_excluded)
{
	struct span host = uri_host(name);

	if (host.length == 0 || host.data[0] == '[' || text_is_ipv4(host))
		return FIT_IMPOSSIBLE;
	return fits_dns(arena, host, base, is_excluded);
}

static enum subtree_fit
fits_address(struct arena *, struct span name, struct span base, bool)
{
	return address_is_in_subnet(name, base) ? FIT_INSIDE : FIT_OUTSIDE;
}

static const struct constraint_manner manner = {
	.fits = { [GENERAL_NAME_DNS] = fits_dns,
		[GENERAL_NAME_MAIL] = fits_mail,
		[GENERAL_NAME_URI] = fits_uri,
		[GENERAL_NAME_IP] = fits_address },
};

/* checkChainConstraints: of all CAs above, roots among them; self-issued ones are not exempt. */
static const char *
find_outside(const struct route *route, unsigned depth)
{
	const struct path *path = &route->path;
	const char *fault = NULL;

	for (unsigned above = depth + 1; fault == NULL && above < path->length; above++)
		if (path->certs[above]->version == 3 &&
			path->certs[above]->name_constraints.length > 0 &&
			path->certs[depth]->version == 3)
			fault = constraints_fault(
				route->question, &manner, path->certs[above], path->certs[depth]);
	return fault;
}

/* validHostname */
static bool
is_host_name(struct span host, bool is_pattern)
{
	size_t label = 0, from = 0;

	if (!is_pattern && host.length > 0 && host.data[host.length - 1] == '.')
		host.length--;
	if (host.length == 0)
		return false;
	if (is_pattern && host.length >= 2 && host.data[0] == '*' && host.data[1] == '.')
		from = 2;
	for (size_t i = from; i < host.length; i++) {
		uint8_t c = host.data[i];

		if (c == '.' && label == 0)
			return false;
		if (c == '-' && label == 0)
			return false;
		label = c == '.' ? 0 : label + 1;
		if (!isalnum(c) && c != '-' && c != '_' && c != '.')
			return false;
	}
	return label > 0;
}

static bool
host_matches(struct span pattern, struct span host)
{
	if (!is_host_name(host, false) || !is_host_name(pattern, true))
		return name_same_without_case(pattern, host) && host.length > 0;
	if (host.data[host.length - 1] == '.')
		host.length--;
	return host_matches_wildcard(pattern, host) || name_same_without_case(pattern, host);
}

/* VerifyHostname: alternative names alone. */
static const char *
find_other_host(const struct route *route, unsigned)
{
	const struct cert *leaf = route->path.certs[0];
	const char *host = route->question->verifier->host;
	struct der names = der_of(leaf->subject_alt_names);
	uint8_t octets[sizeof(struct in6_addr)];
	struct subject_alt_name name;
	struct span address;

	if (host == NULL)
		return NULL;
	address = text_address(host, octets);
	while (leaf->version == 3 && subject_alt_name_next(&names, &name)) {
		if (address.length > 0
				? name.kind == GENERAL_NAME_IP && span_equal(name.value, address)
				: name.kind == GENERAL_NAME_DNS &&
					  host_matches(name.value, span_of(host, strlen(host))))
			return NULL;
	}
	return "none of its alternative names is the host that is wanted (verify.go, "
	       "VerifyHostname)";
}

/* getSignatureAlgorithmFromAI: RSASSA-PSS in three forms only. */
static bool
pss_is_known(const struct signing *signing)
{
	return signing_has_one_digest(signing) && signing->names_all &&
	       signing->trailer == SIGNING_PSS_TRAILER;
}

/* checkSignature */
static const char *
weakness(const struct route *route, const struct cert *subject, const struct cert *issuer)
{
	struct signing signing = signing_of(subject->signature_algorithm);
	enum key_kind wanted = signing.kind == KEY_RSA_PSS ? KEY_RSA : signing.kind;

	if (signing.hash == HASH_SHA1 || signing.hash == HASH_MD5)
		return "Go takes no signature with SHA-1 or MD5 (x509.go, checkSignature)";
	if (wanted != KEY_RSA && wanted != KEY_EC && wanted != KEY_ED25519)
		return "Go does not know the algorithm of its signature (x509.go)";
	if (signing.hash != HASH_NONE && signing.hash != HASH_SHA256 &&
		signing.hash != HASH_SHA384 && signing.hash != HASH_SHA512)
		return "Go does not know the digest of its signature (x509.go)";
	if (signing.kind == KEY_RSA_PSS && !pss_is_known(&signing))
		return "Go takes RSASSA-PSS with one digest and a salt of its length only "
		       "(x509.go, getSignatureAlgorithmFromAI)";
	if (signing.kind == KEY_ED25519 && signing.parameters.length > 0)
		return "Go takes no parameters for Ed25519 (x509.go)";
	if (issuer->key.kind != wanted)
		return "its issuer's key is not one for the algorithm of its signature (x509.go)";
	if (wanted == KEY_RSA && !route_is_lax(route) && issuer->key.bits < GO_MIN_RSA_BITS)
		return "its issuer's key has less than 1024 bits (crypto/rsa, rsa1024min)";
	return NULL;
}

/* findPotentialParents */
static unsigned
merit(const struct route *route, const struct cert *cert, bool is_anchor)
{
	struct span wanted = route_last(route)->authority_key_id.key_id;
	bool one_only = (wanted.length > 0) != (cert->subject_key_id.length > 0);

	return 4U * is_anchor + (span_equal(wanted, cert->subject_key_id) ? 2U : one_only);
}

static const struct demand of_leaf[] = {
	{ "encoding", AT_ALL, 0, X509_V_ERR_INVALID_EXTENSION, find_negative_serial },
	{ "critical-extension", AT_ALL, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, find_critical },
	{ "critical-extension", AT_ALL, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		find_unhandled },
	{ "validity", AT_ALL, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
	{ "validity", AT_ALL, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	{ "host-name", AT_LEAF, 0, X509_V_ERR_HOSTNAME_MISMATCH, find_other_host },
};

static const struct demand of_issuers[] = {
	{ "encoding", AT_CA, 0, X509_V_ERR_INVALID_EXTENSION, find_negative_serial },
	{ "basic-constraints", AT_CA, 0, X509_V_ERR_INVALID_CA, find_no_ca },
	{ "key-usage", AT_CA, 0, X509_V_ERR_KEYUSAGE_NO_CERTSIGN, find_no_signer },
	{ "critical-extension", AT_CA, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, find_critical },
	{ "critical-extension", AT_CA, 0, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, find_unhandled },
	{ "validity", AT_CA, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
	{ "validity", AT_CA, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	{ "path-length", AT_CA, 0, X509_V_ERR_PATH_LENGTH_EXCEEDED, find_path_too_long },
};

static const struct demand of_paths[] = {
	{ "policies", AT_LEAF, 0, X509_V_ERR_NO_EXPLICIT_POLICY, demand_policies },
	{ "extended-key-usage", AT_ALL, FOR_TLS, X509_V_ERR_INVALID_PURPOSE, find_other_usage },
	{ "name-constraints", AT_SENT, 0, X509_V_ERR_PERMITTED_VIOLATION, find_outside },
};

static const struct profile profile = {
	.unreadable = go_unreadable,
	.same_name = span_equal,         /* bytes.Equal of RawIssuer and RawSubject */
	.repeats = repeats_name_and_key, /* alreadyInChain */
	.merit = merit,
	.weakness = weakness,
	.joining = DEMANDS(of_issuers),
	.whole = DEMANDS(of_paths),
	.max_signatures = GO_MAX_SIGNATURES,
};

static struct answer
go_judge(const struct question *question)
{
	static const struct demands leaf = DEMANDS(of_leaf);
	struct route route;
	const struct trusted *trusted;
	bool accepted = route_begin(&route, question, &profile) && route_meets(&route, &leaf, 0);

	if (!accepted)
		return route_answer(&route, false);
	trusted = anchor_same(&route, route.path.certs[0]);
	accepted = trusted != NULL ? route_trusted_leaf(&route, trusted) : route_search(&route);
	return route_answer(&route, accepted);
}

const struct engine engine_go = {
	.name = "go",
	.title = "Go crypto/x509",
	.judge = go_judge,
};
