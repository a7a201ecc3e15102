/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/cli.h"
#include "cli/loose.h"

static int
verify_run(struct session *session)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(judge_freep) struct judge *judge = judge_new();
	struct loose loose = { .session = session, .stores = stores, .judge = judge };
	int status = 0;

	stores_use_passwords(stores, session->passwords);
	session_recall_lists(session, stores, &session->options.crl);
	TRY(loose_verify(&loose));
	if (loose.count == 0)
		return err_set(&session->err, ERR_DATA,
			"nothing was judged: no certificate can be read, or the target asks for "
			"none");
	for (size_t i = 0; i < loose.count; i++) {
		const struct judged *judged = &loose.list[i];

		if (judged->verdict == NULL || judged->verdict->undetermined)
			status = status == 2 ? 2 : 3;
		else if (!judged->verdict->accepted)
			status = 2;
	}
	if (session->options.json)
		report_verify_json(session->arena, loose.list, loose.count, &session->json);
	else if (session->options.dot)
		report_verify_dot(session->arena, loose.list, loose.count, &session->out);
	else
		report_verify_text(
			session->arena, loose.list, loose.count, &session->style, &session->out);
	return status;
}

const struct command command_verify = {
	.name = "verify",
	.arguments = "[TARGET] CERT…",
	.summary = "judges certificates by a target's verifiers, or by loose files",
	.groups = OPTIONS_VERIFY | OPTIONS_NAME | OPTIONS_ONLINE,
	.examples = "  trustmend verify --trust roots.pem --untrusted intermediates.pem alice.pem\n"
		    "  trustmend verify --trust roots.pem --purpose server --name a.example a.pem\n"
		    "  trustmend verify --trust roots.pem --ocsp alice.ocsp alice.pem\n"
		    "  trustmend verify --trust roots.pem --dot alice.pem | dot -Tsvg >alice.svg\n"
		    "  trustmend verify nginx:/etc/nginx/nginx.conf --explain --chain alice.pem\n",
	.run = verify_run,
};
