/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier makes of it: modes, ignored errors, trust settings, and supposed clients. */
#include "court.h"
#include "tap.h"

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

TEST(optional_no_ca_and_depth,
	"a stranger's own root behind the depth limit, as httpd and nginx see it")
{
	COURT;
	ROOT();
	const struct pki_cert *foreign = ISSUE(.subject = "CN=Foreign root", .ca = true);
	const struct pki_cert *below =
		ISSUE(.subject = "CN=Foreign", .ca = true, .issuer = foreign);
	const struct pki_cert *stranger = ISSUE(.subject = "CN=stranger", .issuer = below);

	court_trust(&court, root);
	court_send(&court, stranger);
	court_send(&court, below);
	court_send(&court, foreign);
	court.verifier.mode = MODE_OPTIONAL_NO_CA;
	court.verifier.depth.value = 1;
	/* The library counts the foreign root as an intermediate. */
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted && court.verdict->error == 22);
	court.verifier.depth_counts_all = true;
	(void)court_judge(&court);
	CHECK(court.verdict->accepted && court.verdict->error == 0);
	court.verifier.depth.value = 0;
	(void)court_judge(&court);
	CHECK(!court.verdict->accepted && court.verdict->error == 22);
	court.verifier.depth_counts_all = false;
	court.verifier.last_error_decides = true;
	(void)court_judge(&court);
	CHECK(court.verdict->accepted && court.verdict->error == 0);
}

TEST(last_error, "where the last error decides, the first one is still the one to show")
{
	COURT;
	ROOT();
	INTER(.days_from = -100, .days = 50);
	LEAF();
	SETTLED;
	court.verifier.last_error_decides = true;
	JUDGED_ALIKE(&court, 10, 1, "validity@1");
	court.verifier.mode = MODE_OPTIONAL_NO_CA;
	JUDGED_ALIKE(&court, 10, 1, "validity@1");
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

/* Good ones, forged ones, late ones, and one of a stranger of the same name. */
static const struct pki_cert *
issue_client(struct court *court, const struct pki_cert *issuer, const struct pki_cert *other,
	unsigned number)
{
	struct pki_spec spec = { .subject = "CN=client,O=Lab", .issuer = issuer };

	spec.broken_signature = number % 7 == 3;
	spec.signer = number % 11 == 5 ? other : NULL;
	spec.days_from = number % 13 == 6 ? -10 : 0;
	spec.days = number % 13 == 6 ? 1 : 0;
	return pki_issue(court->pki, &spec);
}

TEST(foreseen,
	"clients that were looked at ahead, by tables, have the verdicts that each would have")
{
	enum { CLIENTS = 4 * KEY_TABLE_SEEN + 60 };
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	CLEANUP(judge_freep) struct judge *ahead = judge_new();
	static const struct cert *certs[CLIENTS];
	struct key_place *place;
	COURT;
	ROOT();
	INTER();
	const struct pki_cert *rsa =
		ISSUE(.subject = "CN=Rsa,O=Lab", .ca = true, .issuer = root, .key = PKI_RSA_2048);
	size_t accepted = 0;

	court_trust(&court, root);
	court_trust(&court, inter);
	court_trust(&court, rsa);
	court.verifier.by_standard = true;
	court.trust.anchors = court.anchors;
	trust_seal(&court.trust);
	judge_use_tables(ahead, tables);
	key_tables_expect(tables, 1'000'000);
	for (unsigned i = 0; i < CLIENTS; i++)
		certs[i] = &(i % 3 == 2 ? issue_client(&court, rsa, inter, i)
					: issue_client(&court, inter, rsa, i))
				    ->cert;
	for (size_t i = 0; i < CLIENTS; i++) {
		struct client client = { .name = "c", .chain = certs[i], .chain_length = 1 };
		const struct verdict *each, *foreseen;

		/* In portions; the first has nothing that is kept, the second no table. */
		if (i % KEY_TABLE_SEEN == 0)
			judge_foresee(ahead, &court.verifier, &court.trust, &certs[i],
				CLIENTS - i < KEY_TABLE_SEEN ? CLIENTS - i : KEY_TABLE_SEEN,
				court.at);
		each = judge_client(
			court.judge, court.arena, &court.verifier, &court.trust, &client, court.at);
		foreseen = judge_briefly(
			ahead, court.arena, &court.verifier, &court.trust, &client, court.at);
		CHECK(foreseen->accepted == each->accepted && foreseen->error == each->error);
		CHECK(each->accepted == (i % 7 != 3 && i % 11 != 5 && i % 13 != 6));
		accepted += each->accepted;
	}
	CHECK(accepted > CLIENTS / 2);
	place = key_tables_watch(tables, &inter->cert.key_digest);
	CHECK(place != NULL && key_tables_ready(place) != NULL);
	place = key_tables_watch(tables, &rsa->cert.key_digest);
	CHECK(place != NULL && key_tables_ready(place) == NULL);
}

TAP_MAIN()
