/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths there are, and which of them OpenSSL takes: the chain rows of the lab matrix. */
#include "court.h"
#include "tap.h"

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
