/* SPDX-License-Identifier: Apache-2.0 */
/* A diagnosis: what refuses clients now, what will bite later; never in one list. */
#include <string.h>

#include "report/pieces.h"

static size_t
count_findings(const struct diagnosis *diagnosis, enum severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings_count(diagnosis->findings); i++)
		count += findings_get(diagnosis->findings, i)->severity == severity;
	return count;
}

static void
add_subject(struct json *json, const struct subject *subject)
{
	json_key(json, "subject");
	json_object_open(json);
	json_member_text(json, "path", subject->where.path);
	if (subject->where.line > 0)
		json_member_number(json, "line", subject->where.line);
	if (subject->where.line > 0 || subject->where.length > 0)
		json_member_number(json, "offset", (int64_t)subject->where.offset);
	if (subject->fingerprint != NULL)
		json_member_text(json, "fingerprint", subject->fingerprint);
	if (subject->name != NULL)
		json_member_text(json, "name", subject->name);
	if (subject->pid != 0)
		json_member_number(json, "pid", subject->pid);
	json_object_close(json);
}

static void
add_states(struct json *json, unsigned states)
{
	json_key(json, "states");
	json_array_open(json);
	for (unsigned state = STATE_RUNNING; state <= STATE_BASELINE; state <<= 1)
		if ((states & state) != 0)
			json_text(json, state_name((enum state)state));
	json_array_close(json);
}

static void
add_finding(struct json *json, const struct finding *finding)
{
	json_object_open(json);
	json_member_text(json, "code", cause_get(finding->cause)->code);
	json_member_text(json, "title", cause_get(finding->cause)->title);
	json_member_text(json, "severity", severity_name(finding->severity));
	json_member_text(json, "confidence", confidence_name(finding->confidence));
	add_states(json, finding->states);
	json_member_text(json, "service", finding->service);
	json_member_text(json, "verifier", finding->verifier);
	add_subject(json, &finding->subject);
	add_names_json(json, "evidence", finding->evidence, finding->evidence_count);
	add_names_json(json, "refuses", finding->refuses, finding->refuses_count);
	add_names_json(json, "admits", finding->admits, finding->admits_count);
	json_key(json, "repair");
	json_object_open(json);
	json_member_text(json, "action", finding->action);
	json_member_text(json, "applicability", applicability_name(finding->applicability));
	json_member_text(json, "why", finding->why);
	json_object_close(json);
	json_object_close(json);
}

static void
add_cell(struct json *json, const struct cell *cell)
{
	json_object_open(json);
	json_member_text(json, "client", cell->client->name);
	json_member_text(json, "expected", cell->client->must_be_accepted ? "accept" : "reject");
	json_member_text(json, "service", cell->service->name);
	json_member_text(json, "verifier", cell->verifier->name);
	json_member_text(json, "state", state_name(cell->state));
	json_member_bool(json, "concerns", cell->concerns);
	json_member_text(json, "verdict", cell->accepted ? "accept" : "refuse");
	json_key(json, "reason");
	json_object_open(json);
	json_member_text(json, "engine", cell->engine);
	json_member_number(json, "error", cell->error);
	json_member_text(json, "text", cell->text);
	json_member_number(json, "depth", cell->depth);
	json_member_bool(json, "handshake", cell->probe != NULL);
	json_object_close(json);
	json_key(json, "causes");
	json_array_open(json);
	for (size_t i = 0; i < cell->cause_count; i++)
		json_text(json, cause_get(cell->causes[i])->code);
	json_array_close(json);
	json_object_close(json);
}

static void
add_summary(const struct diagnosis *diagnosis, struct json *json)
{
	json_key(json, "summary");
	json_object_open(json);
	json_member_number(json, "critical", (int64_t)count_findings(diagnosis, SEVERITY_CRITICAL));
	json_member_number(json, "warning", (int64_t)count_findings(diagnosis, SEVERITY_WARNING));
	json_member_number(json, "note", (int64_t)count_findings(diagnosis, SEVERITY_NOTE));
	json_member_number(json, "services", (int64_t)diagnosis->services.count);
	json_member_number(json, "clients", (int64_t)diagnosis->clients.count);
	json_member_bool(json, "clients_supposed", diagnosis->supposed_clients);
	json_member_bool(json, "complete", diagnosis->complete);
	json_member_text(json, "incomplete_why", diagnosis->incomplete_why);
	json_object_close(json);
}

void
report_diagnosis_json(const struct diagnosis *diagnosis, struct json *json)
{
	add_summary(diagnosis, json);
	report_inventory_json(diagnosis, json);
	json_key(json, "verdicts");
	json_array_open(json);
	for (size_t i = 0; i < diagnosis->cell_count; i++)
		if (diagnosis->cells[i].known)
			add_cell(json, &diagnosis->cells[i]);
	json_array_close(json);
	json_key(json, "findings");
	json_array_open(json);
	for (size_t i = 0; i < findings_count(diagnosis->findings); i++)
		add_finding(json, findings_get(diagnosis->findings, i));
	json_array_close(json);
}

static void
text_clients(const struct style *style, struct buffer *out, const char *verb,
	const char *const *names, size_t count)
{
	enum { SHOWN = 6 };

	if (count == 0)
		return;
	buffer_addf(out, "    %s ", verb);
	for (size_t i = 0; i < count && i < SHOWN; i++)
		buffer_addf(out, "%s%s", i > 0 ? ", " : "", shown(style, names[i]));
	if (count > SHOWN)
		buffer_addf(out, " and %zu more", count - SHOWN);
	buffer_add_text(out, "\n");
}

static void
text_states(struct buffer *out, const struct finding *finding)
{
	bool running = (finding->states & STATE_RUNNING) != 0,
	     disk = (finding->states & STATE_DISK) != 0;

	if (finding->severity == SEVERITY_CRITICAL && running && !disk)
		buffer_add_text(
			out, "    in the running server only: what is on disk is different\n");
	if (finding->severity == SEVERITY_CRITICAL && disk && !running)
		buffer_add_text(out, "    on disk: it strikes at the next start or reload\n");
}

static void
text_finding(const struct finding *finding, const struct style *style, struct buffer *out)
{
	static const enum tone tones[] = { TONE_FAINT, TONE_WARN, TONE_BAD };
	static const char *const signs[] = { "note    ", "warning ", "critical" };
	const struct cause *cause = cause_get(finding->cause);

	buffer_addf(out, "%s%s%s  %s%s%s  %s\n", tone_begin(style, tones[finding->severity]),
		signs[finding->severity], tone_end(style), tone_begin(style, TONE_BOLD),
		cause->code, tone_end(style), cause->title);
	buffer_addf(out, "    %s%s%s (%s)\n",
		finding->service != NULL ? shown(style, finding->service) : "",
		finding->verifier != NULL ? " " : "",
		finding->verifier != NULL ? shown(style, finding->verifier) : "",
		confidence_name(finding->confidence));
	text_clients(style, out, "refuses", finding->refuses, finding->refuses_count);
	text_clients(style, out, "lets in", finding->admits, finding->admits_count);
	text_states(out, finding);
	for (size_t i = 0; i < finding->evidence_count; i++)
		buffer_addf(out, "    - %s\n", shown(style, finding->evidence[i]));
	if (finding->applicability == REPAIR_AUTOMATIC)
		buffer_addf(out, "    repair: %s\n", shown(style, finding->action));
	else
		buffer_addf(out, "    no automatic repair: %s\n",
			finding->why != NULL ? shown(style, finding->why)
					     : "none is known that is safe");
	buffer_addf(out, "    why: trustmend explain %s\n\n", cause->code);
}

static void
text_list(const struct diagnosis *diagnosis, enum severity severity, const char *heading,
	const struct style *style, struct buffer *out)
{
	if (count_findings(diagnosis, severity) == 0)
		return;
	buffer_addf(out, "%s%s%s\n\n", tone_begin(style, TONE_BOLD), heading, tone_end(style));
	for (size_t i = 0; i < findings_count(diagnosis->findings); i++)
		if (findings_get(diagnosis->findings, i)->severity == severity)
			text_finding(findings_get(diagnosis->findings, i), style, out);
}

/* One line a service: how many of the clients expected there get in by what is on disk. */
static void
text_service(const struct diagnosis *diagnosis, const struct service *service,
	const struct style *style, struct buffer *out)
{
	size_t expected = 0, accepted = 0, wrong = 0;

	for (size_t i = 0; i < diagnosis->cell_count; i++) {
		const struct cell *cell = &diagnosis->cells[i];

		if (cell->service != service || cell->state != STATE_DISK || !cell->concerns)
			continue;
		expected += cell->client->must_be_accepted;
		accepted += cell->client->must_be_accepted && cell->accepted;
		wrong += !cell->client->must_be_accepted && cell->accepted;
	}
	buffer_addf(out, "%s[%s]%s %-14s %zu of %zu expected clients accepted",
		tone_begin(style, accepted == expected && wrong == 0 ? TONE_GOOD : TONE_BAD),
		accepted == expected && wrong == 0 ? "ok" : "!!", tone_end(style),
		shown(style, service->name), accepted, expected);
	if (wrong > 0)
		buffer_addf(out, ", %zu let in that must be refused", wrong);
	buffer_addf(out, "   %s%s\n", shown(style, service->target),
		service->running ? "" : " (not running)");
}

void
report_diagnosis_text(
	const struct diagnosis *diagnosis, const struct style *style, struct buffer *out)
{
	size_t critical = count_findings(diagnosis, SEVERITY_CRITICAL),
	       warning = count_findings(diagnosis, SEVERITY_WARNING);

	if (diagnosis->services.count == 0) {
		buffer_add_text(out, "No nginx, Apache or HAProxy was found: none runs, and none "
				     "has its usual configuration file.\n"
				     "Name one: trustmend diagnose nginx:/path/to/nginx.conf\n");
		return;
	}
	if (diagnosis->supposed_clients)
		buffer_addf(out,
			"No clients were given: one is supposed for each issuing CA that is known "
			"(%zu). Better: --clients DIR\n\n",
			diagnosis->clients.count);
	for (size_t i = 0; i < diagnosis->services.count; i++)
		text_service(diagnosis, diagnosis->services.list[i], style, out);
	buffer_add_text(out, "\n");
	text_list(diagnosis, SEVERITY_CRITICAL, "Refusing valid clients, or letting wrong ones in",
		style, out);
	text_list(diagnosis, SEVERITY_WARNING, "Will bite later", style, out);
	if (style->all)
		text_list(diagnosis, SEVERITY_NOTE, "Notes", style, out);
	if (!diagnosis->complete)
		buffer_addf(out, "Not all could be determined: %s\n",
			shown(style, diagnosis->incomplete_why));
	if (critical + warning == 0 && diagnosis->complete)
		buffer_add_text(out, "Nothing is wrong.\n");
	else
		buffer_addf(out,
			"%zu critical, %zu to bite later. Next: trustmend repair, with the same "
			"options\n",
			critical, warning);
}
