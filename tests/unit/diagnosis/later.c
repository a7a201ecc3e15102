/* SPDX-License-Identifier: Apache-2.0 */
/* What will bite later: a warning in time, and not before. */
#include "diagnosis/later.h"

#include "diagnosis/town.h"
#include "tap.h"

enum { DAY = 86400 };

/* alice's CA ends this many days from now, after so many days. */
static const char *
ends_in(struct town *town, int days, int life)
{
	const struct pki_cert *ca =
		town_issue(town, &(struct pki_spec){ .subject = "CN=Inter,O=Lab",
					 .ca = true,
					 .issuer = town->root,
					 .key_of = town->inter,
					 .days_from = days - life,
					 .days = life });

	town_put(town, TOWN_STORE, TOWN_PEM(town, town->root, ca));
	return town_findings(town);
}

TEST(in_time, "a CA that ends within 28 days is a warning, status 1; one that ends later is none")
{
	TOWN;

	CHECK_TEXT(ends_in(&town, 29, 3650), "");
	CHECK_TEXT(ends_in(&town, 28, 3650), "chain.intermediate-expired warning strong");
	CHECK(diagnosis_exit_status(town.diagnosis) == 1);
	CHECK_TEXT(ends_in(&town, 1, 3650), "chain.intermediate-expired warning strong");
}

TEST(short_lived, "what lives shortly is warned of in the last quarter of its time")
{
	TOWN;

	CHECK_TEXT(ends_in(&town, 11, 40), "");
	CHECK_TEXT(ends_in(&town, 10, 40), "chain.intermediate-expired warning strong");
}

TEST(says_when, "the warning says what ends, where it stands, when, and that there is time")
{
	const struct finding *finding;
	TOWN;

	(void)ends_in(&town, 10, 3650);
	finding = town_finding(&town, CAUSE_CHAIN_INTERMEDIATE_EXPIRED);
	CHECK_TEXT(finding->subject.where.path, TOWN_STORE);
	CHECK(finding->subject.where.line > 1 && finding->subject.fingerprint != NULL);
	CHECK(strstr(finding->evidence[0], "Inter") != NULL);
	CHECK(strstr(finding->evidence[0], "in 10 days") != NULL);
	CHECK(strstr(finding->evidence[0], "2026-06-11T00:00:00Z") != NULL);
	CHECK(finding->applicability == REPAIR_NONE && finding->why != NULL);
	CHECK(finding->refuses_count == 0);
}

TEST(root, "a root that ends is named as a root")
{
	const struct pki_cert *root;
	TOWN;

	root = ISSUE(.subject = "CN=Root,O=Lab", .ca = true, .key_of = town.root,
		.days_from = -3000, .days = 3010);
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, root, town.inter));
	CHECK_TEXT(town_findings(&town), "chain.root-expired warning strong");
}

TEST(client, "a client's certificate that ends is told; that of one to be refused is not")
{
	TOWN;

	town_client(&town, "accept/alice",
		ISSUE(.subject = "CN=alice", .issuer = town.inter, .days_from = -300, .days = 310),
		"");
	town_client(&town, "reject/mallory",
		ISSUE(.subject = "CN=m", .issuer = town.other, .days_from = -300, .days = 310), "");
	CHECK_TEXT(town_findings(&town), "client.expired warning strong");
	CHECK(strstr(town_finding(&town, CAUSE_CLIENT_EXPIRED)->evidence[0], "accept/alice.pem") !=
		NULL);
}

static const char *
crl_ends_in(struct town *town, int days, bool never)
{
	const char *lists = "";
	const struct pki_cert *const issuers[] = { town->root, town->inter };

	for (size_t i = 0; i < COUNT_OF(issuers); i++)
		lists = arena_printf(town->arena, "%s%s", lists,
			town_crl_pem(town,
				pki_crl(town->pki, &(struct pki_crl_spec){ .issuer = issuers[i],
							   .days_from = i == 1 ? days - 90 : -1,
							   .days = 90,
							   .no_next_update = i == 1 && never })));
	town_put(town, TOWN_CRLS, lists);
	town_put(town, TOWN_CONFIG,
		TOWN_SERVER "\t\tssl_verify_depth 2;\n\t\tssl_crl " TOWN_CRLS ";\n" TOWN_END);
	return town_findings(town);
}

TEST(crl, "a CRL that ends within 7 days is a warning; one without an end, or one that ends later, "
	  "none")
{
	TOWN;

	CHECK_TEXT(crl_ends_in(&town, 8, false), "");
	CHECK_TEXT(crl_ends_in(&town, 8, true), "");
	CHECK_TEXT(crl_ends_in(&town, 7, false), "crl.expired warning strong");
	CHECK(diagnosis_exit_status(town.diagnosis) == 1);
}

TEST(over, "what is over is critical, and no warning beside it")
{
	TOWN;

	(void)ends_in(&town, -1, 3650);
	CHECK(diagnosis_exit_status(town.diagnosis) == 2);
	for (size_t i = 0; i < findings_count(town.diagnosis->findings); i++)
		CHECK(findings_get(town.diagnosis->findings, i)->severity != SEVERITY_WARNING);
}

TEST(looking_ahead, "judged for a day to come, what ends before then is critical")
{
	TOWN;

	town.request.at = PKI_NOW + 11 * DAY;
	(void)ends_in(&town, 10, 3650);
	CHECK(diagnosis_exit_status(town.diagnosis) == 2);
	CHECK(town_finding(&town, CAUSE_CHAIN_INTERMEDIATE_EXPIRED)->severity == SEVERITY_CRITICAL);
}

TEST(nobody_asks, "of a store that nobody is asked by nothing is told")
{
	TOWN;

	town_put(&town, TOWN_CONFIG,
		"http {\n\tserver {\n\t\tlisten 127.0.0.1:18443 ssl;\n\t\tssl_certificate c.pem;\n"
		"\t\tssl_client_certificate /etc/pki/ca.pem;\n\t\tssl_verify_client "
		"off;\n\t}\n}\n");
	(void)ends_in(&town, 10, 3650);
	CHECK(town_finding(&town, CAUSE_CHAIN_INTERMEDIATE_EXPIRED) == NULL);
}

TAP_MAIN()
