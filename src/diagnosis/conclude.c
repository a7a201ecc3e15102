/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/conclude.h"

#include <openssl/x509_vfy.h>
#include <string.h>

#include "diagnosis/later.h"
#include "services/product.h"

static void
add_item(struct diagnosis *diagnosis, struct finding *finding, const struct remedy *remedy,
	const struct service *service)
{
	diagnosis->items = arena_grow(diagnosis->arena, diagnosis->items, diagnosis->item_count,
		&diagnosis->item_capacity, sizeof(*diagnosis->items));
	diagnosis->items[diagnosis->item_count++] =
		(struct diagnosed){ .finding = finding, .remedy = remedy, .service = service };
}

static const char **
client_names(struct diagnosis *diagnosis, const bool *marks, size_t *ret_count)
{
	const char **names =
		arena_alloc(diagnosis->arena, (diagnosis->clients.count + 1) * sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < diagnosis->clients.count; i++)
		if (marks[i])
			names[count++] = diagnosis->clients.list[i].name;
	*ret_count = count;
	return names;
}

/* The server that runs refuses (or admits) one of these clients too. */
static bool
holds_running(const struct diagnosis *diagnosis, const struct running *running,
	const struct suspect *suspect)
{
	for (size_t i = 0; i < running->cell_count; i++) {
		const struct cell *cell = &running->cells[i];
		size_t client = (size_t)(cell->client - diagnosis->clients.list);

		if (cell->known && cell->concerns &&
			cell->accepted != cell->client->must_be_accepted &&
			(suspect->refuses[client] || suspect->admits[client]))
			return true;
	}
	return false;
}

/* The present content is what the newest baseline holds: it was so when it was blessed. */
static bool
holds_in_baseline(
	struct diagnosis *diagnosis, const struct service *service, const struct suspect *suspect)
{
	const char *path = suspect->subject.where.path;

	for (size_t i = 0; path != NULL && i < diagnosis->material.file_count; i++) {
		const struct material_file *file = &diagnosis->material.files[i];
		struct span bytes;
		struct err err = { 0 };
		struct digest digest;

		if (file->source != MATERIAL_BASELINE || strcmp(file->path, path) != 0 ||
			world_read(service->world, path, WORLD_MAX_FILE, &bytes, &err) < 0)
			continue;
		digest = digest_of(bytes);
		return digest_equal(&digest, &file->version->digest);
	}
	return false;
}

static enum confidence
confidence_of(const struct proof *proof, const struct suspect *suspect)
{
	if (suspect->remedy == NULL || suspect->hidden ||
		(suspect->necessary && !proof->sufficient))
		return suspect->necessary || suspect->certain ? CONFIDENCE_STRONG : CONFIDENCE_HINT;
	if (suspect->necessary)
		return CONFIDENCE_PROVED;
	return suspect->certain ? CONFIDENCE_STRONG : CONFIDENCE_HINT;
}

static void
set_repair(struct finding *finding, const struct suspect *suspect)
{
	finding->applicability =
		suspect->remedy != NULL ? suspect->remedy->applicability : REPAIR_NONE;
	finding->action = suspect->remedy != NULL ? suspect->remedy->action : NULL;
	finding->why = suspect->remedy != NULL ? suspect->remedy->why : suspect->why;
	if (finding->applicability != REPAIR_AUTOMATIC && finding->why == NULL)
		finding->why = "no repair is known that is safe";
}

static void
conclude_suspect(struct diagnosis *diagnosis, const struct service *service,
	const struct proof *proof, const struct running *running, const struct suspect *suspect)
{
	enum severity severity = suspect->necessary ? SEVERITY_CRITICAL : suspect->idle;
	struct finding *finding;

	/* What turned out to hurt nobody, and is no fact in the files, was a mere consequence. */
	if (!suspect->necessary && !suspect->certain)
		return;
	finding = finding_add(diagnosis->findings, suspect->cause, severity);
	finding->confidence = confidence_of(proof, suspect);
	finding->states = STATE_DISK;
	if (suspect->necessary && holds_running(diagnosis, running, suspect))
		finding->states |= STATE_RUNNING;
	if (holds_in_baseline(diagnosis, service, suspect))
		finding->states |= STATE_BASELINE;
	finding->service = service->name;
	finding->verifier = suspect->verifier != NULL ? suspect->verifier->name : NULL;
	finding->subject = suspect->subject;
	for (size_t i = 0; i < suspect->evidence_count; i++)
		finding_evidence(diagnosis->findings, finding, "%s", suspect->evidence[i]);
	if (suspect->necessary && suspect->remedy != NULL && !suspect->hidden)
		finding_evidence(diagnosis->findings, finding,
			"tried: with it mended they get in, and with it alone left they do not");
	finding->refuses = client_names(diagnosis, suspect->refuses, &finding->refuses_count);
	finding->admits = client_names(diagnosis, suspect->admits, &finding->admits_count);
	set_repair(finding, suspect);
	add_item(diagnosis, finding, severity == SEVERITY_NOTE ? NULL : suspect->remedy, service);
}

/* All that the running server does wrong is to let in clients that the lists on disk name as
 * revoked. */
static bool
is_about_lists(const struct scene *disk, const struct running *running)
{
	bool any = false;

	for (size_t i = 0; i < running->cell_count; i++) {
		const struct cell *now = &running->cells[i], *then = &disk->cells[i];

		if (!now->known || !now->concerns || now->accepted == now->client->must_be_accepted)
			continue;
		if (now->client->must_be_accepted || then->error != X509_V_ERR_CERT_REVOKED)
			return false;
		any = true;
	}
	return any;
}

/* Why the process does not hold what is on disk: nobody reloaded it, or the last reload failed. */
static enum cause_code
name_stale(struct diagnosis *diagnosis, const struct service *service,
	const struct running *running, const char **ret_line)
{
	bool only_crls = running->stale_count > 0;

	*ret_line = NULL;
	if (service->product->reload_failure != NULL)
		*ret_line = service->product->reload_failure(diagnosis->arena, service);
	if (*ret_line != NULL)
		return CAUSE_PROCESS_RELOAD_FAILED;
	for (size_t i = 0; i < running->stale_count; i++)
		only_crls = only_crls && running->stale[i].is_crl;
	return only_crls ? CAUSE_CRL_NOT_LOADED : CAUSE_PROCESS_STALE_STORE;
}

/* Clients that the disk treats rightly and the running process does not. */
static bool
mark_stale(const struct diagnosis *diagnosis, const struct scene *disk,
	const struct running *running, bool *refuses, bool *admits, bool *ret_known)
{
	bool any = false;

	*ret_known = true;
	for (size_t i = 0; i < running->cell_count; i++) {
		const struct cell *now = &running->cells[i], *then = &disk->cells[i];
		size_t client = (size_t)(now->client - diagnosis->clients.list);

		if (!now->concerns)
			continue;
		*ret_known = *ret_known && now->known;
		if (!now->known || now->accepted == now->client->must_be_accepted ||
			then->accepted != then->client->must_be_accepted)
			continue;
		any = true;
		refuses[client] = refuses[client] || now->client->must_be_accepted;
		admits[client] = admits[client] || !now->client->must_be_accepted;
	}
	return any;
}

static void
conclude_stale(struct diagnosis *diagnosis, const struct service *service,
	const struct proof *proof, const struct running *running)
{
	bool *refuses = arena_alloc(diagnosis->arena, diagnosis->clients.count + 1);
	bool *admits = arena_alloc(diagnosis->arena, diagnosis->clients.count + 1);
	const char *line;
	enum cause_code cause;
	struct finding *finding;
	char changed[MOMENT_TEXT_SIZE], loaded[MOMENT_TEXT_SIZE];
	bool known, hurts;

	if (proof->before->down != NULL)
		return;
	hurts = mark_stale(diagnosis, proof->before, running, refuses, admits, &known);
	/* Without a newer file, only what a handshake showed counts. */
	if (running->stale_count == 0 && !(hurts && running->by_handshake))
		return;
	cause = name_stale(diagnosis, service, running, &line);
	if (cause == CAUSE_PROCESS_STALE_STORE && is_about_lists(proof->before, running))
		cause = CAUSE_CRL_NOT_LOADED;
	finding = finding_add(diagnosis->findings, cause,
		hurts   ? SEVERITY_CRITICAL
		: known ? SEVERITY_NOTE
			: SEVERITY_WARNING);
	finding->confidence =
		hurts ? (running->by_handshake ? CONFIDENCE_PROVED : CONFIDENCE_STRONG)
		      : CONFIDENCE_STRONG;
	finding->states = STATE_RUNNING;
	finding->service = service->name;
	finding->subject = (struct subject){ .pid = (int)service->main.pid };
	if (running->stale_count > 0)
		finding->subject.where.path = running->stale[0].path;
	else
		finding_evidence(diagnosis->findings, finding,
			"by its files it would treat these clients rightly; handshakes show that "
			"it does not");
	moment_text(service->loaded.seconds, loaded);
	for (size_t i = 0; i < running->stale_count; i++) {
		moment_text(running->stale[i].changed.seconds, changed);
		finding_evidence(diagnosis->findings, finding,
			"%s changed at %s; process %d loaded at %s", running->stale[i].path,
			changed, (int)service->main.pid, loaded);
	}
	if (line != NULL)
		finding_evidence(diagnosis->findings, finding, "the server's log: %s", line);
	finding->refuses = client_names(diagnosis, refuses, &finding->refuses_count);
	finding->admits = client_names(diagnosis, admits, &finding->admits_count);
	finding->applicability = hurts || !known ? REPAIR_AUTOMATIC : REPAIR_NONE;
	finding->action = hurts || !known
				  ? "reload the server in its own way, and prove it by handshakes"
				  : NULL;
	finding->why = finding->applicability == REPAIR_NONE
			       ? "nobody known suffers: it is loaded with the next reload"
			       : NULL;
	add_item(diagnosis, finding, NULL, service);
}

/* A key that does not belong to its certificate fails in the handshake, whatever the server trusts.
 */
static void
conclude_key_mismatch(struct diagnosis *diagnosis, const struct service *service)
{
	for (size_t i = 0; i < diagnosis->clients.count; i++) {
		const struct client *client = &diagnosis->clients.list[i];
		bool *refuses = arena_alloc(diagnosis->arena, diagnosis->clients.count + 1);
		struct finding *finding;

		if (!client->key_mismatch || !client->must_be_accepted)
			continue;
		refuses[i] = true;
		finding = finding_add(
			diagnosis->findings, CAUSE_CLIENT_KEY_MISMATCH, SEVERITY_CRITICAL);
		finding->confidence = CONFIDENCE_PROVED;
		finding->states = STATE_DISK;
		finding->service = service->name;
		finding->subject.where.path = client->path;
		finding_evidence(diagnosis->findings, finding,
			"the public key of %s is not that of the private key in %s", client->name,
			client->key_path);
		finding->refuses = client_names(diagnosis, refuses, &finding->refuses_count);
		finding->why =
			"give the client the key that belongs to its certificate, or a new pair";
		add_item(diagnosis, finding, NULL, service);
	}
}

static void
keep_cells(struct diagnosis *diagnosis, const struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		diagnosis->cells =
			arena_grow(diagnosis->arena, diagnosis->cells, diagnosis->cell_count,
				&diagnosis->cell_capacity, sizeof(*diagnosis->cells));
		diagnosis->cells[diagnosis->cell_count++] = cells[i];
	}
}

/* Which causes stand behind each refusal. */
static void
attribute_causes(
	struct diagnosis *diagnosis, const struct proof *proof, struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t client = (size_t)(cells[i].client - diagnosis->clients.list);
		enum cause_code *causes = arena_alloc(
			diagnosis->arena, (proof->suspects.count + 1) * sizeof(*causes));

		if (!cells[i].known || cells[i].accepted == cells[i].client->must_be_accepted)
			continue;
		for (size_t j = 0; j < proof->suspects.count; j++)
			if (proof->suspects.list[j]->necessary &&
				(proof->suspects.list[j]->refuses[client] ||
					proof->suspects.list[j]->admits[client]))
				causes[cells[i].cause_count++] = proof->suspects.list[j]->cause;
		cells[i].causes = causes;
	}
}

/* With a configuration that its server refuses to read, nothing is known of what it would verify.
 */
static void
note_unreadable(struct diagnosis *diagnosis, const struct service *service)
{
	const struct config_problem *problem = service->problems;
	const char *text;

	if (service->problem_count == 0 || service->verifier_count > 0)
		return;
	text = problem->where.path == NULL
		       ? problem->text
		       : arena_printf(diagnosis->arena, "%s:%u: %s", problem->where.path,
				 problem->where.line, problem->text);
	diagnosis->complete = false;
	diagnosis->incomplete_why =
		arena_printf(diagnosis->arena, "%s does not start with its configuration: %s",
			service->name, text_sanitize(diagnosis->arena, text, strlen(text)));
}

/* Whether clients are given or not: with stores of which nobody can tell what they hold, nothing is
 * known of whom the service lets in. */
static void
note_unread_stores(
	struct diagnosis *diagnosis, const struct service *service, const struct proof *proof)
{
	const struct scene *scene = proof->before;

	for (size_t i = 0; i < scene->service->verifier_count; i++) {
		const struct trust *trust = scene->trusts[i];

		if (!trust_is_unknown(trust))
			continue;
		diagnosis->complete = false;
		diagnosis->incomplete_why = arena_printf(diagnosis->arena,
			"%s: what it trusts cannot be told: %s %s: %s", service->name,
			trust->failed->directive, trust->failed->path, trust->error);
		diagnosis->unread =
			arena_grow(diagnosis->arena, diagnosis->unread, diagnosis->unread_count,
				&diagnosis->unread_capacity, sizeof(*diagnosis->unread));
		diagnosis->unread[diagnosis->unread_count++] = service;
		return;
	}
}

/* A refusal that no cause explains is not passed over in silence. */
static void
note_unexplained(struct diagnosis *diagnosis, const struct proof *proof)
{
	for (size_t i = 0; i < proof->before->cell_count; i++) {
		const struct cell *cell = &proof->before->cells[i];

		if (!cell->known || !cell->concerns ||
			cell->accepted == cell->client->must_be_accepted || cell->cause_count > 0)
			continue;
		diagnosis->complete = false;
		diagnosis->incomplete_why = arena_printf(diagnosis->arena,
			"%s is %s at %s, and no cause is known: %s", cell->client->name,
			cell->accepted ? "let in" : "refused", cell->verifier->name,
			cell->text != NULL ? cell->text : "its path has no fault");
		return;
	}
}

void
conclude_service(struct diagnosis *diagnosis, const struct service *service,
	const struct proof *proof, const struct running *running)
{
	struct suspects later = { 0 };

	for (size_t i = 0; i < proof->suspects.count; i++)
		conclude_suspect(diagnosis, service, proof, running, proof->suspects.list[i]);
	conclude_stale(diagnosis, service, proof, running);
	conclude_key_mismatch(diagnosis, service);
	later_find(proof->before, &later);
	for (size_t i = 0; i < later.count; i++)
		conclude_suspect(diagnosis, service, proof, running, later.list[i]);
	attribute_causes(diagnosis, proof, proof->before->cells, proof->before->cell_count);
	attribute_causes(diagnosis, proof, running->cells, running->cell_count);
	note_unreadable(diagnosis, service);
	note_unexplained(diagnosis, proof);
	note_unread_stores(diagnosis, service, proof);
	keep_cells(diagnosis, proof->before->cells, proof->before->cell_count);
	keep_cells(diagnosis, running->cells, running->cell_count);
}
