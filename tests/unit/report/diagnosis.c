/* SPDX-License-Identifier: Apache-2.0 */
/* A diagnosis as a person and as a program reads it. */
#include "diagnosis/town.h"
#include "report/paper.h"

static void
write_text(struct paper *paper, const struct town *town)
{
	buffer_clear(&paper->out);
	report_diagnosis_text(town->diagnosis, &paper->style, &paper->out);
}

static json_t *
write_json(struct paper *paper, const struct town *town)
{
	paper_open(paper);
	report_diagnosis_json(town->diagnosis, &paper->json);
	return paper_close(paper);
}

static void
break_store(struct town *town)
{
	town_put(town, TOWN_STORE, TOWN_PEM(town, town->inter));
	town_vouch(town, "root.pem", TOWN_PEM(town, town->root));
}

TEST(well, "where all is well it says so, and how many get in")
{
	PAPER;
	TOWN;

	(void)town_diagnose(&town);
	write_text(&paper, &town);
	CHECK(paper_says(&paper, "[ok] nginx"));
	CHECK(paper_says(&paper, "1 of 1 expected clients accepted"));
	CHECK(paper_says(&paper, "Nothing is wrong.\n"));
	CHECK(!paper_says(&paper, "Next: trustmend repair"));
}

TEST(ill, "a finding names cause, clients, evidence, repair, and where to read on")
{
	PAPER;
	TOWN;

	break_store(&town);
	(void)town_diagnose(&town);
	write_text(&paper, &town);
	CHECK(paper_says(&paper, "[!!] nginx"));
	CHECK(paper_says(&paper, "0 of 1 expected clients accepted"));
	CHECK(paper_says(&paper, "critical  chain.root-missing  "));
	CHECK(paper_says(&paper, "refuses accept/alice.pem\n"));
	CHECK(paper_says(&paper, "on disk: it strikes at the next start or reload\n"));
	CHECK(paper_says(&paper, "(proved)\n"));
	CHECK(paper_says(&paper, "    - tried: "));
	CHECK(paper_says(&paper, "    repair: add Root (from "));
	CHECK(paper_says(&paper, "why: trustmend explain chain.root-missing\n"));
	CHECK(paper_says(&paper, "1 critical, 0 to bite later."));
}

TEST(unmendable, "without a safe repair it says why there is none")
{
	PAPER;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	(void)town_diagnose(&town);
	write_text(&paper, &town);
	CHECK(paper_says(&paper, "    no automatic repair: "));
	CHECK(!paper_says(&paper, "    repair: "));
	CHECK(!paper_says(&paper, "(null)"));
}

TEST(order, "critical findings come first, then warnings; notes only where all is asked for")
{
	struct finding *finding;
	const char *text, *heading;
	PAPER;
	TOWN;

	break_store(&town);
	(void)town_diagnose(&town);
	finding = finding_add(town.diagnosis->findings, CAUSE_CHAIN_CA_PURPOSE, SEVERITY_WARNING);
	finding->service = "nginx";
	finding = finding_add(town.diagnosis->findings, CAUSE_STORE_DUPLICATE, SEVERITY_NOTE);
	finding->service = "nginx";
	write_text(&paper, &town);
	text = paper_text(&paper);
	heading = strstr(text, "Will bite later");
	CHECK(heading != NULL && strstr(text, "chain.root-missing") < heading);
	CHECK(strstr(heading, "chain.ca-purpose") != NULL);
	CHECK(strstr(heading, "Notes") < strstr(heading, "store.duplicate"));
	paper.style.all = false;
	write_text(&paper, &town);
	CHECK(!paper_says(&paper, "store.duplicate"));
	CHECK(paper_says(&paper, "1 critical, 1 to bite later."));
}

TEST(many, "of very many clients the first are named and the others counted")
{
	const char *names[40];
	PAPER;
	TOWN;

	break_store(&town);
	(void)town_diagnose(&town);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		names[i] = "accept/x.pem";
	findings_get(town.diagnosis->findings, 0)->refuses = names;
	findings_get(town.diagnosis->findings, 0)->refuses_count = COUNT_OF(names);
	write_text(&paper, &town);
	CHECK(paper_says(&paper, "accept/x.pem and 34 more\n"));
}

TEST(colors, "colours are there where they are wanted, each of them ended")
{
	size_t begun = 0, ended = 0;
	PAPER;
	TOWN;

	break_store(&town);
	(void)town_diagnose(&town);
	write_text(&paper, &town);
	CHECK(!paper_says(&paper, "\033"));
	paper.style.color = true;
	write_text(&paper, &town);
	for (const char *at = paper_text(&paper); (at = strchr(at, '\033')) != NULL; at++) {
		if (strncmp(at, "\033[0m", 4) == 0)
			ended++;
		else
			begun++;
	}
	CHECK(begun > 0 && begun == ended);
}

TEST(document, "the document has what the interface promises of a finding and of a verdict")
{
	json_t *root, *finding, *verdict;
	PAPER;
	TOWN;

	break_store(&town);
	(void)town_diagnose(&town);
	root = write_json(&paper, &town);
	CHECK(root != NULL);
	CHECK_TEXT(json_string_value(json_object_get(root, "schema")), "trustmend.report/1");
	CHECK(json_array_size(json_object_get(root, "services")) == 1);
	CHECK(json_array_size(json_object_get(root, "verifiers")) == 1);
	CHECK(json_array_size(json_object_get(root, "stores")) == 1);
	finding = json_array_get(json_object_get(root, "findings"), 0);
	CHECK_TEXT(json_string_value(json_object_get(finding, "code")), "chain.root-missing");
	CHECK_TEXT(json_string_value(json_object_get(finding, "severity")), "critical");
	CHECK_TEXT(json_string_value(json_object_get(finding, "confidence")), "proved");
	CHECK_TEXT(
		json_string_value(json_array_get(json_object_get(finding, "states"), 0)), "disk");
	CHECK_TEXT(json_string_value(json_array_get(json_object_get(finding, "refuses"), 0)),
		"accept/alice.pem");
	CHECK_TEXT(json_string_value(
			   json_object_get(json_object_get(finding, "repair"), "applicability")),
		"automatic");
	CHECK_TEXT(json_string_value(json_object_get(json_object_get(finding, "subject"), "path")),
		TOWN_STORE);
	CHECK(json_array_size(json_object_get(finding, "evidence")) > 0);
	verdict = json_array_get(json_object_get(root, "verdicts"), 0);
	CHECK_TEXT(json_string_value(json_object_get(verdict, "client")), "accept/alice.pem");
	CHECK_TEXT(json_string_value(json_object_get(verdict, "expected")), "accept");
	CHECK_TEXT(json_string_value(json_object_get(verdict, "verdict")), "refuse");
	CHECK_TEXT(json_string_value(json_object_get(verdict, "state")), "disk");
	CHECK_TEXT(json_string_value(json_array_get(json_object_get(verdict, "causes"), 0)),
		"chain.root-missing");
	CHECK_TEXT(json_string_value(json_object_get(json_object_get(verdict, "reason"), "engine")),
		"openssl");
	CHECK(json_integer_value(json_object_get(json_object_get(verdict, "reason"), "error")) > 0);
}

TEST(nobody, "where no service was found it says so, and how to name one")
{
	struct diagnosis diagnosis = { .complete = true };
	PAPER;

	diagnosis.findings = findings_new(paper.arena);
	report_diagnosis_text(&diagnosis, &paper.style, &paper.out);
	CHECK(paper_says(&paper, "trustmend diagnose nginx:/path/to/nginx.conf"));
	CHECK(!paper_says(&paper, "Nothing is wrong"));
}

TEST(incomplete, "what could not be determined is never passed over as well")
{
	PAPER;
	TOWN;

	(void)town_diagnose(&town);
	town.diagnosis->complete = false;
	town.diagnosis->incomplete_why = "accept/x.pem: why";
	write_text(&paper, &town);
	CHECK(paper_says(&paper, "Not all could be determined: accept/x.pem: why\n"));
	CHECK(!paper_says(&paper, "Nothing is wrong"));
}

TAP_MAIN()
