/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "diagnosis/diagnosis.h"

#include "diagnosis/conclude.h"
#include "diagnosis/gather.h"
#include "probe/responder.h"

void
diagnosis_free(struct diagnosis *diagnosis)
{
	if (diagnosis == NULL)
		return;
	for (size_t i = diagnosis->overlay_count; i-- > 0;)
		world_free(diagnosis->overlays[i]);
	mem_free(diagnosis->overlays);
	if (diagnosis->judge != NULL)
		judge_free(diagnosis->judge);
	if (diagnosis->stores != NULL)
		stores_free(diagnosis->stores);
	if (diagnosis->host != NULL)
		world_free(diagnosis->host);
	if (diagnosis->arena != NULL)
		arena_free(diagnosis->arena);
	mem_free(diagnosis);
}

static void
note_unread_clients(struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->clients.count; i++) {
		const struct client *client = &diagnosis->clients.list[i];

		if (client->problem == NULL)
			continue;
		diagnosis->complete = false;
		diagnosis->incomplete_why =
			arena_printf(diagnosis->arena, "%s: %s", client->name, client->problem);
	}
}

struct diagnosis *
diagnosis_facts(const struct request *request, struct err *err)
{
	CLEANUP(diagnosis_freep) struct diagnosis *diagnosis = mem_zalloc(sizeof(*diagnosis));

	diagnosis->arena = arena_new();
	diagnosis->host = world_host();
	diagnosis->stores = stores_new();
	stores_use_passwords(diagnosis->stores, request->passwords);
	stores_use_ledger(diagnosis->stores, request->ledger);
	stores_begin(diagnosis->stores);
	diagnosis->judge = judge_new();
	if (request->may_ask) {
		diagnosis->desk.ask = responder_ask;
		judge_use_ocsp(diagnosis->judge, &diagnosis->desk);
	}
	diagnosis->material =
		(struct material){ .arena = diagnosis->arena, .stores = diagnosis->stores };
	diagnosis->findings = findings_new(diagnosis->arena);
	diagnosis->complete = true;
	if (gather_facts(diagnosis, request, err) < 0)
		return NULL;
	return TAKE(diagnosis);
}

struct diagnosis *
diagnosis_make(const struct request *request, struct err *err)
{
	CLEANUP(diagnosis_freep) struct diagnosis *diagnosis = diagnosis_facts(request, err);

	if (diagnosis == NULL)
		return NULL;
	note_unread_clients(diagnosis);
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		const struct service *service = diagnosis->services.list[i];
		struct proof *proof = proof_make(diagnosis, request, service);
		struct running running = states_judge(diagnosis, request, service, proof->before);

		conclude_service(diagnosis, service, proof, &running);
	}
	findings_sort(diagnosis->findings);
	return TAKE(diagnosis);
}

bool
diagnosis_is_unread(const struct diagnosis *diagnosis, const struct service *service)
{
	for (size_t i = 0; i < diagnosis->unread_count; i++)
		if (diagnosis->unread[i] == service)
			return true;
	return false;
}

int
diagnosis_exit_status(const struct diagnosis *diagnosis)
{
	int status = 0;

	for (size_t i = 0; i < findings_count(diagnosis->findings); i++) {
		const struct finding *finding = findings_get(diagnosis->findings, i);

		if (finding->severity == SEVERITY_CRITICAL)
			return 2;
		if (finding->severity == SEVERITY_WARNING)
			status = 1;
	}
	return diagnosis->complete ? status : 3;
}
