/* SPDX-License-Identifier: Apache-2.0 */
/* No control character of a certificate, a path or a log reaches a terminal or a document as it is.
 */
#include "report/paper.h"
#include "services/product.h"
#include "stores/store.h"

/* Clears a screen, sets a title, turns the direction, ends a line, and is no UTF-8. */
#define EVIL                                 \
	"<\033[2J\033]0;x\007\b\x7f\xc2\x9b" \
	"31m\xe2\x80\xae\nspoofed\r\xff>"

/* Nothing but what can be seen, and the report's own line ends. EVIL's own must not be among them.
 */
static bool
is_safe(const struct paper *paper)
{
	const char *text = paper_text(paper);

	if (strstr(text, "\nspoofed") != NULL)
		return false;
	for (size_t i = 0; i < paper->out.length;) {
		uint32_t code = 0;
		size_t size = text_utf8_decode(text + i, paper->out.length - i, &code);

		if (size == 0 || (code != '\n' && text_code_is_unsafe(code)))
			return false;
		i += size;
	}
	return true;
}

/* It is there all the same, in its safe form. */
static bool
is_clean(const struct paper *paper)
{
	return is_safe(paper) && paper_says(paper, "spoofed") && paper_says(paper, "[2J");
}

static const struct locus evil_place = { .path = EVIL, .line = 3 };
static struct config_problem evil_problem = { .where = { .path = EVIL }, .text = EVIL };
static struct trust_source evil_source = { .path = "/none" EVIL, .directive = "ssl_crl" };
static struct endpoint evil_endpoint = { .address = EVIL, .server_name = EVIL };
static struct verifier evil_verifier = { .name = EVIL,
	.engine = "openssl",
	.sources = &evil_source,
	.source_count = 1,
	.endpoints = &evil_endpoint,
	.endpoint_count = 1 };
static struct client evil_client = { .name = EVIL, .path = EVIL, .problem = EVIL };

/* A diagnosis in which all that can come from outside does. */
struct scene_of_crime {
	struct world *world;
	struct diagnosis diagnosis;
	struct service service;
	struct service *list[1];
	struct cell cell;
	struct finding *finding;
	struct diagnosed item;
};

static void
crime_end(struct scene_of_crime *crime)
{
	stores_free(crime->diagnosis.stores);
	world_free(crime->world);
}

static void
crime_begin(struct scene_of_crime *crime, struct paper *paper)
{
	static const char *names[] = { EVIL, EVIL };

	crime->world = world_host();
	crime->service = (struct service){ .product = product_find("nginx"),
		.name = EVIL,
		.target = EVIL,
		.config = EVIL,
		.world = crime->world,
		.verifiers = &evil_verifier,
		.verifier_count = 1,
		.problems = &evil_problem,
		.problem_count = 1 };
	crime->list[0] = &crime->service;
	crime->cell = (struct cell){ .service = &crime->service,
		.verifier = &evil_verifier,
		.client = &evil_client,
		.state = STATE_DISK,
		.known = true,
		.text = EVIL };
	crime->diagnosis = (struct diagnosis){ .arena = paper->arena,
		.stores = stores_new(),
		.services = { crime->list, 1, 1 },
		.clients = { &evil_client, 1, 1 },
		.findings = findings_new(paper->arena),
		.cells = &crime->cell,
		.cell_count = 1,
		.incomplete_why = EVIL };
	crime->finding =
		finding_add(crime->diagnosis.findings, CAUSE_STORE_MISSING, SEVERITY_CRITICAL);
	crime->finding->service = crime->finding->verifier = EVIL;
	crime->finding->subject = (struct subject){ .where = evil_place, .name = EVIL };
	crime->finding->evidence[crime->finding->evidence_count++] = EVIL;
	crime->finding->refuses = crime->finding->admits = names;
	crime->finding->refuses_count = crime->finding->admits_count = 2;
	crime->finding->action = crime->finding->why = EVIL;
	crime->item = (struct diagnosed){ .finding = crime->finding, .service = &crime->service };
}

#define CRIME                                                      \
	PAPER;                                                     \
	CLEANUP(crime_end) struct scene_of_crime crime = { NULL }; \
	crime_begin(&crime, &paper)

TEST(diagnosis, "a diagnosis, its findings, clients and verifiers")
{
	CRIME;

	for (int automatic = 0; automatic < 2; automatic++) {
		crime.finding->applicability = automatic ? REPAIR_AUTOMATIC : REPAIR_NONE;
		buffer_clear(&paper.out);
		report_diagnosis_text(&crime.diagnosis, &paper.style, &paper.out);
		CHECK(is_clean(&paper));
	}
	paper_open(&paper);
	report_diagnosis_json(&crime.diagnosis, &paper.json);
	CHECK(paper_close(&paper) != NULL && is_clean(&paper));
}

TEST(inventory, "an inventory, its targets, paths and problems")
{
	CRIME;

	report_inventory_text(&crime.diagnosis, &paper.style, &paper.out);
	CHECK(is_clean(&paper));
	paper_open(&paper);
	report_inventory_json(&crime.diagnosis, &paper.json);
	CHECK(paper_close(&paper) != NULL && is_clean(&paper));
}

TEST(repair, "a plan, its steps and its trust change, and each of its results")
{
	static struct step step = { .kind = STEP_WRITE, .path = EVIL, .text = EVIL };
	static struct trust_change change = { true, "00ff", EVIL, EVIL, "anchor", 1 };
	static const char *names[] = { EVIL };
	struct recorded_verdict after = { EVIL, EVIL, "disk", false, true, true, EVIL };
	struct repair repair = {
		.text = EVIL, .note = EVIL, .untested = EVIL, .after = &after, .after_count = 1
	};
	const struct diagnosed *chosen[1];
	struct plan plan = { .chosen = chosen,
		.chosen_count = 1,
		.steps = &step,
		.step_count = 1,
		.changes = &change,
		.change_count = 1,
		.let_in = names,
		.shut_out = names,
		.let_in_count = 1,
		.shut_out_count = 1 };
	CRIME;

	chosen[0] = &crime.item;
	plan.service = &crime.service;
	report_repair_text(&plan, NULL, &paper.style, &paper.out);
	CHECK(is_clean(&paper));
	for (int result = RESULT_NOTHING; result <= RESULT_STUCK; result++) {
		repair.result = (enum repair_result)result;
		buffer_clear(&paper.out);
		report_repair_text(&plan, &repair, &paper.style, &paper.out);
		CHECK(result == RESULT_STUCK ? is_safe(&paper) : is_clean(&paper));
	}
	paper_open(&paper);
	report_repair_json(&plan, &repair, &paper.json);
	CHECK(paper_close(&paper) != NULL && is_clean(&paper));
}

TEST(ledger, "what the ledger gives back: transactions and baselines")
{
	static struct step step = { .kind = STEP_WRITE, .text = EVIL };
	static struct trust_change change = { true, EVIL, EVIL, EVIL, EVIL, 1 };
	static struct recorded_verdict verdict = { EVIL, EVIL, EVIL, true, true, true, EVIL };
	static struct file_version file = { .path = EVIL };
	const struct transaction transaction = { .id = 1,
		.service = EVIL,
		.summary = EVIL,
		.causes = EVIL,
		.proof = EVIL,
		.steps = &step,
		.step_count = 1,
		.changes = &change,
		.change_count = 1,
		.verdicts = &verdict,
		.verdict_count = 1 };
	const struct baseline baseline = {
		.service = EVIL, .name = EVIL, .files = &file, .file_count = 1
	};
	PAPER;

	report_history_text(&transaction, 1, &paper.style, &paper.out);
	CHECK(is_clean(&paper));
	buffer_clear(&paper.out);
	report_baselines_text(&baseline, 1, &paper.style, &paper.out);
	CHECK(is_clean(&paper));
	paper_open(&paper);
	report_history_json(&transaction, 1, &paper.json);
	CHECK(paper_close(&paper) != NULL && is_clean(&paper));
	paper_open(&paper);
	report_baselines_json(&baseline, 1, &paper.json);
	CHECK(paper_close(&paper) != NULL && is_clean(&paper));
}

TEST(stores, "a store, its path, links, defects and what the library says")
{
	static const struct entry entry = {
		.kind = ENTRY_OTHER, .label = EVIL, .path = EVIL, .link = EVIL, .alias = EVIL
	};
	static const struct defect defect = {
		.cause = CAUSE_STORE_EMPTY, .path = EVIL, .text = EVIL
	};
	const struct store store = { .path = EVIL,
		.format = "pem",
		.profile = EVIL,
		.password_source = EVIL,
		.entries = &entry,
		.entry_count = 1,
		.defects = &defect,
		.defect_count = 1,
		.loading = { .error = EVIL } };
	const struct store missing = {
		.path = EVIL, .format = "unknown", .state = STORE_MISSING, .problem = EVIL
	};
	const struct inspected list[] = {
		{ .store = &store, .views = { &store }, .view_count = 1 },
		{ .store = &missing, .views = { &missing }, .view_count = 1 },
	};
	PAPER;

	report_stores_text(paper.arena, list, 2, &paper.style, &paper.out);
	CHECK(is_clean(&paper));
	paper_open(&paper);
	report_stores_json(paper.arena, list, 2, &paper.json);
	CHECK(paper_close(&paper) != NULL && is_clean(&paper));
}

TEST(verify, "a verdict on a certificate, its paths and their failures")
{
	struct path path = { .length = 1,
		.failures = { { .rule = "validity", .text = EVIL } },
		.failure_count = 1 };
	const struct verdict verdict = { .engine = "openssl",
		.text = EVIL,
		.difference = EVIL,
		.paths = &path,
		.path_count = 1 };
	const struct judged judged[] = {
		{ .client = &evil_client, .source = EVIL, .verifier = EVIL, .verdict = &verdict },
		{ .client = &evil_client, .source = EVIL },
	};
	PAPER;

	report_verify_text(paper.arena, judged, 2, &paper.style, &paper.out);
	CHECK(is_clean(&paper));
	paper_open(&paper);
	json_key(&paper.json, "results");
	json_array_open(&paper.json);
	report_verify_json(paper.arena, judged, 2, &paper.json);
	json_array_close(&paper.json);
	CHECK(paper_close(&paper) != NULL && is_clean(&paper));
}

TEST(probe, "a handshake, its endpoint, client and the server's words")
{
	const char *const names[] = { EVIL };
	const struct probe probe = { .text = EVIL, .ca_names = names, .ca_name_count = 1 };
	const struct probed probed = { .probe = &probe, .client = &evil_client, .endpoint = EVIL };
	PAPER;

	report_probe_text(&probed, 1, &paper.style, &paper.out);
	CHECK(is_clean(&paper));
	paper_open(&paper);
	report_probe_json(&probed, 1, &paper.json);
	CHECK(paper_close(&paper) != NULL && is_clean(&paper));
}

TEST(kept, "names of many scripts stay as they are")
{
	struct probe probe = { .text = "Zertifikat für Jürgen, 证明书, گواهی" };
	const struct probed probed = { .probe = &probe, .client = &evil_client, .endpoint = "é" };
	PAPER;

	report_probe_text(&probed, 1, &paper.style, &paper.out);
	CHECK(paper_says(&paper, probe.text) && paper_says(&paper, "é"));
	paper_open(&paper);
	report_probe_json(&probed, 1, &paper.json);
	CHECK(paper_close(&paper) != NULL);
	CHECK_TEXT(json_string_value(json_object_get(
			   json_array_get(json_object_get(paper.root, "probes"), 0), "text")),
		probe.text);
}

TAP_MAIN()
