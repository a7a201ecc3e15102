/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NSS as a model: CERT_PKIXVerifyCert (libpkix) of 3.87 with the anchors that are given and no
 * others (cert_pi_trustAnchors, cert_pi_useOnlyTrustAnchors), as servers on NSS verify a client and
 * vfychain -pp does. It goes back: a candidate issuer that its selector refuses, or a path that its
 * checkers refuse, is left for the next one, so every path counts.
 *
 * pkix_CertSelector_DefaultMatch asks its questions of the leaf and of each candidate issuer, the
 * anchor included; the checkers of pkix_Build_ValidationCheckers look at all below the anchor.
 */
#include <openssl/x509.h>
#include <string.h>

#include "verify/engine.h"
#include "verify/engines/nss_rules.h"
#include "verify/issued.h"
#include "verify/model.h"

/* lib/util/secerr.h and lib/ssl/sslerr.h. */
enum nss_error {
	NSS_BAD_SIGNATURE = -8182,
	NSS_EXPIRED_CERTIFICATE = -8181,
	NSS_REVOKED_CERTIFICATE = -8180,
	NSS_UNKNOWN_ISSUER = -8179,
	NSS_UNTRUSTED_CERT = -8171,
	NSS_CA_CERT_INVALID = -8156,
	NSS_PATH_LEN_CONSTRAINT_INVALID = -8155,
	NSS_UNKNOWN_CRITICAL_EXTENSION = -8151,
	NSS_INADEQUATE_KEY_USAGE = -8102,
	NSS_INADEQUATE_CERT_TYPE = -8101,
	NSS_CERT_NOT_IN_NAME_SPACE = -8080,
	NSS_POLICY_VALIDATION_FAILED = -8032,
	NSS_CERT_SIGNATURE_ALGORITHM_DISABLED = -8016,
	NSS_BAD_CERT_DOMAIN = -12276,
};

#define ID_CE              "\x55\x1d"
/* netscape-cert-type, 2.16.840.1.113730.1.1 */
#define NETSCAPE_CERT_TYPE "\x60\x86\x48\x01\x86\xf8\x42\x01\x01"

/* Bits of netscape-cert-type, from the first: NS_CERT_TYPE_… of lib/certdb/certt.h. */
enum cert_type {
	TYPE_SSL_CLIENT = 0x80,
	TYPE_SSL_SERVER = 0x40,
	TYPE_SSL_CA = 0x04,
};

/* Of netscape-cert-type the first octet; *ret_present whether there is one. */
static unsigned
netscape_type(const struct cert *cert, bool *ret_present)
{
	struct der extensions = der_of(cert->extensions);
	struct cert_extension extension;

	*ret_present = false;
	while (cert_extension_next(&extensions, &extension)) {
		struct der value = der_of(extension.value);
		struct der_element bits;

		if (!der_oid_is(extension.oid, NETSCAPE_CERT_TYPE, sizeof(NETSCAPE_CERT_TYPE) - 1))
			continue;
		bits = der_optional(&value, DER_BIT_STRING);
		*ret_present = true;
		return bits.content.length > 1 ? bits.content.data[1] : 0;
	}
	return 0;
}

/* cert_ComputeCertType: of a CA either of clientAuth and serverAuth is for both, and
 * anyExtendedKeyUsage is for none. */
static unsigned
type_of(const struct cert *cert)
{
	bool has_netscape;
	unsigned type = netscape_type(cert, &has_netscape);
	bool is_old_root = cert->version < 3 && cert_is_self_issued(cert);

	if (!has_netscape && !cert->has_extended_key_usage)
		return TYPE_SSL_CLIENT | TYPE_SSL_SERVER |
		       (cert->is_ca || is_old_root ? TYPE_SSL_CA : 0U);
	if ((cert->extended_key_usage & EKU_SERVER_AUTH) != 0)
		type |= cert->is_ca ? TYPE_SSL_CA : TYPE_SSL_SERVER;
	if ((cert->extended_key_usage & EKU_CLIENT_AUTH) != 0)
		type |= cert->is_ca ? TYPE_SSL_CA : TYPE_SSL_CLIENT;
	return type;
}

static bool
key_usage_has(const struct cert *cert, unsigned usage)
{
	return !cert->has_key_usage || (cert->key_usage & usage) != 0;
}

/* KU_KEY_AGREEMENT_OR_ENCIPHERMENT in CERT_CheckKeyUsage: what a server does with its kind of key.
 */
static bool
serves(const struct cert *cert)
{
	switch (cert->key.kind) {
	case KEY_RSA:
		return key_usage_has(cert, KEY_USAGE_KEY_ENCIPHERMENT);
	case KEY_RSA_PSS:
	case KEY_DSA:
		return key_usage_has(cert, KEY_USAGE_DIGITAL_SIGNATURE);
	case KEY_DH:
		return key_usage_has(cert, KEY_USAGE_KEY_AGREEMENT);
	case KEY_EC:
		return key_usage_has(cert, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT);
	default:
		return false;
	}
}

/* What it knows no purpose without; where none is asked, either is enough. */
static bool
is_for_client(const struct examination *examination)
{
	return examination->question->verifier->purpose != PURPOSE_SERVER;
}

static bool
is_for_server(const struct examination *examination)
{
	return examination->question->verifier->purpose != PURPOSE_CLIENT;
}

static bool
client_key(const struct cert *leaf)
{
	return key_usage_has(leaf, KEY_USAGE_DIGITAL_SIGNATURE);
}

static const struct rule nss_anchor, nss_distrust, nss_key_usage, nss_cert_type,
	nss_basic_constraints, nss_key_identifier, nss_critical_extension;

/* CERT_KeyUsageAndTypeForCertUsage: a client signs; a server's usage goes by its key. */
static void
key_usage_check(struct examination *examination)
{
	const struct path *path = examination->path;

	if (!(is_for_client(examination) && client_key(path->certs[0])) &&
		!(is_for_server(examination) && serves(path->certs[0])))
		(void)path_fail(examination, &nss_key_usage, 0, X509_V_ERR_INVALID_PURPOSE,
			"its key usage lacks what NSS asks of a %s",
			is_for_client(examination) ? "client: digitalSignature"
						   : "server with a key of this kind");
	for (unsigned i = 1; i < path->length; i++)
		if (!key_usage_has(path->certs[i], KEY_USAGE_CERT_SIGN))
			(void)path_fail(examination, &nss_key_usage, i,
				X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
				"it issues certificates, but its key usage lacks keyCertSign");
}

static const struct rule nss_key_usage = {
	.name = "key-usage",
	.change = "issue it again with the key usage that is wanted",
	.cost = CHANGE_CERTIFICATE,
	.check = key_usage_check,
};

static void
cert_type_check(struct examination *examination)
{
	const struct path *path = examination->path;
	unsigned wanted = (is_for_client(examination) ? TYPE_SSL_CLIENT : 0U) |
			  (is_for_server(examination) ? TYPE_SSL_SERVER : 0U);

	if ((type_of(path->certs[0]) & wanted) == 0)
		(void)path_fail(examination, &nss_cert_type, 0, X509_V_ERR_INVALID_PURPOSE,
			path->certs[0]->is_ca
				? "it is a CA with an extended key usage, which NSS takes for no "
				  "client or server"
				: "its extended key usage is not for this: NSS takes no "
				  "anyExtendedKeyUsage for it");
	for (unsigned i = 1; i < path->length; i++)
		if (path->certs[i]->is_ca && (type_of(path->certs[i]) & TYPE_SSL_CA) == 0)
			(void)path_fail(examination, &nss_cert_type, i, X509_V_ERR_INVALID_PURPOSE,
				"its extended key usage has neither clientAuth nor serverAuth, and "
				"NSS asks one of a CA");
}

static const struct rule nss_cert_type = {
	.name = "extended-key-usage",
	.change = "issue it again with the extended key usage that is wanted",
	.cost = CHANGE_CERTIFICATE,
	.check = cert_type_check,
};

/* pkix_CertSelector_Match_BasicConstraint: of the anchor too, and of whatever version. */
static void
basic_constraints_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 1; i < path->length; i++)
		if (!path->certs[i]->is_ca)
			(void)path_fail(examination, &nss_basic_constraints, i,
				X509_V_ERR_INVALID_CA,
				"it issues certificates, but has no basicConstraints CA:TRUE");
}

static const struct rule nss_basic_constraints = {
	.name = "basic-constraints",
	.change = "issue it again with basicConstraints CA:TRUE",
	.cost = CHANGE_CA,
	.check = basic_constraints_check,
};

/* pkix_CertSelector_Match_SubjKeyId: the key identifier alone, and only where both have one. */
static void
key_identifier_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i + 1 < path->length; i++) {
		struct span wanted = path->certs[i]->authority_key_id.key_id;
		struct span has = path->certs[i + 1]->subject_key_id;

		if (wanted.length > 0 && has.length > 0 && !span_equal(wanted, has))
			(void)path_fail(examination, &nss_key_identifier, i,
				X509_V_ERR_AKID_SKID_MISMATCH,
				"its authority key identifier is not that of the certificate %s",
				name_text(
					examination->question->arena, path->certs[i + 1]->subject));
	}
}

static const struct rule nss_key_identifier = {
	.name = "key-identifier",
	.change = "take the issuer's certificate whose key identifier it names",
	.cost = CHANGE_CA,
	.of_edge = true,
	.check = key_identifier_check,
};

/* A candidate for its own issuer, which the selector takes. */
static bool
is_own_issuer(const struct question *question, const struct cert *cert)
{
	return cert_is_self_issued(cert) && cert->is_ca &&
	       key_usage_has(cert, KEY_USAGE_CERT_SIGN) && (type_of(cert) & TYPE_SSL_CA) != 0 &&
	       signature_cert(question->judge->signatures, cert, cert->spki) == SIGNATURE_GOOD;
}

/* PKIX_PL_Cert_IsLeafCertTrusted asks the trust flags of a database alone: a leaf among the anchors
 * that are given ends a path as its own issuer, and else not at all. */
static void
anchor_check(struct examination *examination)
{
	const struct path *path = examination->path;

	rule_anchor.check(examination);
	rule_self_signed_leaf.check(examination);
	if (path->length == 1 && path->anchors[0] != NULL &&
		!is_own_issuer(examination->question, path->certs[0]))
		(void)path_fail(examination, &nss_anchor, 0,
			X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
			"it is trusted itself, but is no CA that issued itself, and NSS takes an "
			"anchor only as an issuer");
}

static const struct rule nss_anchor = {
	.name = "anchor",
	.change = "trust its issuer, or send what leads to an anchor",
	.cost = CHANGE_TRUST,
	.check = anchor_check,
};

/* Of a database the flag p; what a file of OpenSSL's says of trust is no word to NSS. */
static void
distrust_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i < path->length; i++) {
		const struct trusted *trusted = path->anchors[i];

		if (trusted != NULL && trusted->store != NULL &&
			strcmp(trusted->store->format, "nss") == 0 &&
			trust_word(examination->question->verifier, trusted) == TRUST_REJECTED)
			(void)path_fail(examination, &nss_distrust, i, X509_V_ERR_CERT_REJECTED,
				"the database distrusts it for this purpose");
	}
}

static const struct rule nss_distrust = {
	.name = "trust-settings",
	.change = "change its trust settings in the store",
	.cost = CHANGE_TRUST,
	.check = distrust_check,
};

/* buildCheckedCritExtOIDs of pkix_build.c, and what each checker takes from the list itself. */
static const char *const processed[] = {
	ID_CE "\x0f", /* keyUsage */
	ID_CE "\x11", /* subjectAltName */
	ID_CE "\x13", /* basicConstraints */
	ID_CE "\x1e", /* nameConstraints, of a CA */
	ID_CE "\x20", /* certificatePolicies */
	ID_CE "\x21", /* policyMappings */
	ID_CE "\x24", /* policyConstraints */
	ID_CE "\x25", /* extKeyUsage */
	ID_CE "\x36", /* inhibitAnyPolicy */
};

static void
critical_extension_check(struct examination *examination)
{
	const struct path *path = examination->path;

	for (unsigned i = 0; i < path->length && (i == 0 || !is_anchor(path, i)); i++) {
		struct der extensions = der_of(path->certs[i]->extensions);
		struct cert_extension extension;
		char text[DER_OID_TEXT_SIZE];

		while (cert_extension_next(&extensions, &extension)) {
			if (!extension.critical ||
				der_oid_is_among(extension.oid, processed, COUNT_OF(processed)))
				continue;
			der_oid_text(extension.oid, text);
			(void)path_fail(examination, &nss_critical_extension, i,
				X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
				"NSS does not process the critical extension %s", text);
		}
	}
}

static const struct rule nss_critical_extension = {
	.name = "critical-extension",
	.change = "issue it again without that extension, or not critical",
	.cost = CHANGE_CERTIFICATE,
	.check = critical_extension_check,
};

static const struct model_rule rules[] = {
	{ &nss_anchor, NSS_UNKNOWN_ISSUER, "pkix_build.c, pkix_BuildForwardDepthFirstSearch" },
	{ &nss_distrust, NSS_UNTRUSTED_CERT, "pkix_pl_cert.c, pkix_pl_Cert_GetTrusted" },
	{ &rule_validity, NSS_EXPIRED_CERTIFICATE,
		"pkix_certselector.c, PKIX_PL_Cert_CheckValidity" },
	{ &nss_basic_constraints, NSS_CA_CERT_INVALID,
		"pkix_certselector.c, pkix_CertSelector_Match_BasicConstraint" },
	{ &rule_path_length, NSS_PATH_LEN_CONSTRAINT_INVALID,
		"pkix_certselector.c, pkix_CertSelector_Match_BasicConstraint" },
	{ &nss_key_usage, NSS_INADEQUATE_KEY_USAGE,
		"pkix_pl_cert.c, PKIX_PL_Cert_VerifyCertAndKeyType" },
	{ &nss_cert_type, NSS_INADEQUATE_CERT_TYPE, "certdb.c, cert_ComputeCertType" },
	{ &nss_key_identifier, NSS_UNKNOWN_ISSUER,
		"pkix_certselector.c, pkix_CertSelector_Match_SubjKeyId" },
	{ &rule_policies, NSS_POLICY_VALIDATION_FAILED, "pkix_policychecker.c" },
	{ &nss_name_chaining, NSS_UNKNOWN_ISSUER, "pkix_certselector.c, PKIX_PL_X500Name_Match" },
	{ &rule_signature, NSS_BAD_SIGNATURE, "pkix_signaturechecker.c" },
	{ &nss_algorithms, NSS_CERT_SIGNATURE_ALGORITHM_DISABLED, "secvfy.c, sec_DecodeSigAlg" },
	{ &nss_name_constraints, NSS_CERT_NOT_IN_NAME_SPACE, "genname.c, CERT_CheckNameSpace" },
	{ &nss_critical_extension, NSS_UNKNOWN_CRITICAL_EXTENSION,
		"pkix_validate.c, pkix_CheckCert" },
	{ &nss_revocation, NSS_REVOKED_CERTIFICATE, "crl.c, cert_CheckCertRevocationStatus" },
	{ &nss_host_name, NSS_BAD_CERT_DOMAIN, "certdb.c, CERT_VerifyCertName" },
};

static const struct model nss_model = {
	.rules = rules,
	.rule_count = COUNT_OF(rules),
	.any_anchor_ends = true,
};

const struct engine engine_nss = {
	.name = "nss",
	.title = "NSS",
	.model = &nss_model,
};
