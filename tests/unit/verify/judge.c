/* SPDX-License-Identifier: Apache-2.0 */
/* The chain rows of the lab matrix: what OpenSSL says of them, and which rule is to be named. */
#include "court.h"
#include "tap.h"

#define ISSUE(...) pki_issue(court.pki, &(struct pki_spec){ __VA_ARGS__ })
#define COURT      CLEANUP(court_end) struct court court = court_begin()

/* root → inter → alice, everything sound; each test changes a part. */
#define ROOT(...) \
	const struct pki_cert *root = ISSUE(.subject = "CN=Root,O=Lab", .ca = true, ##__VA_ARGS__)
#define INTER(...)                     \
	const struct pki_cert *inter = \
		ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root, ##__VA_ARGS__)
#define LEAF(...)                     \
	const struct pki_cert *leaf = \
		ISSUE(.subject = "CN=alice,O=Lab", .issuer = inter, ##__VA_ARGS__)
#define SETTLED                             \
	do {                                \
		court_trust(&court, root);  \
		court_trust(&court, inter); \
		court_send(&court, leaf);   \
	} while (0)

TEST(ok, "a sound chain is accepted")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
	CHECK(court.verdict->path_count == 1 && court.verdict->paths[0].length == 3);
	CHECK(court.verdict->paths[0].ends_in_anchor);
	CHECK(court.verdict->paths[0].origins[0] == ORIGIN_CLIENT);
	CHECK(court.verdict->paths[0].origins[2] == ORIGIN_STORE);
}

TEST(chain_sent, "the intermediate may come from the client")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, root);
	court_send(&court, leaf);
	court_send(&court, inter);
	JUDGED_ALIKE(&court, 0, 0, "");
	CHECK(court.verdict->paths[0].origins[1] == ORIGIN_CLIENT);
}

TEST(root_only, "root only and leaf only: 20 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, root);
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 20, 0, "anchor@0");
}

TEST(inter_only, "intermediate only in the store: 2 at 1")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, inter);
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 2, 1, "anchor@1");
}

TEST(inter_only_chain_sent, "intermediate in store and sent: 2 at 1")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, inter);
	court_send(&court, leaf);
	court_send(&court, inter);
	JUDGED_ALIKE(&court, 2, 1, "anchor@1");
}

TEST(inter_only_partial, "partial chain takes the intermediate as anchor")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, inter);
	court_send(&court, leaf);
	court.verifier.partial_chain = true;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(leaf_partial, "partial chain takes the leaf itself as anchor")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, leaf);
	court_send(&court, leaf);
	court.verifier.partial_chain = true;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(leaf_in_store, "the leaf in the store is no anchor otherwise")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, leaf);
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 20, 0, "anchor@0");
}

TEST(unrelated_ca, "unrelated CA: 20 at 1")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, ISSUE(.subject = "CN=Other", .ca = true));
	court_send(&court, leaf);
	court_send(&court, inter);
	JUDGED_ALIKE(&court, 20, 1, "anchor@1");
}

TEST(root_sent_only, "the root comes from the client alone: 19 at 2")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, ISSUE(.subject = "CN=Other", .ca = true));
	court_send(&court, leaf);
	court_send(&court, inter);
	court_send(&court, root);
	JUDGED_ALIKE(&court, 19, 2, "anchor@2");
}

TEST(empty_store, "an empty store: 20 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 20, 0, "anchor@0");
}

TEST(store_then_sent, "behind a certificate of the store nothing is taken from the client: 2 at 1")
{
	COURT;
	ROOT();
	const struct pki_cert *upper = ISSUE(.subject = "CN=Upper", .ca = true, .issuer = root);
	const struct pki_cert *inter = ISSUE(.subject = "CN=Inter", .ca = true, .issuer = upper);

	LEAF();
	court_trust(&court, root);
	court_trust(&court, inter);
	court_send(&court, leaf);
	court_send(&court, upper);
	JUDGED_ALIKE(&court, 2, 1, "anchor@1");
}

TEST(wrong_root_with_key_id, "wrong root of the same subject, with key identifier: 2 at 1")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, ISSUE(.subject = "CN=Root,O=Lab", .ca = true));
	court_trust(&court, inter);
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 2, 1, "key-identifier@1 signature@1");
}

TEST(wrong_root_without_key_id, "wrong root of the same subject, without key identifier: 7 at 1")
{
	COURT;
	ROOT();
	INTER(.authority_key_id = PKI_AKI_NONE);
	LEAF();
	court_trust(&court, ISSUE(.subject = "CN=Root,O=Lab", .ca = true));
	court_trust(&court, inter);
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 7, 1, "signature@1");
}

TEST(same_subject_wrong_first,
	"two roots of one subject, wrong one first: 7, though a path is good")
{
	COURT;
	ROOT();
	INTER(.authority_key_id = PKI_AKI_NONE);
	LEAF();
	court_trust(&court, ISSUE(.subject = "CN=Root,O=Lab", .ca = true));
	SETTLED;
	JUDGED(&court, 7, 1, "");
	CHECK(court.verdict->difference != NULL);
	CHECK(court.verdict->path_count == 2);
}

TEST(same_subject_right_first, "two roots of one subject, right one first: accepted")
{
	COURT;
	ROOT();
	INTER(.authority_key_id = PKI_AKI_NONE);
	LEAF();
	SETTLED;
	court_trust(&court, ISSUE(.subject = "CN=Root,O=Lab", .ca = true));
	JUDGED_ALIKE(&court, 0, 0, "");
	CHECK(court.verdict->path_count == 2);
}

TEST(same_subject_key_id, "two intermediates of one subject are told apart by key identifier")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root));
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(rollover_incomplete, "only the old intermediate, leaf by the new one: 20 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_trust(&court, root);
	court_trust(&court, ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root));
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 20, 0, "key-identifier@0 signature@0");
}

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

TEST(expired_inter_with_twin, "expired intermediate first, renewed one second: accepted")
{
	COURT;
	ROOT();
	INTER(.days_from = -100, .days = 50);
	LEAF();
	SETTLED;
	court_trust(&court,
		ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root, .key_of = inter));
	JUDGED_ALIKE(&court, 0, 0, "");
	CHECK(court.verdict->path_count == 2);
	CHECK(court.verdict->paths[1].failure_count == 1);
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

TEST(expired_root_with_twin, "expired root first, renewed one second: accepted")
{
	COURT;
	ROOT(.days_from = -100, .days = 50);
	INTER();
	LEAF();
	SETTLED;
	court_trust(&court, ISSUE(.subject = "CN=Root,O=Lab", .ca = true, .key_of = root));
	JUDGED_ALIKE(&court, 0, 0, "");
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

TEST(key_id_mismatch, "authority key identifier of nobody: 20 at 0")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.authority_key_id = PKI_AKI_WRONG);
	SETTLED;
	JUDGED_ALIKE(&court, 20, 0, "key-identifier@0");
}

TEST(key_id_issuer_serial, "authority key identifier by issuer and serial")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.authority_key_id = PKI_AKI_ISSUER_SERIAL);
	SETTLED;
	JUDGED_ALIKE(&court, 0, 0, "");
	court.trust.anchor_count = 0;
	court_trust(&court, root);
	court_trust(&court,
		ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root, .key_of = inter));
	JUDGED_ALIKE(&court, 20, 0, "key-identifier@0");
}

TEST(key_id_other_name, "an issuer of another name with the right key is shown")
{
	COURT;
	ROOT();
	INTER();
	LEAF(.issuer_name = "CN=Inter,O=Laboratory");
	SETTLED;
	JUDGED_ALIKE(&court, 20, 0, "name-chaining@0");
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

TEST(string_types, "PrintableString against UTF8String, and case: the same name")
{
	COURT;
	ROOT();
	const struct pki_cert *inter = ISSUE(.subject = "CN=Inter,O=Lab", .ca = true,
		.issuer = root, .subject_type = V_ASN1_PRINTABLESTRING);

	LEAF(.issuer_name = "CN=inter,O=LAB");
	SETTLED;
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

TEST(self_signed_leaf, "self-signed leaf: 18 at 0; in the store: accepted")
{
	COURT;
	ROOT();
	const struct pki_cert *leaf = ISSUE(.subject = "CN=self");

	court_trust(&court, root);
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 18, 0, "self-signed-leaf@0");
	court_trust(&court, leaf);
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(self_signed_mimic, "self-signed leaf with the name of an anchor: 18 at 0")
{
	COURT;
	ROOT();
	const struct pki_cert *leaf = ISSUE(.subject = "CN=Root,O=Lab");

	court_trust(&court, root);
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 18, 0, "self-signed-leaf@0");
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

TEST(trusted_for_servers, "TRUSTED CERTIFICATE for servers only: 28 at 2")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	SETTLED;
	court.anchors[0].settings = (struct trust_settings){ .present = true, .has_trust = true };
	JUDGED_ALIKE(&court, 28, 2, "trust-settings@2");
}

TEST(trusted_for_clients, "TRUSTED CERTIFICATE for clients: accepted")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	SETTLED;
	court.anchors[0].settings = (struct trust_settings){
		.present = true, .has_trust = true, .trusts_client = true
	};
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(trusted_rejects, "TRUSTED CERTIFICATE that rejects clients: 28 at 2")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	SETTLED;
	court.anchors[0].settings = (struct trust_settings){
		.present = true, .has_reject = true, .rejects_client = true
	};
	JUDGED_ALIKE(&court, 28, 2, "trust-settings@2");
}

TEST(trusted_inter, "an intermediate that is explicitly trusted for clients ends the path")
{
	COURT;
	ROOT();
	INTER(.extended_key_usage = "serverAuth");
	LEAF();
	court_trust(&court, inter)->settings = (struct trust_settings){
		.present = true, .has_trust = true, .trusts_client = true
	};
	court_send(&court, leaf);
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(duplicate, "the same root twice: one path")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	SETTLED;
	court_trust(&court, root);
	JUDGED_ALIKE(&court, 0, 0, "");
	CHECK(court.verdict->path_count == 1);
}

TEST(cross_certificate, "of two roots by cross certificate one suffices")
{
	COURT;
	ROOT();
	const struct pki_cert *old =
		ISSUE(.subject = "CN=Old", .ca = true, .days_from = -100, .days = 50);
	const struct pki_cert *cross =
		ISSUE(.subject = "CN=Root,O=Lab", .ca = true, .issuer = old, .key_of = root);

	INTER();
	LEAF();
	court_trust(&court, old);
	court_trust(&court, root);
	court_send(&court, leaf);
	court_send(&court, inter);
	court_send(&court, cross);
	JUDGED_ALIKE(&court, 0, 0, "");
	CHECK(court.verdict->path_count == 2);
	CHECK(court.verdict->paths[1].length == 4);
}

TEST(loop, "two CAs that certify each other end nowhere")
{
	COURT;
	const struct pki_cert *a = ISSUE(.subject = "CN=A", .ca = true);
	const struct pki_cert *b = ISSUE(.subject = "CN=B", .ca = true);
	const struct pki_cert *a_by_b =
		ISSUE(.subject = "CN=A", .ca = true, .issuer = b, .key_of = a);
	const struct pki_cert *b_by_a =
		ISSUE(.subject = "CN=B", .ca = true, .issuer = a, .key_of = b);
	const struct pki_cert *leaf = ISSUE(.subject = "CN=alice", .issuer = a);

	court_trust(&court, a_by_b);
	court_trust(&court, b_by_a);
	court_send(&court, leaf);
	/* OpenSSL 3.0 goes round until its own bound of 100. */
	JUDGED_ALIKE(&court, 22, 101, "anchor@2");
}

TEST(ignored_errors, "ignored errors of CAs and of the leaf do not mix")
{
	COURT;
	ROOT();
	INTER(.days_from = -100, .days = 50);
	LEAF();
	SETTLED;
	court.verifier.ignores_all_leaf_errors = true;
	JUDGED_ALIKE(&court, 10, 1, "validity@1");
	court.verifier.ignores_all_leaf_errors = false;
	court.verifier.ignored_ca_errors[10] = true;
	JUDGED_ALIKE(&court, 0, 0, "validity@1");
}

TEST(ignored_unknown_ca, "an unknown CA that is ignored at CAs and leaf lets in")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_send(&court, leaf);
	court.verifier.ignores_all_leaf_errors = true;
	JUDGED_ALIKE(&court, 0, 0, "anchor@0");
}

TEST(optional_no_ca, "optional_no_ca lets an unknown CA in, and no expired leaf")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_send(&court, leaf);
	court.verifier.mode = MODE_OPTIONAL_NO_CA;
	JUDGED_ALIKE(&court, 0, 0, "anchor@0");
	court.client.chain_length = 0;
	court_send(
		&court, ISSUE(.subject = "CN=old", .issuer = inter, .days_from = -10, .days = 5));
	JUDGED_ALIKE(&court, 10, 0, "anchor@0 validity@0");
}

TEST(modes, "none lets everybody in; optional refuses a bad certificate")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	court_send(&court, leaf);
	court.verifier.mode = MODE_OPTIONAL;
	JUDGED_ALIKE(&court, 20, 0, "anchor@0");
	court.verifier.mode = MODE_NONE;
	CHECK_TEXT(court_judge(&court), "no path");
	CHECK(court.verdict->accepted);
}

TEST(trust_does_not_load, "a server that does not start accepts nobody")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	SETTLED;
	court.trust.loads = false;
	court.trust.error = "bad end line";
	CHECK_TEXT(court_judge(&court), "");
	CHECK(!court.verdict->accepted);
	CHECK_TEXT(court.verdict->text, "the server does not start: bad end line");
}

TEST(no_certificate, "a client without certificate has no path")
{
	COURT;
	CHECK_TEXT(court_judge(&court), "no path");
	CHECK(!court.verdict->accepted);
}

/* Supposed clients: no leaf is at hand. */

TEST(supposed, "any client of the intermediate is accepted where the chain is whole")
{
	COURT;
	ROOT();
	INTER();
	court_trust(&court, root);
	court_trust(&court, inter);
	court.client.supposed_issuer = &inter->cert;
	JUDGED_ALIKE(&court, 0, 0, "");
	CHECK(court.verdict->paths[0].certs[0] == NULL);
	CHECK(court.verdict->paths[0].certs[1] == &inter->cert);
}

TEST(supposed_root_missing, "any client of the intermediate without root: 2 at 1")
{
	COURT;
	ROOT();
	INTER();
	court_trust(&court, inter);
	court.client.supposed_issuer = &inter->cert;
	JUDGED_ALIKE(&court, 2, 1, "anchor@1");
}

TEST(supposed_missing, "any client of a CA that is not there: 20 at 0")
{
	COURT;
	ROOT();
	INTER();
	court_trust(&court, root);
	court.client.supposed_issuer = &inter->cert;
	JUDGED_ALIKE(&court, 20, 0, "anchor@0");
	CHECK(court.verdict->paths[0].failures[0].cert == NULL);
	court_send(&court, inter);
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(supposed_other_key, "a CA of the same name with another key did not sign: 7 at 0")
{
	COURT;
	ROOT();
	INTER(.subject_key_id = "-");
	court_trust(&court, root);
	court_trust(&court, ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root,
				    .subject_key_id = "-"));
	court.client.supposed_issuer = &inter->cert;
	JUDGED_ALIKE(&court, 7, 0, "signature@0");
}

TEST(supposed_kinds, "clients can be supposed below CAs with all kinds of key, at all levels")
{
	COURT;
	static const enum pki_key kinds[] = { PKI_RSA_2048, PKI_EC, PKI_ED25519 };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		ROOT(.key = kinds[i]);
		court.trust.anchor_count = 0;
		court_trust(&court, root);
		court.client.supposed_issuer = &root->cert;
		court.verifier.security_level = 2;
		JUDGED_ALIKE(&court, 0, 0, "");
	}
	court.verifier.security_level = 5;
	JUDGED_ALIKE(&court, 68, 0, "security-level@0 security-level@1");
}

TEST(supposed_constraints, "name constraints are not held against a client without names")
{
	COURT;
	ROOT();
	INTER(.name_constraints = "critical,permitted;DNS:lab.example,permitted;email:lab.example");
	court_trust(&court, root);
	court_trust(&court, inter);
	court.client.supposed_issuer = &inter->cert;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(issued, "judge_issued asks names, key identifiers and signature")
{
	COURT;
	ROOT();
	INTER();
	LEAF();
	CHECK(judge_issued(court.judge, &inter->cert, &leaf->cert));
	CHECK(judge_issued(court.judge, &root->cert, &root->cert));
	CHECK(!judge_issued(court.judge, &root->cert, &leaf->cert));
	CHECK(!judge_issued(court.judge,
		&ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = root)->cert,
		&leaf->cert));
}

TAP_MAIN()
