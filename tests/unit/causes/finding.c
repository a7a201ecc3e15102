/* SPDX-License-Identifier: Apache-2.0 */
#include "causes/causes.h"

#include "tap.h"

static struct finding *
add(struct findings *findings, enum severity severity, const char *service, enum cause_code cause,
	const char *path)
{
	struct finding *finding = finding_add(findings, cause, severity);

	finding->service = service;
	finding->subject.where.path = path;
	return finding;
}

TEST(added, "a new finding is at the end, empty but for cause and severity")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct findings *findings = findings_new(arena);
	struct finding *finding;

	CHECK(findings_count(findings) == 0);
	finding = finding_add(findings, CAUSE_CRL_EXPIRED, SEVERITY_WARNING);
	CHECK(findings_count(findings) == 1 && findings_get(findings, 0) == finding);
	CHECK(finding->cause == CAUSE_CRL_EXPIRED && finding->severity == SEVERITY_WARNING);
	CHECK(finding->confidence == CONFIDENCE_HINT && finding->states == 0);
	CHECK(finding->service == NULL && finding->evidence_count == 0);
	CHECK(finding->applicability == REPAIR_NONE && finding->refuses_count == 0);
}

TEST(many, "findings stay where they are while the list grows")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct findings *findings = findings_new(arena);
	struct finding *first = finding_add(findings, CAUSE_STORE_EMPTY, SEVERITY_NOTE);

	for (unsigned i = 1; i < 1000; i++)
		finding_add(findings, (enum cause_code)(i % CAUSE__COUNT), SEVERITY_NOTE);
	CHECK(findings_count(findings) == 1000);
	CHECK(findings_get(findings, 0) == first && first->cause == CAUSE_STORE_EMPTY);
	CHECK(findings_get(findings, 999)->cause == (enum cause_code)(999 % CAUSE__COUNT));
}

TEST(evidence, "evidence is formatted, made safe, and kept once")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct findings *findings = findings_new(arena);
	struct finding *finding = finding_add(findings, CAUSE_STORE_EMPTY, SEVERITY_NOTE);

	finding_evidence(findings, finding, "%s:%u is empty", "/etc/ca.pem", 1u);
	finding_evidence(findings, finding, "%s:%u is empty", "/etc/ca.pem", 1u);
	finding_evidence(findings, finding, "%s", "a\x1b[2Jb");
	CHECK(finding->evidence_count == 2);
	CHECK_TEXT(finding->evidence[0], "/etc/ca.pem:1 is empty");
	CHECK_TEXT(finding->evidence[1], "a\\x1b[2Jb");
}

TEST(evidence_handed_on, "evidence that is safe already does not change when it is handed on")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct findings *findings = findings_new(arena);
	struct finding *finding = finding_add(findings, CAUSE_STORE_EMPTY, SEVERITY_NOTE);

	finding_evidence(findings, finding, "%s", "a\\x1b[2Jb");
	CHECK_TEXT(finding->evidence[0], "a\\x1b[2Jb");
}

TEST(evidence_bounded, "evidence past the bound is left out")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct findings *findings = findings_new(arena);
	struct finding *finding = finding_add(findings, CAUSE_STORE_EMPTY, SEVERITY_NOTE);

	for (unsigned i = 0; i < 2 * FINDING_MAX_EVIDENCE; i++)
		finding_evidence(findings, finding, "sentence %u", i);
	CHECK(finding->evidence_count == FINDING_MAX_EVIDENCE);
	CHECK_TEXT(finding->evidence[FINDING_MAX_EVIDENCE - 1], "sentence 15");
}

TEST(sort, "critical first, then by service, cause, path and offset")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct findings *findings = findings_new(arena);
	struct finding *wanted[8];

	wanted[7] = add(findings, SEVERITY_NOTE, "a", CAUSE_CHAIN_CA_PURPOSE, NULL);
	wanted[5] = add(findings, SEVERITY_WARNING, "a", CAUSE_CRL_EXPIRED, NULL);
	wanted[6] = add(findings, SEVERITY_WARNING, "b", CAUSE_CHAIN_CA_PURPOSE, NULL);
	wanted[4] = add(findings, SEVERITY_CRITICAL, "b", CAUSE_CHAIN_CA_PURPOSE, NULL);
	wanted[3] = add(findings, SEVERITY_CRITICAL, "a", CAUSE_STORE_EMPTY, "/b");
	wanted[3]->subject.where.offset = 7;
	wanted[2] = add(findings, SEVERITY_CRITICAL, "a", CAUSE_STORE_EMPTY, "/b");
	wanted[1] = add(findings, SEVERITY_CRITICAL, "a", CAUSE_STORE_EMPTY, "/a");
	wanted[0] = add(findings, SEVERITY_CRITICAL, "a", CAUSE_CRL_EXPIRED, "/z");
	findings_sort(findings);
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		CHECK(findings_get(findings, i) == wanted[i]);
}

TEST(sort_stable, "equals keep their order, and what has no service or place comes first")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct findings *findings = findings_new(arena);
	struct finding *equals[50], *placeless, *serviceless;

	for (size_t i = 0; i < COUNT_OF(equals); i++)
		equals[i] = add(findings, SEVERITY_WARNING, "a", CAUSE_STORE_EMPTY, "/a");
	placeless = add(findings, SEVERITY_WARNING, "a", CAUSE_STORE_EMPTY, NULL);
	serviceless = add(findings, SEVERITY_WARNING, NULL, CAUSE_STORE_WRONG_STORE, "/a");
	findings_sort(findings);
	CHECK(findings_get(findings, 0) == serviceless);
	CHECK(findings_get(findings, 1) == placeless);
	for (size_t i = 0; i < COUNT_OF(equals); i++)
		CHECK(findings_get(findings, i + 2) == equals[i]);
}

TEST(sort_nothing, "an empty list can be sorted")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct findings *findings = findings_new(arena);

	findings_sort(findings);
	CHECK(findings_count(findings) == 0);
}

TEST(names, "the names are those of the interface")
{
	CHECK_TEXT(severity_name(SEVERITY_NOTE), "note");
	CHECK_TEXT(severity_name(SEVERITY_WARNING), "warning");
	CHECK_TEXT(severity_name(SEVERITY_CRITICAL), "critical");
	CHECK_TEXT(confidence_name(CONFIDENCE_HINT), "hint");
	CHECK_TEXT(confidence_name(CONFIDENCE_STRONG), "strong");
	CHECK_TEXT(confidence_name(CONFIDENCE_PROVED), "proved");
	CHECK_TEXT(applicability_name(REPAIR_NONE), "none");
	CHECK_TEXT(applicability_name(REPAIR_REVIEW), "review");
	CHECK_TEXT(applicability_name(REPAIR_AUTOMATIC), "automatic");
}

TAP_MAIN()
