/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of path validation broken once, with the error by which OpenSSL reports it. */
#include "court.h"
#include "tap.h"

TEST(expired_inter, "expired intermediate: 10 at 1")
{
	COURT;
	ROOT();
	INTER(.days_from = -100, .days = 50);
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 10, 1, "validity@1");
	CHECK(court.verdict->paths[0].failures[0].cert == &inter->cert);
	CHECK(court.verdict->paths[0].failures[0].error == 10);
}

TEST(expired_root, "expired root: 10 at 2")
{
	COURT;
	ROOT(.days_from = -100, .days = 50);
	INTER();
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 10, 2, "validity@2");
}

TEST(expired_leaf, "expired leaf: 10 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.days_from = -10, .days = 5);
	SETTLED;
	JUDGED_ALIKE(&court, 10, 0, "validity@0");
}

TEST(future_leaf, "not yet valid: 9 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.days_from = 2);
	SETTLED;
	JUDGED_ALIKE(&court, 9, 0, "validity@0");
}

TEST(second_of_expiry, "the very second of notAfter is past, the one before is not")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.days_from = 2, .days = 20);
	SETTLED;
	court.at = leaf->cert.not_after;
	JUDGED_ALIKE(&court, 10, 0, "validity@0");
	court.at = leaf->cert.not_after - 1;
	JUDGED_ALIKE(&court, 0, 0, "");
	court.at = leaf->cert.not_before;
	JUDGED_ALIKE(&court, 0, 0, "");
	court.at = leaf->cert.not_before - 1;
	JUDGED_ALIKE(&court, 9, 0, "validity@0");
}

TEST(sha1_inter, "SHA-1 intermediate: 68 at 1")
{
	COURT;
	ROOT();
	INTER(.digest = "SHA1");
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 68, 1, "security-level@1");
	court.verifier.security_level = 0;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(sha1_root, "the root's own signature does not matter")
{
	COURT;
	ROOT(.digest = "SHA1");
	INTER();
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(sha1_leaf, "SHA-1 leaf: 68 at 0 already at level 1")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.digest = "SHA1");
	SETTLED;
	court.verifier.security_level = 1;
	JUDGED_ALIKE(&court, 68, 0, "security-level@0");
}

TEST(rsa1024_inter, "RSA 1024 intermediate: 67 at 1")
{
	COURT;
	ROOT();
	INTER(.key = PKI_RSA_1024);
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 67, 1, "security-level@1");
	court.verifier.security_level = 1;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(rsa1024_leaf, "RSA 1024 leaf: 66 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.key = PKI_RSA_1024);
	SETTLED;
	JUDGED_ALIKE(&court, 66, 0, "security-level@0");
}

TEST(level_4, "at level 4 a P-256 chain is too weak: 66 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	SETTLED;
	court.verifier.security_level = 4;
	JUDGED_ALIKE(&court, 66, 0,
		"security-level@0 security-level@0 security-level@1 security-level@1 "
		"security-level@2");
}

TEST(version_1_root, "a version 1 root is a CA")
{
	COURT;
	ROOT(.version = 1);
	INTER(.authority_key_id = PKI_AKI_NONE);
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(version_1_inter, "a version 1 intermediate is none: 79 at 1")
{
	COURT;
	ROOT();
	INTER(.version = 1);
	LEAF(.authority_key_id = PKI_AKI_NONE);
	SETTLED;
	JUDGED_ALIKE(&court, 79, 1, "basic-constraints@1");
}

TEST(no_basic_constraints, "no basicConstraints: 79 at 1")
{
	COURT;
	ROOT();
	INTER(.basic_constraints = "-");
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 79, 1, "basic-constraints@1");
}

TEST(no_basic_constraints_root, "a root with keyCertSign alone is a CA")
{
	COURT;
	ROOT(.basic_constraints = "-");
	INTER();
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(ca_false, "CA:FALSE issuer: 79 at 1")
{
	COURT;
	ROOT();
	INTER(.basic_constraints = "critical,CA:FALSE");
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 79, 1, "basic-constraints@1");
}

TEST(path_length, "pathlen:0 at the root: 25 at 2")
{
	COURT;
	ROOT(.basic_constraints = "critical,CA:TRUE,pathlen:0");
	INTER();
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 25, 2, "path-length@2");
}

TEST(path_length_of_leaf_issuer, "pathlen:0 at the leaf's issuer allows leaves")
{
	COURT;
	ROOT(.basic_constraints = "critical,CA:TRUE,pathlen:1");
	INTER(.basic_constraints = "critical,CA:TRUE,pathlen:0");
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(no_cert_sign, "no keyCertSign: 79 at 1, named as key usage")
{
	COURT;
	ROOT();
	INTER(.key_usage = "critical,digitalSignature,cRLSign");
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 79, 1, "key-usage@1");
}

TEST(name_constraints_dns, "a dNSName outside: 47 at 0")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "critical,permitted;DNS:lab.example");
	LEAF(.alt_names = "DNS:alice.other.example");
	SETTLED;
	JUDGED_ALIKE(&court, 47, 0, "name-constraints@0");
}

TEST(name_constraints_inside, "names of all forms inside are fine")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "critical,permitted;DNS:lab.example,permitted;email:lab.example,"
				  "permitted;URI:.lab.example,permitted;IP:10.0.0.0/255.0.0.0");
	LEAF(.alt_names = "DNS:a.lab.example,email:a@lab.example,URI:https://x.lab.example/"
			  "y,IP:10.1.2.3");
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(name_constraints_mail, "a mail address outside: 47 at 0")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "critical,permitted;email:lab.example");
	LEAF(.alt_names = "email:alice@sub.lab.example");
	SETTLED;
	JUDGED_ALIKE(&court, 47, 0, "name-constraints@0");
}

TEST(name_constraints_uri, "a URI in an excluded subtree: 48 at 0")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "critical,excluded;URI:.bad.example");
	LEAF(.alt_names = "URI:spiffe://x.bad.example/alice");
	SETTLED;
	JUDGED_ALIKE(&court, 48, 0, "name-constraints@0");
}

TEST(name_constraints_ip, "an address outside: 47 at 0; of the other family: 47 at 0")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "critical,permitted;IP:10.0.0.0/255.0.0.0");
	LEAF(.alt_names = "IP:11.0.0.1");
	SETTLED;
	JUDGED_ALIKE(&court, 47, 0, "name-constraints@0");
}

TEST(name_constraints_common_name, "a common name that looks like a host is one: 47 at 0")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "critical,permitted;DNS:lab.example");
	const struct pki_cert *leaf = ISSUE(.subject = "CN=alice.other.example", .issuer = inter);

	SETTLED;
	CHECK_TEXT(court_judge(&court), "name-constraints@0");
	/* Releases of 2026 look at common names no more. */
	CHECK(court.verdict->accepted == (court.verdict->difference != NULL));
	CHECK(court.verdict->accepted || court.verdict->error == 47);
}

TEST(name_constraints_uri_syntax, "a URI without host under a URI constraint: 53 at 0")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "critical,permitted;URI:lab.example");
	LEAF(.alt_names = "URI:urn:uuid:1");
	SETTLED;
	JUDGED_ALIKE(&court, 53, 0, "name-constraints@0");
}

TEST(deep_chain, "three intermediates against depths 1, 2 and 3")
{
	COURT;
	ROOT();
	const struct pki_cert *one = ISSUE(.subject = "CN=One", .ca = true, .issuer = root);
	const struct pki_cert *two = ISSUE(.subject = "CN=Two", .ca = true, .issuer = one);
	const struct pki_cert *inter = ISSUE(.subject = "CN=Three", .ca = true, .issuer = two);

	LEAF();
	court_trust(&court, root);
	court_send(&court, leaf);
	court_send(&court, inter);
	court_send(&court, two);
	court_send(&court, one);
	court.verifier.depth.value = 1;
	JUDGED_ALIKE(&court, 22, 2, "depth@2");
	court.verifier.depth.value = 2;
	JUDGED_ALIKE(&court, 22, 3, "depth@3");
	court.verifier.depth.value = 3;
	JUDGED_ALIKE(&court, 0, 0, "");
	court.verifier.depth_counts_all = true;
	JUDGED_ALIKE(&court, 0, 0, "");
	court.verifier.depth.value = 2;
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted && court.verdict->error == 22);
}

TEST(depth_0, "depth 0 allows a leaf directly below its root, and no intermediate")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	SETTLED;
	court.verifier.depth.value = 0;
	JUDGED_ALIKE(&court, 22, 1, "depth@1");
	court.client.chain_length = 0;
	court_send(&court, ISSUE(.subject = "CN=bob", .issuer = root));
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(critical_leaf, "unknown critical extension of the leaf: 34 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.unknown_critical = true);
	SETTLED;
	JUDGED_ALIKE(&court, 34, 0, "critical-extension@0");
}

TEST(critical_ca, "unknown critical extension of the CA: 34 at 1")
{
	COURT;
	ROOT();
	INTER(.unknown_critical = true);
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 34, 1, "critical-extension@1");
}

TEST(eku_server, "EKU serverAuth: 26 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.extended_key_usage = "serverAuth");
	SETTLED;
	JUDGED_ALIKE(&court, 26, 0, "extended-key-usage@0");
}

TEST(eku_any, "EKU anyExtendedKeyUsage alone: 26 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.extended_key_usage = "anyExtendedKeyUsage");
	SETTLED;
	JUDGED_ALIKE(&court, 26, 0, "extended-key-usage@0");
}

TEST(eku_none, "no EKU: accepted")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.extended_key_usage = "-");
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(ku_encipherment, "key usage keyEncipherment only: 26 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.key_usage = "critical,keyEncipherment");
	SETTLED;
	JUDGED_ALIKE(&court, 26, 0, "key-usage@0");
}

TEST(ku_agreement, "key usage keyAgreement only: accepted")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.key_usage = "critical,keyAgreement");
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(eku_inter_server, "intermediate with EKU serverAuth: 26 at 1")
{
	COURT;
	ROOT();
	INTER(.extended_key_usage = "serverAuth");
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 26, 1, "extended-key-usage@1");
}

TEST(broken_leaf_signature, "a leaf with a broken signature: 7 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.broken_signature = true);
	SETTLED;
	JUDGED_ALIKE(&court, 7, 0, "signature@0");
}

TEST(bit_flip_in_root, "a flipped bit in the root's signature is not noticed")
{
	COURT;
	ROOT(.broken_signature = true);
	INTER();
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(explicit_curve, "a curve given by its equation: 94 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.key = PKI_EC_EXPLICIT);
	SETTLED;
	court_judge(&court);
	CHECK(court.verdict->difference == NULL);
	CHECK(!court.verdict->accepted);
}

TEST(purposes,
	"a client, a server, and anything are each held to their own usages, and to no other's")
{
	static const struct {
		const char *extended, *usage;
		int errors[3]; /* by purpose */
	} cases[] = {
		{ "clientAuth", NULL, { 0, 26, 0 } },
		{ "serverAuth", NULL, { 26, 0, 0 } },
		{ "codeSigning", NULL, { 26, 26, 0 } },
		{ "clientAuth,serverAuth", "critical,keyEncipherment", { 26, 0, 0 } },
		{ "-", "critical,nonRepudiation", { 26, 26, 0 } },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (int purpose = PURPOSE_CLIENT; purpose <= PURPOSE_ANY; purpose++) {
			COURT;
			ROOT();
			INTER();
			LEAF(.extended_key_usage = cases[i].extended, .key_usage = cases[i].usage);
			SETTLED;
			court.verifier.purpose = (enum verify_purpose)purpose;
			court_judge(&court);
			CHECK(court.verdict->error == cases[i].errors[purpose]);
			CHECK(court.verdict->difference == NULL);
		}
}

TAP_MAIN()
