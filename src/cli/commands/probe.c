/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { PROBE_MAX = 100'000 };

struct round {
	struct session *session;
	struct probed *list;
	size_t count, capacity;
	bool wrong, unknown;
};

static void
round_add(struct round *round, const struct endpoint *endpoint, const struct client *client,
	const char *name, const struct probe_options *options)
{
	struct probed *probed;

	round->list = arena_grow(round->session->arena, round->list, round->count, &round->capacity,
		sizeof(*round->list));
	probed = &round->list[round->count++];
	*probed = (struct probed){
		.client = client, .endpoint = name, .resumed = options->resume != NULL
	};
	probed->probe = probe_endpoint(round->session->arena, endpoint, client, options);
	if (probed->probe->layer == LAYER_CONNECT || probed->probe->layer == LAYER_LOCAL)
		round->unknown = true;
	else if (client != NULL && probed->probe->accepted != client->must_be_accepted)
		round->wrong = true;
}

/* Fresh first; then the session that it left, if it left one. */
static void
round_client(struct round *round, const struct endpoint *endpoint, const struct client *client,
	const char *name)
{
	struct probe_session *ticket = NULL;
	struct probe_options options = { .ret_session = &ticket };

	round_add(round, endpoint, client, name, &options);
	if (ticket == NULL)
		return;
	options = (struct probe_options){ .resume = ticket };
	round_add(round, endpoint, client, name, &options);
	probe_session_free(ticket);
}

static void
round_endpoint(struct round *round, const struct clients *clients, const struct endpoint *endpoint,
	const char *name)
{
	if (clients->count == 0)
		round_client(round, endpoint, NULL, name);
	for (size_t i = 0; i < clients->count && round->count < PROBE_MAX; i++)
		if (clients->list[i].key_path != NULL)
			round_client(round, endpoint, &clients->list[i], name);
}

/* HOST:PORT, with brackets around an IPv6 address. False where it is neither. */
static bool
endpoint_parse(struct arena *arena, const char *text, struct endpoint *ret)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;
	char *host;

	if (colon == NULL || text_number(colon + 1, 65535, &port) < 0 || port == 0)
		return false;
	host = arena_strndup(arena, text, (size_t)(colon - text));
	if (host[0] == '[' && strlen(host) > 2 && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		host++;
	}
	*ret = (struct endpoint){
		.address = host, .port = (unsigned)port, .speaks_http = true, .http_path = "/"
	};
	return true;
}

static int
probe_target(struct round *round, const struct clients *clients, const char *target)
{
	struct session *session = round->session;
	struct services services = { 0 };
	struct endpoint *endpoint = arena_alloc(session->arena, sizeof(*endpoint));

	if (endpoint_parse(session->arena, target, endpoint)) {
		round_endpoint(round, clients, endpoint, target);
		return 0;
	}
	TRY(services_find(session->arena, session->world, target, &services, &session->err));
	for (size_t i = 0; i < services.count; i++)
		for (size_t j = 0; j < services.list[i]->verifier_count; j++)
			for (size_t k = 0; k < services.list[i]->verifiers[j].endpoint_count; k++)
				round_endpoint(round, clients,
					&services.list[i]->verifiers[j].endpoints[k],
					services.list[i]->verifiers[j].name);
	return 0;
}

static int
probe_run(struct session *session)
{
	struct round round = { .session = session };
	struct clients clients = { 0 };

	if (session->options.arguments.count == 0)
		return err_set(&session->err, ERR_USAGE, "probe takes a target or HOST:PORT");
	if (session->options.clients != NULL)
		TRY(clients_read(
			session->arena, session->options.clients, &clients, &session->err));
	for (size_t i = 0; i < session->options.client.count; i++)
		TRY(clients_read_one(session->arena, session->options.client.list[i], true,
			session->options.client.list[i], &clients, &session->err));
	for (size_t i = 0; i < session->options.arguments.count; i++)
		TRY(probe_target(&round, &clients, session->options.arguments.list[i]));
	if (session->options.json)
		report_probe_json(round.list, round.count, &session->json);
	else
		report_probe_text(round.list, round.count, &session->style, &session->out);
	return round.wrong ? 2 : round.unknown || round.count == 0 ? 3 : 0;
}

const struct command command_probe = {
	.name = "probe",
	.arguments = "TARGET|HOST:PORT…",
	.summary = "real handshakes, fresh and resumed: the matrix, and a transcript of each",
	.groups = OPTIONS_EXAMINE,
	.examples = "  trustmend probe 127.0.0.1:8443 --clients DIR\n  trustmend probe -v "
		    "nginx:/etc/nginx/nginx.conf --clients DIR\n",
	.run = probe_run,
};
