/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a service's endpoints are its own: where another process listens there, the clients are
 * judged by that one's configuration, and edits of this one have no effect.
 */
#include <string.h>

#include "services/roster.h"

enum { ANCESTORS_MAX = 64 };

static void
read_listeners(struct roster *roster)
{
	if (!roster->has_listeners)
		roster->listeners =
			process_listeners(roster->arena, getpid(), &roster->listener_count);
	roster->has_listeners = true;
}

static void
read_holders(struct roster *roster)
{
	pid_t *pids = arena_alloc(roster->arena, (roster->process_count + 1) * sizeof(*pids));

	if (roster->has_holders)
		return;
	roster->has_holders = true;
	for (size_t i = 0; i < roster->process_count; i++)
		pids[i] = roster->processes[i].pid;
	process_listeners_claim(
		roster->listeners, roster->listener_count, pids, roster->process_count);
}

static const struct process *
process_of(const struct roster *roster, pid_t pid)
{
	for (size_t i = 0; i < roster->process_count; i++)
		if (roster->processes[i].pid == pid)
			return &roster->processes[i];
	return NULL;
}

/* The service whose main process this is, or stands above it. */
static const struct service *
owner_of(const struct roster *roster, pid_t pid)
{
	for (int generation = 0; pid > 1 && generation < ANCESTORS_MAX; generation++) {
		const struct process *process = process_of(roster, pid);

		for (size_t i = 0; i < roster->count; i++)
			if (roster->list[i]->running && roster->list[i]->main.pid == pid)
				return roster->list[i];
		pid = process != NULL ? process->parent : 0;
	}
	return NULL;
}

static bool
listener_covers(const struct listener *listener, const struct endpoint *endpoint)
{
	if (listener->port != endpoint->port)
		return false;
	return strcmp(listener->address, endpoint->address) == 0 ||
	       strcmp(listener->address, "0.0.0.0") == 0 || strcmp(listener->address, "::") == 0;
}

/* Who else holds the endpoint; NULL where nobody does, or the service itself. */
static const struct listener *
foreign_listener(
	struct roster *roster, const struct service *service, const struct endpoint *endpoint)
{
	const struct listener *foreign = NULL;

	for (size_t i = 0; i < roster->listener_count; i++) {
		const struct listener *listener = &roster->listeners[i];

		if (!listener_covers(listener, endpoint))
			continue;
		read_holders(roster);
		if (listener->pid == 0)
			continue;
		if (service->running && owner_of(roster, listener->pid) == service)
			return NULL;
		foreign = listener;
	}
	return foreign;
}

static const char *
describe(const struct roster *roster, const struct service *service,
	const struct endpoint *endpoint, const struct listener *listener)
{
	const struct service *owner = owner_of(roster, listener->pid);
	const struct process *process = process_of(roster, listener->pid);
	const char *text;

	if (owner != NULL)
		text = arena_printf(roster->arena,
			"process %d listens on %s port %u and reads %s: what stands in %s has no "
			"effect there",
			(int)owner->main.pid, endpoint->address, endpoint->port, owner->config,
			service->config);
	else
		text = arena_printf(roster->arena,
			"process %d (%s) listens on %s port %u: what stands in %s has no effect "
			"there",
			(int)listener->pid, process != NULL ? process->name : "unknown",
			endpoint->address, endpoint->port, service->config);
	return text_sanitize(roster->arena, text, strlen(text));
}

static const struct listener *
foreign_of_verifier(struct roster *roster, const struct service *service,
	const struct verifier *verifier, const struct endpoint **ret)
{
	for (size_t i = 0; i < verifier->endpoint_count; i++) {
		const struct listener *listener;

		*ret = &verifier->endpoints[i];
		listener = (*ret)->port != 0 ? foreign_listener(roster, service, *ret) : NULL;
		if (listener != NULL)
			return listener;
	}
	return NULL;
}

void
roster_check_endpoints(struct roster *roster, struct service *service, enum severity severity)
{
	struct config_finding *findings = arena_alloc(roster->arena,
		(service->finding_count + service->verifier_count + 1) * sizeof(*findings));
	size_t count = service->finding_count;

	/* A container has ports of its own: nobody takes them away from outside. */
	if (!roster->is_host || service->world_is_process)
		return;
	read_listeners(roster);
	if (count > 0)
		memcpy(findings, service->findings, count * sizeof(*findings));
	for (size_t i = 0; i < service->verifier_count; i++) {
		const struct verifier *verifier = &service->verifiers[i];
		const struct endpoint *endpoint;
		const struct listener *listener =
			foreign_of_verifier(roster, service, verifier, &endpoint);

		if (listener == NULL)
			continue;
		findings[count++] = (struct config_finding){
			.cause = CAUSE_PROCESS_OTHER_PATH,
			.severity = severity,
			.verifier = verifier,
			.where = verifier->mode_where,
			.text = describe(roster, service, endpoint, listener),
		};
	}
	service->findings = findings;
	service->finding_count = count;
}
