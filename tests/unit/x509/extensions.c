/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/extensions.h"

#include "make.h"
#include "tap.h"

TEST(extensions_critical, "what counts as unknown when critical is OpenSSL's list")
{
	static const int nids[] = { NID_subject_key_identifier, NID_key_usage, NID_subject_alt_name,
		NID_issuer_alt_name, NID_basic_constraints, NID_name_constraints,
		NID_crl_distribution_points, NID_certificate_policies, NID_policy_mappings,
		NID_authority_key_identifier, NID_policy_constraints, NID_ext_key_usage,
		NID_inhibit_any_policy, NID_info_access, NID_sbgp_ipAddrBlock,
		NID_sbgp_autonomousSysNum, NID_proxyCertInfo, NID_id_pkix_OCSP_noCheck,
		NID_netscape_cert_type, NID_sinfo_access, NID_freshest_crl, NID_tlsfeature,
		NID_netscape_comment, NID_private_key_usage_period, NID_ct_precert_poison };
	struct made made = { .key = "ED25519", .subject = "CN=a" };
	EVP_PKEY *key = make_key(made.key);

	for (size_t i = 0; i < COUNT_OF(nids); i++) {
		X509 *x509 = make_cert(&made, key, NULL, NULL);
		ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
		X509_EXTENSION *extension;
		struct cert cert;
		const char *fault = "";
		size_t offset;
		struct span der;

		/* An empty SEQUENCE in most, a BIT STRING or an OCTET STRING where one must be. */
		if (nids[i] == NID_key_usage)
			(void)ASN1_STRING_set(value, "\x03\x02\x07\x80", 4);
		else if (nids[i] == NID_subject_key_identifier)
			(void)ASN1_STRING_set(value, "\x04\x01\x01", 3);
		else
			(void)ASN1_STRING_set(value, "\x30\x00", 2);
		extension = X509_EXTENSION_create_by_NID(NULL, nids[i], 1, value);
		CHECK(X509_add_ext(x509, extension, -1) == 1);
		make_sign(x509, NULL, key, NULL, false);
		der = made_der(x509);
		CHECK(cert_read(der, &cert, &fault, &offset) == 0);
		if ((cert.unknown_critical.length == 0) !=
			(X509_supported_extension(extension) == 1))
			printf("# %s\n", OBJ_nid2sn(nids[i]));
		CHECK((cert.unknown_critical.length == 0) ==
			(X509_supported_extension(extension) == 1));
		X509_EXTENSION_free(extension);
		ASN1_OCTET_STRING_free(value);
		X509_free(x509);
		made_free(der);
	}
	EVP_PKEY_free(key);
}

static const char *
fault_with(EVP_PKEY *key, const char *name, const char *value, const char *again)
{
	struct made made = { .key = "ED25519",
		.subject = "CN=a",
		.extensions = { { name, value }, { again != NULL ? name : NULL, again } } };
	X509 *x509 = make_cert(&made, key, NULL, NULL);
	struct span der = made_der(x509);
	struct cert cert;
	const char *fault;
	size_t offset;

	(void)cert_read(der, &cert, &fault, &offset);
	X509_free(x509);
	made_free(der);
	return fault;
}

TEST(extensions_faults, "damaged and repeated extensions are refused")
{
	EVP_PKEY *key = make_key("ED25519");

	CHECK(fault_with(key, "basicConstraints", "DER:30030101ff", NULL) == NULL);
	CHECK(fault_with(key, "basicConstraints", "DER:3003010101", NULL) != NULL);
	CHECK(fault_with(key, "basicConstraints", "DER:30030101ff00", NULL) != NULL);
	CHECK(fault_with(key, "basicConstraints", "DER:30060101ff0201ff", NULL) != NULL);
	CHECK(fault_with(key, "basicConstraints", "DER:0500", NULL) != NULL);
	CHECK(fault_with(key, "keyUsage", "DER:03020181", NULL) != NULL);
	CHECK(fault_with(key, "subjectAltName", "DER:30020500", NULL) != NULL);
	CHECK(fault_with(key, "subjectKeyIdentifier", "DER:040201", NULL) != NULL);
	CHECK(fault_with(key, "extendedKeyUsage", "DER:300306018b", NULL) != NULL);
	CHECK_TEXT(fault_with(key, "keyUsage", "keyCertSign", "cRLSign"),
		"an extension that comes twice");
	CHECK_TEXT(fault_with(key, "1.2.3.4", "DER:0500", "DER:0500"),
		"an extension that comes twice");
	EVP_PKEY_free(key);
}

TAP_MAIN()
