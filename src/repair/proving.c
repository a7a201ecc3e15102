/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/proving.h"

#include <string.h>

#include "diagnosis/check.h"
#include "probe/stand_in.h"

/* One handshake to make: a cell of the plan, and a session from before where one may not be resumed
 * any more. */
struct trial {
	const struct cell *planned;
	const struct verifier *verifier; /* of the service as it is after the change */
	struct probe_session *session;
};

struct proving {
	struct diagnosis *diagnosis;
	struct plan *plan;
	struct trial *trials;
	size_t trial_count;
	struct recorded_verdict *verdicts;
	size_t verdict_count, verdict_capacity;
};

static bool
is_asked(const struct cell *cell)
{
	return cell->concerns && cell->verifier->mode != MODE_NONE;
}

static bool
can_handshake(const struct client *client)
{
	return client->key_path != NULL && !client->key_mismatch;
}

/* A client that gets in now and is to be shut out: its session must not outlive the change. */
static void
take_session(struct proving *proving, struct trial *trial)
{
	struct probe_options options = { .ret_session = &trial->session };

	if (!proving->plan->service->running || trial->planned->accepted ||
		!can_handshake(trial->planned->client) || trial->verifier->endpoint_count == 0)
		return;
	(void)probe_endpoint(proving->diagnosis->arena, &trial->verifier->endpoints[0],
		trial->planned->client, &options);
}

struct proving *
proving_begin(struct diagnosis *diagnosis, struct plan *plan)
{
	struct proving *proving = arena_alloc(diagnosis->arena, sizeof(*proving));

	proving->diagnosis = diagnosis;
	proving->plan = plan;
	proving->trials =
		arena_alloc(diagnosis->arena, (plan->cell_count + 1) * sizeof(*proving->trials));
	for (size_t i = 0; i < plan->cell_count; i++) {
		struct trial *trial = &proving->trials[proving->trial_count];

		if (!is_asked(&plan->cells[i]))
			continue;
		proving->trial_count++;
		trial->planned = &plan->cells[i];
		trial->verifier = plan->cells[i].verifier;
		take_session(proving, trial);
	}
	return proving;
}

static void
record(struct proving *proving, const struct trial *trial, bool accepted, const char *state,
	const char *text)
{
	struct recorded_verdict *verdict;

	proving->verdicts = arena_grow(proving->diagnosis->arena, proving->verdicts,
		proving->verdict_count, &proving->verdict_capacity, sizeof(*proving->verdicts));
	verdict = &proving->verdicts[proving->verdict_count++];
	*verdict = (struct recorded_verdict){
		.client = trial->planned->client->name,
		.verifier = trial->verifier->name,
		.state = state,
		.must_be_accepted = trial->planned->client->must_be_accepted,
		.accepted = accepted,
		.text = text,
	};
}

static struct probe *
ask(struct proving *proving, const struct trial *trial, const struct probe_options *options)
{
	struct plan *plan = proving->plan;

	if (plan->service->running)
		return probe_endpoint(proving->diagnosis->arena, &trial->verifier->endpoints[0],
			trial->planned->client, options);
	return stand_in_probe(proving->diagnosis->arena, plan->fresh, trial->verifier,
		trial->planned->client, options);
}

static int
expect(struct proving *proving, const struct trial *trial, const struct probe *probe,
	const char *how, struct err *err)
{
	if (probe->layer == LAYER_CONNECT)
		return err_set(err, ERR_UNKNOWN, "%s cannot be reached after the change: %s",
			trial->verifier->name, probe->text);
	record(proving, trial, probe->accepted,
		proving->plan->service->running ? "running" : "disk", probe->text);
	if (probe->accepted == trial->planned->accepted)
		return 0;
	return err_set(err, ERR_UNKNOWN, "%s %s is %s at %s, and the plan says otherwise: %s", how,
		trial->planned->client->name, probe->accepted ? "accepted" : "refused",
		trial->verifier->name, probe->text);
}

static int
try_handshakes(struct proving *proving, const struct trial *trial, struct err *err)
{
	struct probe_session *session = NULL;
	struct probe_options fresh = { .ret_session = &session };
	struct probe_options resumed = { 0 };
	const struct probe *probe;
	int result;

	TRY(expect(proving, trial, ask(proving, trial, &fresh), "freshly", err));
	resumed.resume = trial->session != NULL ? trial->session : session;
	if (resumed.resume == NULL)
		return 0;
	probe = ask(proving, trial, &resumed);
	result = expect(proving, trial, probe, "with a resumed session,", err);
	probe_session_free(session);
	return result;
}

/* A client without its key cannot be shown to a server: it is judged by the files that are in place
 * now. */
static int
try_judgement(struct proving *proving, const struct trial *trial, struct err *err)
{
	const struct plan *plan = proving->plan;
	const struct service *service =
		service_reread(proving->diagnosis->arena, plan->service, plan->fresh);
	size_t index = (size_t)(trial->planned->verifier - plan->cells[0].verifier);
	const struct verdict *verdict;
	const struct trust *trust;

	if (index >= service->verifier_count)
		index = 0;
	trust = trust_load(proving->diagnosis->arena, proving->diagnosis->stores, plan->fresh,
		&service->verifiers[index], &service->readers);
	verdict = judge_client(proving->diagnosis->judge, proving->diagnosis->arena,
		&service->verifiers[index], trust, trial->planned->client, moment_now());
	record(proving, trial, verdict->accepted, "disk", verdict->text);
	if (verdict->accepted == trial->planned->accepted)
		return 0;
	return err_set(err, ERR_UNKNOWN, "%s is %s by the files that are in place now: %s",
		trial->planned->client->name, verdict->accepted ? "accepted" : "refused",
		verdict->text);
}

int
proving_end(struct proving *proving, const struct held *held, struct repair *ret, struct err *err)
{
	struct plan *plan = proving->plan;
	bool handshakes = false;
	int result = 0;

	plan->fresh = fresh_world(proving->diagnosis, plan->service->world);
	for (size_t i = 0; i < proving->trial_count; i++) {
		struct trial *trial = &proving->trials[i];

		if (result == 0)
			result = held_check(held, err);
		if (result == 0) {
			bool real =
				can_handshake(trial->planned->client) &&
				(trial->verifier->endpoint_count > 0 || !plan->service->running);

			result = real ? try_handshakes(proving, trial, err)
				      : try_judgement(proving, trial, err);
			handshakes = handshakes || (real && plan->service->running);
		}
		if (trial->session != NULL)
			probe_session_free(trial->session);
		trial->session = NULL;
	}
	ret->proof = handshakes ? PROOF_HANDSHAKE : PROOF_STAND_IN;
	ret->after = proving->verdicts;
	ret->after_count = proving->verdict_count;
	return result;
}

struct recorded_verdict *
proving_record(struct diagnosis *diagnosis, const struct cell *cells, size_t count,
	const struct service *service, bool before, size_t *ret_count)
{
	struct recorded_verdict *verdicts =
		arena_alloc(diagnosis->arena, (count + 1) * sizeof(*verdicts));

	*ret_count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct cell *cell = &cells[i];

		if (cell->service != service || !cell->known || !is_asked(cell))
			continue;
		verdicts[(*ret_count)++] = (struct recorded_verdict){
			.client = cell->client->name,
			.verifier = cell->verifier->name,
			.state = cell->state == STATE_RUNNING ? "running" : "disk",
			.before = before,
			.must_be_accepted = cell->client->must_be_accepted,
			.accepted = cell->accepted,
			.text = cell->text,
		};
	}
	return verdicts;
}
