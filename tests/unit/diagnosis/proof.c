/* SPDX-License-Identifier: Apache-2.0 */
/* A cause is proved by mending it: together the causes named are enough, and each is needed. */
#include "diagnosis/proof.h"

#include "diagnosis/town.h"
#include "tap.h"

TEST(healthy, "where all is well nothing is named, and the status is 0")
{
	TOWN;

	CHECK_TEXT(town_findings(&town), "");
	CHECK(town.diagnosis->complete && diagnosis_exit_status(town.diagnosis) == 0);
	CHECK(town.diagnosis->cell_count == 2);
	CHECK(town.diagnosis->cells[0].accepted && !town.diagnosis->cells[1].accepted);
}

TEST(one_fault, "one fault is one proved finding, with its remedy from known-good material")
{
	const struct finding *finding;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "root.pem", TOWN_PEM(&town, town.root));
	CHECK_TEXT(town_findings(&town), "chain.root-missing critical proved accept/alice.pem");
	CHECK(diagnosis_exit_status(town.diagnosis) == 2 && town.diagnosis->complete);
	finding = town_finding(&town, CAUSE_CHAIN_ROOT_MISSING);
	CHECK(finding->applicability == REPAIR_AUTOMATIC && finding->states == STATE_DISK);
	CHECK(town.diagnosis->cells[0].cause_count == 1 &&
		town.diagnosis->cells[0].causes[0] == CAUSE_CHAIN_ROOT_MISSING);
	CHECK(town.diagnosis->cells[1].cause_count == 0);
}

TEST(nothing_known,
	"without known-good material the cause is named, is not proved, and has no repair")
{
	const struct finding *finding;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	CHECK_TEXT(town_findings(&town), "chain.root-missing critical strong accept/alice.pem");
	finding = town_finding(&town, CAUSE_CHAIN_ROOT_MISSING);
	CHECK(finding->applicability == REPAIR_NONE && finding->why != NULL);
	CHECK(finding->action == NULL);
}

TEST(sent_is_not_good, "what a client sends is not known-good, be it the very root")
{
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_client(&town, "accept/alice", town.alice, TOWN_PEM(&town, town.inter, town.root));
	(void)town_findings(&town);
	CHECK(town.diagnosis->item_count == 1);
	CHECK(town.diagnosis->items[0].remedy == NULL);
	CHECK(town.diagnosis->items[0].finding->confidence == CONFIDENCE_STRONG);
}

TEST(two_at_once, "two faults of one client are two findings: mending one alone lets nobody in")
{
	TOWN;

	town_put(&town, TOWN_CONFIG, TOWN_SERVER "\t\tssl_verify_depth 0;\n" TOWN_END);
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root));
	town_vouch(&town, "inter.pem", TOWN_PEM(&town, town.inter));
	CHECK_TEXT(town_findings(&town),
		"chain.depth-limit critical proved accept/alice.pem\n"
		"chain.intermediate-missing critical proved accept/alice.pem");
}

TEST(each_its_own, "two faults of two clients are told apart by whom they refuse")
{
	const struct pki_cert *bob;
	TOWN;

	bob = ISSUE(.subject = "CN=bob,O=Away", .issuer = town.other);
	town_client(&town, "accept/bob", bob, "");
	town_client(&town, "reject/mallory",
		ISSUE(.subject = "CN=eve", .issuer = ISSUE(.subject = "CN=Evil", .ca = true)), "");
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root));
	town_vouch(&town, "all.pem", TOWN_PEM(&town, town.inter, town.other));
	CHECK_TEXT(town_findings(&town),
		"chain.intermediate-missing critical proved accept/alice.pem\n"
		"chain.unknown-ca critical proved accept/bob.pem");
}

TEST(everywhere, "what is met at several verifiers is the service's, at one that one's")
{
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root));
	town_vouch(&town, "inter.pem", TOWN_PEM(&town, town.inter));
	(void)town_findings(&town);
	CHECK(town_finding(&town, CAUSE_CHAIN_INTERMEDIATE_MISSING)->verifier != NULL);
	town_put(&town, TOWN_CONFIG, TOWN_SERVER TOWN_ANOTHER TOWN_END);
	(void)town_findings(&town);
	CHECK(town_finding(&town, CAUSE_CHAIN_INTERMEDIATE_MISSING)->refuses_count == 1);
	CHECK(town_finding(&town, CAUSE_CHAIN_INTERMEDIATE_MISSING)->verifier == NULL);
}

TEST(behind, "a fault behind a fault comes out: a store that cannot be read hides what it lacks")
{
	CLEANUP(buffer_free) struct buffer indented = { 0 };
	TOWN;

	for (const char *line = TOWN_PEM(&town, town.inter); *line != '\0';
		line += strcspn(line, "\n") + 1)
		buffer_addf(&indented, "  %.*s\n", (int)strcspn(line, "\n"), line);
	town_put(&town, TOWN_STORE, (const char *)indented.data);
	town_vouch(&town, "root.pem", TOWN_PEM(&town, town.root));
	CHECK_TEXT(town_findings(&town), "chain.root-missing critical proved accept/alice.pem\n"
					 "store.line-endings critical proved accept/alice.pem");
}

TEST(consequence,
	"a mere consequence is no finding: a missing store is not each of its missing CAs")
{
	TOWN;

	CHECK(unlink(town_path(&town, TOWN_STORE)) == 0);
	town_vouch(&town, "ca.pem", TOWN_PEM(&town, town.root, town.inter));
	CHECK_TEXT(town_findings(&town), "store.missing critical proved accept/alice.pem");
}

TEST(unneeded, "what could be mended and hurts nobody known is no critical finding")
{
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root, town.inter, town.root, town.inter));
	(void)town_findings(&town);
	CHECK(diagnosis_exit_status(town.diagnosis) <= 1);
	CHECK(town_finding(&town, CAUSE_STORE_DUPLICATE) != NULL);
}

TEST(client_at_fault,
	"what only the client can mend is strong, without a repair, and hides no other's proof")
{
	TOWN;

	town_client(&town, "accept/old",
		ISSUE(.subject = "CN=old", .issuer = town.inter, .days_from = -400, .days = 30),
		"");
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "root.pem", TOWN_PEM(&town, town.root));
	(void)town_findings(&town);
	CHECK(town_finding(&town, CAUSE_CLIENT_EXPIRED)->confidence == CONFIDENCE_STRONG);
	CHECK(town_finding(&town, CAUSE_CLIENT_EXPIRED)->applicability == REPAIR_NONE);
	CHECK(town_finding(&town, CAUSE_CLIENT_EXPIRED)->refuses_count == 1);
	CHECK_TEXT(town_finding(&town, CAUSE_CLIENT_EXPIRED)->refuses[0], "accept/old.pem");
	CHECK(town_finding(&town, CAUSE_CHAIN_ROOT_MISSING)->confidence == CONFIDENCE_PROVED);
}

TEST(impostor,
	"a known-good CA of the right name and another key mends nothing, and is not proposed")
{
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "impostor.pem",
		TOWN_PEM(&town, ISSUE(.subject = "CN=Root,O=Lab", .ca = true)));
	(void)town_findings(&town);
	CHECK(diagnosis_exit_status(town.diagnosis) == 2);
	for (size_t i = 0; i < town.diagnosis->item_count; i++)
		CHECK(town.diagnosis->items[i].remedy == NULL);
}

TEST(expired_good, "an expired root among known-good ones is not proposed; its renewal is")
{
	const struct pki_cert *renewed;
	TOWN;

	renewed = town.root;
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "old.pem",
		TOWN_PEM(&town, ISSUE(.subject = "CN=Root,O=Lab", .ca = true, .key_of = town.root,
					.days_from = -900, .days = 400)));
	(void)town_findings(&town);
	for (size_t i = 0; i < town.diagnosis->item_count; i++)
		CHECK(town.diagnosis->items[i].remedy == NULL);
	town_vouch(&town, "new.pem", TOWN_PEM(&town, renewed));
	CHECK_TEXT(town_findings(&town), "chain.root-missing critical proved accept/alice.pem");
	CHECK(span_equal(town.diagnosis->items[0].remedy->bytes, renewed->der));
}

TEST(no_ca, "a known-good certificate that is no CA ends no path")
{
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "leaf.pem",
		TOWN_PEM(&town, ISSUE(.subject = "CN=Root,O=Lab", .key_of = town.root)));
	(void)town_findings(&town);
	CHECK(diagnosis_exit_status(town.diagnosis) == 2);
	for (size_t i = 0; i < findings_count(town.diagnosis->findings); i++)
		CHECK(findings_get(town.diagnosis->findings, i)->applicability == REPAIR_NONE);
}

TEST(let_in, "a client that must be refused and gets in is a critical finding of its own")
{
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root, town.inter, town.other));
	(void)town_findings(&town);
	CHECK(diagnosis_exit_status(town.diagnosis) >= 2);
	CHECK(town.diagnosis->cells[1].accepted);
}

TEST(revoked,
	"a revoked client that is refused is as it should be; one that must get in is a finding")
{
	const struct pki_cert *bob;
	const char *lists;
	TOWN;

	bob = ISSUE(.subject = "CN=bob,O=Lab", .issuer = town.inter);
	lists = arena_printf(town.arena, "%s%s",
		town_crl_pem(
			&town, pki_crl(town.pki, &(struct pki_crl_spec){ .issuer = town.root })),
		town_crl_pem(&town, pki_crl(town.pki, &(struct pki_crl_spec){ .issuer = town.inter,
							      .revoked = bob })));
	town_put(&town, TOWN_CRLS, lists);
	town_put(&town, TOWN_CONFIG,
		TOWN_SERVER "\t\tssl_verify_depth 2;\n\t\tssl_crl " TOWN_CRLS ";\n" TOWN_END);
	town_client(&town, "reject/bob", bob, "");
	CHECK_TEXT(town_findings(&town), "");
	town_client(&town, "accept/bob", bob, "");
	(void)town_findings(&town);
	CHECK(town.diagnosis->findings != NULL && diagnosis_exit_status(town.diagnosis) == 2);
	for (size_t i = 0; i < town.diagnosis->item_count; i++)
		CHECK(town.diagnosis->items[i].finding->applicability == REPAIR_NONE);
}

TEST(down,
	"a store that keeps the server from starting refuses everybody, and says that it is down")
{
	TOWN;

	town_put(&town, TOWN_STORE, "nothing that is PEM\n");
	town_vouch(&town, "ca.pem", TOWN_PEM(&town, town.root, town.inter));
	(void)town_findings(&town);
	CHECK(diagnosis_exit_status(town.diagnosis) == 2);
	CHECK(findings_count(town.diagnosis->findings) == 1);
	CHECK(findings_get(town.diagnosis->findings, 0)->confidence == CONFIDENCE_PROVED);
	CHECK(strstr(town.diagnosis->cells[0].text, "does not start") != NULL);
}

TEST(writes_nothing, "diagnosis leaves the server's files as they are, to their times")
{
	struct stat before, after;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "root.pem", TOWN_PEM(&town, town.root));
	CHECK(stat(town_path(&town, TOWN_STORE), &before) == 0);
	(void)town_findings(&town);
	CHECK(stat(town_path(&town, TOWN_STORE), &after) == 0);
	CHECK(before.st_ino == after.st_ino && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
		before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
}

TEST(no_target, "a service that is not there is an error of input, not a healthy one")
{
	struct err err = { 0 };
	TOWN;

	(void)town_diagnose(&town);
	town.targets[0] = "nginx:/no/such.conf";
	CHECK(diagnosis_make(&town.request, &err) == NULL);
	CHECK(err.code == ERR_NO_INPUT);
	town.targets[0] = "ngins:" TOWN_CONFIG;
	CHECK(diagnosis_make(&town.request, &err) == NULL);
	CHECK(err.code == ERR_USAGE && strstr(err.message, "nginx") != NULL);
}

TEST(bad_client, "a client that cannot be read is told, and the diagnosis is not complete")
{
	TOWN;

	town_write(arena_printf(town.arena, "%s/clients/accept/bad.pem", town.place.root), "?\n");
	CHECK_TEXT(town_findings(&town), "");
	CHECK(!town.diagnosis->complete && diagnosis_exit_status(town.diagnosis) == 3);
	CHECK(strstr(town.diagnosis->incomplete_why, "accept/bad.pem") != NULL);
}

TEST(supposed, "without clients one is supposed for each issuing CA that is known")
{
	TOWN;

	town.request.clients_directory = NULL;
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	town_vouch(&town, "all.pem", TOWN_PEM(&town, town.root, town.inter));
	(void)town_findings(&town);
	CHECK(town.diagnosis->supposed_clients && town.diagnosis->clients.count == 1);
	CHECK(town_finding(&town, CAUSE_CHAIN_ROOT_MISSING) != NULL);
}

TAP_MAIN()
