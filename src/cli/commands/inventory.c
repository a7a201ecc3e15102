/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

static int
inventory_run(struct session *session)
{
	struct request request = session_request(session);
	CLEANUP(diagnosis_freep) struct diagnosis *facts = NULL;

	facts = diagnosis_facts(&request, &session->err);
	if (facts == NULL)
		return -1;
	if (session->options.json)
		report_inventory_json(facts, &session->json);
	else
		report_inventory_text(facts, &session->style, &session->out);
	return 0;
}

const struct command command_inventory = {
	.name = "inventory",
	.arguments = "[TARGET…]",
	.summary = "services, their verifiers, the stores these read",
	.examples =
		"  trustmend inventory\n  trustmend inventory nginx:/etc/nginx/nginx.conf --json\n",
	.run = inventory_run,
};
