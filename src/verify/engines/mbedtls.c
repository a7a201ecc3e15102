/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mbed TLS 2.28, as its TLS server asks for a client's certificate: mbedtls_x509_crt_verify with
 * the default profile, then mbedtls_ssl_check_cert_usage (library/x509_crt.c, x509.c, oid.c,
 * pkparse.c, ssl_tls.c). It takes the first parent that fits and never goes back; it collects
 * flags, and any of them refuses. It knows no name constraints and no policies, and so reads no
 * certificate where these are critical. CRLs are looked at where there are any; none is missed.
 */
#include <openssl/x509.h>
#include <string.h>

#include "verify/engines/constraints.h"
#include "verify/engines/profile.h"
#include "verify/engines/signing.h"
#include "verify/explore.h"
#include "x509/attribute.h"

#define ID_CE "\x55\x1d"

enum {
	MBEDTLS_MIN_RSA_BITS = 2'048,
	MBEDTLS_MAX_INTERMEDIATES = 8,
	UNCOMPRESSED_POINT = 4,
	KEY_USAGE_RESTRICTIONS = KEY_USAGE_ENCIPHER_ONLY | KEY_USAGE_DECIPHER_ONLY,
};

/* x509_get_attr_type_value, and that a set holds something. */
static bool
name_is_readable(struct span name)
{
	static const unsigned tags[] = { DER_BMP_STRING, DER_UTF8_STRING, DER_T61_STRING,
		DER_PRINTABLE_STRING, DER_IA5_STRING, DER_UNIVERSAL_STRING, DER_BIT_STRING };
	struct attribute_walk walk = attribute_walk_of(name);
	struct attribute attribute;

	while (attribute_next(&walk, &attribute)) {
		bool is_known = false;

		for (size_t i = 0; i < COUNT_OF(tags); i++)
			is_known = is_known || attribute.value.tag == tags[i];
		if (!is_known)
			return false;
	}
	return true;
}

/* mbedtls_x509_get_sig_alg */
static bool
algorithm_is_readable(struct span algorithm)
{
	struct signing signing = signing_of(algorithm);
	struct der parameters = der_of(signing.parameters);

	if (signing.kind == KEY_RSA_PSS)
		return !signing.damaged && signing.parameters.length > 0 &&
		       signing.trailer == SIGNING_PSS_TRAILER && signing.hash != HASH_OTHER &&
		       signing.mask_hash != HASH_OTHER;
	if ((signing.kind != KEY_RSA && signing.kind != KEY_EC) || signing.hash == HASH_OTHER)
		return false;
	return signing.parameters.length == 0 ||
	       der_expect(&parameters, DER_NULL).whole.length == signing.parameters.length;
}

static bool
curve_is_known(const char *curve)
{
	static const char *const known[] = { "P-192", "P-224", "P-256", "P-384", "P-521",
		"secp192k1", "secp224k1", "secp256k1", "brainpoolP256r1", "brainpoolP384r1",
		"brainpoolP512r1" };

	for (size_t i = 0; curve != NULL && i < COUNT_OF(known); i++)
		if (strcmp(curve, known[i]) == 0)
			return true;
	return false;
}

/* mbedtls_pk_parse_subpubkey. Of curves given by their equations it means to know its own; but as
 * OpenSSL writes them it refuses them (pk_group_id_from_specified). */
static bool
key_is_readable(const struct cert *cert)
{
	struct der outer = der_of(cert->spki);
	struct der_element sequence = der_expect(&outer, DER_SEQUENCE);
	struct der inside = der_enter(&sequence);
	struct span bits;

	(void)der_next(&inside);
	bits = der_bits(&inside, NULL);
	switch (cert->key.kind) {
	case KEY_RSA:
		return cert->key.bits > 0;
	case KEY_EC:
		return bits.length > 0 && bits.data[0] == UNCOMPRESSED_POINT &&
		       curve_is_known(cert->key.curve);
	default:
		return false;
	}
}

/* x509_get_certificate_policies: anyPolicy alone, where they are critical. */
static bool
has_policy(const struct cert *cert)
{
	static const char any[] = ID_CE "\x20\x00";
	struct der outer = der_of(cert->policies);
	struct der_element sequence = der_optional(&outer, DER_SEQUENCE);
	struct der list = der_enter(&sequence);

	while (!der_at_end(&list)) {
		struct der_element policy = der_expect(&list, DER_SEQUENCE);
		struct der inside = der_enter(&policy);

		if (!der_oid_is(der_oid(&inside), any, sizeof(any) - 1))
			return true;
	}
	return false;
}

static const char *
extensions_fault(const struct cert *cert)
{
	static const char *const known[] = { ID_CE "\x13", ID_CE "\x0f", ID_CE "\x25", ID_CE "\x11",
		ID_CE "\x20", "\x60\x86\x48\x01\x86\xf8\x42\x01\x01" };
	struct span oid;

	if (cert_has_critical(cert, known, COUNT_OF(known), &oid))
		return der_oid_is(oid, ID_CE "\x1e", 3)
			       ? "Mbed TLS knows no name constraints, and these are critical "
				 "(x509_crt.c, x509_get_crt_ext)"
			       : "Mbed TLS knows not all of its critical extensions (x509_crt.c, "
				 "x509_get_crt_ext)";
	if (cert_extension_is_critical(cert, ID_CE "\x20", 3) && has_policy(cert))
		return "Mbed TLS knows no policies but anyPolicy, and these are critical "
		       "(x509_crt.c, x509_get_certificate_policies)";
	if (cert->has_extended_key_usage && cert->extended_key_usage == 0)
		return "Mbed TLS refuses an empty extended key usage (x509_crt.c)";
	return NULL;
}

static const char *
unreadable(const struct cert *cert)
{
	if (cert->version < 3 && cert->extensions.length > 0)
		return "Mbed TLS refuses extensions where the version has none (x509_crt.c, "
		       "x509_crt_parse_der_core)";
	/* Rightly they are primitive: x509_get_uid looks for constructed ones. */
	if (cert->has_unique_ids)
		return "Mbed TLS refuses unique identifiers (x509_crt.c, x509_get_uid)";
	if (!span_equal(cert->inner_algorithm, cert->signature_algorithm))
		return "Mbed TLS refuses another signature algorithm inside than outside "
		       "(x509_crt.c, x509_crt_parse_der_core)";
	if (!algorithm_is_readable(cert->signature_algorithm))
		return "Mbed TLS does not know the algorithm of its signature (oid.c, "
		       "oid_sig_alg)";
	if (name_is_empty(cert->issuer))
		return "Mbed TLS refuses an empty issuer (x509.c, mbedtls_x509_get_name)";
	if (!name_is_readable(cert->issuer) || !name_is_readable(cert->subject))
		return "Mbed TLS does not know a string type in its names (x509.c, "
		       "x509_get_attr_type_value)";
	if (!key_is_readable(cert))
		return "Mbed TLS cannot read its key (pkparse.c, mbedtls_pk_parse_subpubkey)";
	return extensions_fault(cert);
}

static bool
is_plain_text(unsigned tag)
{
	return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING;
}

/* x509_name_cmp: of two string types only, and without regard to case. */
static bool
same_name(struct span a, struct span b)
{
	struct attribute_walk left = attribute_walk_of(a), right = attribute_walk_of(b);
	struct attribute one, other;
	bool has_one = attribute_next(&left, &one), has_other = attribute_next(&right, &other);

	while (has_one && has_other) {
		bool is_text = is_plain_text(one.value.tag) && is_plain_text(other.value.tag);

		if (!span_equal(one.oid, other.oid) || one.begins_set != other.begins_set)
			return false;
		if (is_text ? !name_same_without_case(one.value.content, other.value.content)
			    : !span_equal(one.value.whole, other.value.whole))
			return false;
		has_one = attribute_next(&left, &one);
		has_other = attribute_next(&right, &other);
	}
	return has_one == has_other;
}

/* mbedtls_x509_crt_check_key_usage */
static bool
has_usage(const struct cert *cert, unsigned usage)
{
	return !cert->has_key_usage || ((cert->key_usage & usage) == usage &&
					       (cert->key_usage & KEY_USAGE_RESTRICTIONS) == 0);
}

/* x509_profile_check_md_alg of mbedtls_x509_crt_profile_default */
static bool
digest_is_weak(struct span algorithm)
{
	enum signing_hash hash = signing_of(algorithm).hash;

	return hash != HASH_SHA224 && hash != HASH_SHA256 && hash != HASH_SHA384 &&
	       hash != HASH_SHA512;
}

static bool
key_is_weak(const struct cert *cert)
{
	return cert->key.kind == KEY_RSA && cert->key.bits < MBEDTLS_MIN_RSA_BITS;
}

static const char *
find_late(const struct route *route, unsigned depth)
{
	return route->question->at > route->path.certs[depth]->not_after
		       ? "it has expired (BADCERT_EXPIRED)"
		       : NULL;
}

static const char *
find_early(const struct route *route, unsigned depth)
{
	return route->question->at < route->path.certs[depth]->not_before
		       ? "it is not valid yet (BADCERT_FUTURE)"
		       : NULL;
}

/* At security level 0 the profile is one that allows everything. */
static const char *
find_weak_digest(const struct route *route, unsigned depth)
{
	return !route_is_lax(route) && digest_is_weak(route->path.certs[depth]->signature_algorithm)
		       ? "the default profile does not allow the digest of its signature "
			 "(BADCERT_BAD_MD)"
		       : NULL;
}

static const char *
find_weak_key(const struct route *route, unsigned depth)
{
	return !route_is_lax(route) && key_is_weak(route->path.certs[depth])
		       ? "the default profile wants RSA keys of 2048 bits (BADCERT_BAD_KEY)"
		       : NULL;
}

static const char *
find_no_signature_usage(const struct route *route, unsigned depth)
{
	return has_usage(route->path.certs[depth], KEY_USAGE_DIGITAL_SIGNATURE)
		       ? NULL
		       : "its key usage lacks digitalSignature (ssl_tls.c, "
			 "mbedtls_ssl_check_cert_usage)";
}

static const char *
find_other_usage(const struct route *route, unsigned depth)
{
	if (route_serves(route, depth, EKU_ANY))
		return NULL;
	return "its extended key usage lacks the one that is wanted (ssl_tls.c, "
	       "mbedtls_ssl_check_cert_usage)";
}

static bool
host_is(struct span pattern, struct span host)
{
	return name_same_without_case(pattern, host) || host_matches_wildcard(pattern, host);
}

/* x509_crt_verify_name: dNSNames, or common names where there are no alternative names; and so no
 * address ever. */
static const char *
find_other_host(const struct route *route, unsigned depth)
{
	const struct cert *leaf = route->path.certs[depth];
	const char *text = route->question->verifier->host;
	struct attribute_walk walk = attribute_walk_of(leaf->subject);
	struct der names = der_of(leaf->subject_alt_names);
	struct cert_extension extension;
	struct subject_alt_name name;
	struct attribute attribute;
	struct span host = span_of(text, text != NULL ? strlen(text) : 0);

	if (text == NULL)
		return NULL;
	while (subject_alt_name_next(&names, &name))
		if (name.kind == GENERAL_NAME_DNS && host_is(name.value, host))
			return NULL;
	while (!cert_extension_find(leaf, ID_CE "\x11", &extension) &&
		attribute_next(&walk, &attribute))
		if (der_oid_is(attribute.oid, "\x55\x04\x03", 3) &&
			host_is(attribute.value.content, host))
			return NULL;
	return "it is not for the host that is wanted (BADCERT_CN_MISMATCH)";
}

/* x509_crt_check_parent, and the path length: self-issued ones are not counted. */
static bool
is_parent(const struct route *route, const struct cert *child, const struct cert *parent,
	bool is_trusted, unsigned self_issued)
{
	unsigned below = route->path.length - 1 - self_issued;
	bool needs_ca = !is_trusted || parent->version == 3;

	if (!same_name(child->issuer, parent->subject))
		return false;
	if (needs_ca && (!parent->is_ca || !has_usage(parent, KEY_USAGE_CERT_SIGN)))
		return false;
	return parent->path_length == CERT_PATH_LENGTH_NONE ||
	       (unsigned)parent->path_length >= below;
}

static bool
is_signed(struct route *route, const struct cert *child, const struct cert *parent)
{
	enum key_kind kind = signing_of(child->signature_algorithm).kind;

	if (parent->key.kind != (kind == KEY_RSA_PSS ? KEY_RSA : kind))
		return false;
	if (route->signatures++ >= PATH_MAX_SIGNATURES) {
		route->path.bounded = true;
		return false;
	}
	return explore_signed(route->question, parent, child);
}

/* A parent, the first of these that is valid now; else the first that is not. */
struct parent {
	const struct cert *cert;
	const struct trusted *trusted;
	bool is_signed, is_fallback;
};

static bool
consider(struct route *route, const struct cert *cert, const struct trusted *trusted,
	unsigned self_issued, struct parent *parent)
{
	const struct cert *child = route_last(route);
	int64_t at = route->question->at;
	bool is_now = cert->not_before <= at && at <= cert->not_after, is_good;

	if (!is_parent(route, child, cert, trusted != NULL, self_issued))
		return false;
	is_good = is_signed(route, child, cert);
	if ((trusted != NULL && !is_good) || (!is_now && parent->cert != NULL))
		return false;
	*parent = (struct parent){ cert, trusted, is_good, !is_now };
	return is_now;
}

/* x509_crt_find_parent: trusted ones, else those that were sent behind the child. */
static struct parent
find_parent(struct route *route, size_t child_index, unsigned self_issued, size_t *ret_index)
{
	const struct question *question = route->question;
	struct anchor_walk walk = anchors_named(route, route_last(route)->issuer);
	struct parent parent = {};
	const struct trusted *trusted;

	while ((trusted = anchors_next(&walk)) != NULL)
		if (consider(route, trusted->cert, trusted, self_issued, &parent))
			return parent;
	for (size_t i = child_index + 1; parent.trusted == NULL && i < question->sent_count; i++) {
		struct parent before = parent;

		if (!route_reads(route, &question->sent[i]) ||
			!name_equal(question->sent[i].subject, route_last(route)->issuer))
			continue;
		if (consider(route, &question->sent[i], NULL, self_issued, &parent)) {
			*ret_index = i;
			return parent;
		}
		if (before.cert != parent.cert)
			*ret_index = i;
	}
	return parent;
}

static bool
list_is_readable(const struct crl *crl)
{
	struct der outer = der_of(crl->tbs);
	struct der_element tbs = der_expect(&outer, DER_SEQUENCE);
	struct der inside = der_enter(&tbs);
	struct der_element element = { .tag = DER_NULL };
	struct der tagged, list;

	while (!der_at_end(&inside))
		element = der_next(&inside);
	if (!algorithm_is_readable(crl->signature_algorithm))
		return false;
	if (element.tag != DER_CONTEXT_CONSTRUCTED(0))
		return true;
	/* x509_get_crl_ext: no critical extension is known. */
	tagged = der_enter(&element);
	element = der_expect(&tagged, DER_SEQUENCE);
	list = der_enter(&element);
	while (!der_at_end(&list)) {
		struct cert_extension extension;

		if (cert_extension_next(&list, &extension) && extension.critical)
			return false;
	}
	return true;
}

/* One list of the parent's; NULL, or why it refuses. */
static const char *
list_fault(const struct route *route, const struct cert *child, const struct cert *parent,
	const struct crl *crl, int *error)
{
	int64_t at = route->question->at;

	*error = X509_V_ERR_CRL_SIGNATURE_FAILURE;
	if (!has_usage(parent, KEY_USAGE_CRL_SIGN))
		return "the key usage of its issuer lacks cRLSign (BADCRL_NOT_TRUSTED)";
	if (!route_is_lax(route) && digest_is_weak(crl->signature_algorithm))
		return "the default profile does not allow the digest of a list's signature "
		       "(BADCRL_BAD_MD)";
	if (signature_crl(route->question->judge->signatures, crl, parent->spki) != SIGNATURE_GOOD)
		return "its issuer's key did not sign a list that bears its name "
		       "(BADCRL_NOT_TRUSTED)";
	*error = X509_V_ERR_CERT_REVOKED;
	if (crl_find(crl, child->serial, NULL))
		return "it is revoked (BADCERT_REVOKED)";
	*error = X509_V_ERR_CRL_HAS_EXPIRED;
	if (crl->next_update != MOMENT_NEVER && at > crl->next_update)
		return "the list of its issuer has expired (BADCRL_EXPIRED)";
	*error = X509_V_ERR_CRL_NOT_YET_VALID;
	return at < crl->this_update ? "the list of its issuer is from the future "
				       "(BADCRL_FUTURE)"
				     : NULL;
}

/* x509_crt_verifycrl */
static bool
is_cleared(struct route *route, unsigned depth, const struct cert *parent)
{
	const struct trust *trust = route->question->trust;
	const struct cert *child = route->path.certs[depth];
	struct graph_walk walk = graph_crls(route->question->graph, parent->subject);
	const struct crl *crl;
	bool good = true;
	int error;

	if (route->question->verifier->crl_check == CRL_CHECK_NONE)
		return true;
	while ((crl = graph_next_crl(&walk, trust, parent->subject)) != NULL) {
		const char *fault;

		if (!same_name(crl->issuer, parent->subject) || !list_is_readable(crl))
			continue;
		fault = list_fault(route, child, parent, crl, &error);
		if (fault != NULL)
			good = route_refuse(route, 1, "revocation", depth, error, fault);
	}
	return good;
}

static const struct demand of_each[] = {
	{ "validity", AT_ALL, 0, X509_V_ERR_CERT_HAS_EXPIRED, find_late },
	{ "validity", AT_ALL, 0, X509_V_ERR_CERT_NOT_YET_VALID, find_early },
	{ "security-level", AT_SENT, 0, X509_V_ERR_CA_MD_TOO_WEAK, find_weak_digest },
	{ "security-level", AT_ALL, 0, X509_V_ERR_CA_KEY_TOO_SMALL, find_weak_key },
};

static const struct demand of_leaf[] = {
	{ "host-name", AT_LEAF, 0, X509_V_ERR_HOSTNAME_MISMATCH, find_other_host },
	{ "key-usage", AT_LEAF, FOR_CLIENT, X509_V_ERR_INVALID_PURPOSE, find_no_signature_usage },
	{ "extended-key-usage", AT_LEAF, FOR_TLS, X509_V_ERR_INVALID_PURPOSE, find_other_usage },
};

static const struct profile profile = {
	.unreadable = unreadable,
	.same_name = same_name,
	.collects = true,
};

/* x509_crt_check_ee_locally_trusted: a self-issued leaf only. */
static bool
leaf_is_trusted(const struct route *route)
{
	const struct cert *leaf = route->path.certs[0];

	return same_name(leaf->issuer, leaf->subject) && anchor_same(route, leaf) != NULL;
}

/* x509_crt_verify_chain: every fault refuses, but all are looked for, and the first is told. */
static bool
climb(struct route *route)
{
	static const struct demands each = DEMANDS(of_each);
	unsigned self_issued = 0;
	size_t index = 0;
	bool good = route_meets(route, &each, 0);

	if (leaf_is_trusted(route))
		return good;
	for (;;) {
		unsigned depth = route->path.length - 1;
		struct parent parent = find_parent(route, index, self_issued, &index);

		if (parent.cert == NULL)
			return route_refuse(route, 1, "anchor", depth,
				X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
				"no CA that fits signed it (BADCERT_NOT_TRUSTED)");
		self_issued += depth > 0 &&
			       same_name(route_last(route)->issuer, route_last(route)->subject);
		if (parent.trusted == NULL && depth + 1 > MBEDTLS_MAX_INTERMEDIATES)
			return route_refuse(route, 1, "depth", depth,
				X509_V_ERR_CERT_CHAIN_TOO_LONG,
				"more than 8 intermediates (MBEDTLS_X509_MAX_INTERMEDIATE_CA)");
		if (!parent.is_signed)
			good = route_refuse(route, 1, "signature", depth,
				X509_V_ERR_CERT_SIGNATURE_FAILURE,
				"the first CA that fits by name did not sign it "
				"(BADCERT_NOT_TRUSTED)");
		good = is_cleared(route, depth, parent.cert) && good;
		route_push(route, parent.cert, parent.trusted);
		good = route_meets(route, &each, depth + 1) && good;
		if (parent.trusted != NULL)
			return good;
	}
}

static struct answer
mbedtls_judge(const struct question *question)
{
	static const struct demands leaf = DEMANDS(of_leaf);
	struct route route;
	bool accepted = route_begin(&route, question, &profile) && climb(&route);

	accepted = accepted && route_meets(&route, &leaf, 0);
	return route_answer(&route, accepted);
}

const struct engine engine_mbedtls = {
	.name = "mbedtls",
	.title = "Mbed TLS 2.28",
	.judge = mbedtls_judge,
};
