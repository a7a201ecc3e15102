/* SPDX-License-Identifier: Apache-2.0 */
/* The revocation rows of the lab matrix: what OpenSSL says of them, and what is to be named. */
#include "court.h"
#include "tap.h"

#define CRL(...) court_crl(&court, pki_crl(court.pki, &(struct pki_crl_spec){ __VA_ARGS__ }))

/* root → inter → alice in a court that checks the whole chain. */
#define CHAIN(inter_spec, leaf_spec)                                                            \
	const struct pki_cert *root = ISSUE(.subject = "CN=Root", .ca = true);                  \
	const struct pki_cert *inter =                                                          \
		ISSUE(.subject = "CN=Inter", .ca = true, .issuer = root, inter_spec);           \
	const struct pki_cert *leaf = ISSUE(.subject = "CN=alice", .issuer = inter, leaf_spec); \
                                                                                                \
	court.verifier.crl_check = CRL_CHECK_CHAIN;                                             \
	court_trust(&court, root);                                                              \
	court_trust(&court, inter);                                                             \
	court_send(&court, leaf)
#define USUAL .days = 0

TEST(ok, "a CRL of each CA: accepted")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter);
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(missing_root, "no CRL of the root: 3 at 1")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = inter);
	JUDGED_ALIKE(&court, 3, 1, "revocation@1 revocation@2");
}

TEST(missing_inter, "no CRL of the intermediate: 3 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	JUDGED_ALIKE(&court, 3, 0, "revocation@0");
	CHECK(court.verdict->paths[0].failures[0].crl == NULL);
}

TEST(leaf_only, "leaf checking needs the CRL of its issuer alone")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = inter);
	court.verifier.crl_check = CRL_CHECK_LEAF;
	JUDGED_ALIKE(&court, 0, 0, "");
	court.verifier.crl_check = CRL_CHECK_NONE;
	court.trust.crl_count = 0;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(missing_ok, "a missing CRL is forgiven, an expired one is not")
{
	COURT;
	CHAIN(USUAL, USUAL);
	court.verifier.crl_missing_ok = true;
	JUDGED_ALIKE(&court, 0, 0, "revocation@0 revocation@1 revocation@2");
	CRL(.issuer = inter, .days_from = -40, .days = 10);
	JUDGED_ALIKE(&court, 12, 0, "revocation@0 revocation@1 revocation@2");
}

TEST(expired, "expired CRL of the intermediate: 12 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .days_from = -40, .days = 10);
	JUDGED_ALIKE(&court, 12, 0, "revocation@0");
	CHECK(court.verdict->paths[0].failures[0].crl == court.crls[1]);
	CHECK(court.verdict->paths[0].failures[0].error == 12);
}

TEST(root_expired, "expired CRL of the root: 12 at 1, and at 2")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root, .days_from = -40, .days = 10);
	CRL(.issuer = inter);
	JUDGED_ALIKE(&court, 12, 1, "revocation@1 revocation@2");
}

TEST(future, "CRL not yet valid: 11 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .days_from = 1);
	JUDGED_ALIKE(&court, 11, 0, "revocation@0");
}

TEST(no_next_update, "a CRL without nextUpdate does not expire")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root, .no_next_update = true);
	CRL(.issuer = inter, .no_next_update = true, .days_from = -4'000);
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(wrong_key, "another key, no key identifier: 8 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .signer = root, .authority_key_id = PKI_AKI_NONE);
	JUDGED_ALIKE(&court, 8, 0, "revocation@0");
}

TEST(wrong_key_with_id, "another key with its key identifier: 3 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	const struct pki_cert *other = ISSUE(.subject = "CN=Inter", .ca = true);

	CRL(.issuer = root);
	CRL(.issuer = other);
	JUDGED_ALIKE(&court, 3, 0, "revocation@0");
}

TEST(both_keys, "during a change of keys the CRL of the right key is taken")
{
	COURT;
	CHAIN(USUAL, USUAL);
	const struct pki_cert *other = ISSUE(.subject = "CN=Inter", .ca = true);

	CRL(.issuer = root);
	CRL(.issuer = other);
	CRL(.issuer = inter);
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(revoked_leaf, "revoked leaf: 23 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .revoked = leaf);
	JUDGED_ALIKE(&court, 23, 0, "revocation@0");
}

TEST(revoked_inter, "revoked intermediate: 23 at 1; leaf checking does not see it")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root, .revoked = inter);
	CRL(.issuer = inter);
	JUDGED_ALIKE(&court, 23, 1, "revocation@1");
	court.verifier.crl_check = CRL_CHECK_LEAF;
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(newer_list, "of two current CRLs the newer one counts")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .days_from = -3, .revoked = leaf);
	CRL(.issuer = inter, .days_from = -2);
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(old_and_new, "an expired CRL beside a current one does no harm")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = inter, .days_from = -40, .days = 10);
	CRL(.issuer = inter);
	CRL(.issuer = root);
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(critical_extension, "unknown critical extension of the CRL: 36 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .unknown_critical = true);
	JUDGED_ALIKE(&court, 36, 0, "revocation@0");
}

TEST(delta_only, "delta CRL only")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .delta_of = 1, .number = 2);
	CHECK_TEXT(court_judge(&court), "revocation@0");
	CHECK(court.verdict->paths[0].failures[0].error == 3);
	/* OpenSSL up to 3.0.19 takes a delta CRL for a whole one; later ones say 3. */
	CHECK(court.verdict->accepted == (court.verdict->difference != NULL));
	CHECK(court.verdict->accepted || court.verdict->error == 3);
}

TEST(scope_uri, "distribution point that the certificate does not name: 44 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .scope = "critical,fullname:URI:http://crl.example/inter.crl");
	JUDGED_ALIKE(&court, 44, 0, "revocation@0");
}

TEST(scope_uri_named, "distribution point that the certificate names")
{
	COURT;
	CHAIN(USUAL, .crl_points = "URI:http://crl.example/inter.crl");
	CRL(.issuer = root);
	CRL(.issuer = inter, .scope = "critical,fullname:URI:http://crl.example/inter.crl");
	JUDGED_ALIKE(&court, 0, 0, "");
}

TEST(scope_uri_other, "distribution point other than the one that the certificate names: 44 at 0")
{
	COURT;
	CHAIN(USUAL, .crl_points = "URI:http://crl.example/other.crl");
	CRL(.issuer = root);
	CRL(.issuer = inter, .scope = "critical,fullname:URI:http://crl.example/inter.crl");
	JUDGED_ALIKE(&court, 44, 0, "revocation@0");
}

TEST(only_ca, "CRL for CAs only: 44 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .scope = "critical,onlyCA:TRUE");
	JUDGED_ALIKE(&court, 44, 0, "revocation@0");
}

TEST(only_user, "CRL for users only is no CRL for the intermediate: 44 at 1")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root, .scope = "critical,onlyuser:TRUE");
	CRL(.issuer = inter, .scope = "critical,onlyuser:TRUE");
	JUDGED_ALIKE(&court, 44, 1, "revocation@1 revocation@2");
}

TEST(indirect, "indirect CRL: 3 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .scope = "critical,indirectCRL:TRUE");
	JUDGED_ALIKE(&court, 3, 0, "revocation@0");
}

TEST(signer_usage, "CA without cRLSign: 35 at 0")
{
	COURT;
	CHAIN(.key_usage = "critical,keyCertSign", USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter);
	JUDGED_ALIKE(&court, 35, 0, "revocation@0");
}

TEST(broken_signature, "CRL with a broken signature: 8 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .broken_signature = true);
	JUDGED_ALIKE(&court, 8, 0, "revocation@0");
}

TEST(partial_chain,
	"partial chain with chain checking: the anchor's own CRL is checked with its key")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root, .authority_key_id = PKI_AKI_NONE);
	CRL(.issuer = inter);
	court.trust.anchor_count = 0;
	court_trust(&court, inter);
	court.verifier.partial_chain = true;
	CHECK_TEXT(court_judge(&court), "revocation@1");
	CHECK(court.verdict->difference == NULL && court.verdict->depth == 1);
	/* Later releases compare the name as well, and find no CRL. */
	CHECK(court.verdict->error == 8 || court.verdict->error == 3);
}

TEST(unknown_ca, "CRLs of others only: 3 at 0")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = ISSUE(.subject = "CN=Other", .ca = true));
	JUDGED_ALIKE(&court, 3, 0, "revocation@0 revocation@1 revocation@2");
}

TEST(haproxy_ignores, "an ignore list forgives an expired CRL at the depth that it is for")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .days_from = -40, .days = 10);
	court.verifier.ignored_ca_errors[12] = true;
	JUDGED_ALIKE(&court, 12, 0, "revocation@0");
	court.verifier.ignored_leaf_errors[12] = true;
	JUDGED_ALIKE(&court, 0, 0, "revocation@0");
}

TEST(supposed, "a supposed client is below the distribution point of its CA")
{
	COURT;
	CHAIN(USUAL, USUAL);
	CRL(.issuer = root);
	CRL(.issuer = inter, .scope = "critical,fullname:URI:http://crl.example/inter.crl");
	court.client.chain_length = 0;
	court.client.supposed_issuer = &inter->cert;
	JUDGED_ALIKE(&court, 0, 0, "");
	court.trust.crl_count = 1;
	JUDGED_ALIKE(&court, 3, 0, "revocation@0");
	CHECK(leaf != NULL);
}

TAP_MAIN()
