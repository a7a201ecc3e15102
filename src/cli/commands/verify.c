/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/loose.h"

static void
begin(struct session *session)
{
	if (session->options.json) {
		json_key(&session->json, "results");
		json_array_open(&session->json);
	} else if (session->options.dot) {
		report_dot_begin(&session->out);
	}
}

static void
end(struct session *session, const struct loose *loose)
{
	const struct buffer *divisions = &loose->divisions;

	if (session->options.json) {
		json_array_close(&session->json);
		json_key(&session->json, "divisions");
		json_array_open(&session->json);
		/* The first item of an array has no comma before it. */
		if (divisions->length > 0)
			buffer_add(&session->out, divisions->data + 1, divisions->length - 1);
		json_array_close(&session->json);
		json_member_number(
			&session->json, "divisions_more", (int64_t)loose->divisions_more);
	} else if (session->options.dot) {
		report_dot_end(&session->out);
	}
}

static int
verify_run(struct session *session)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	struct loose loose = { .session = session, .stores = stores, .caller = pthread_self() };
	int status;

	stores_use_passwords(stores, session->passwords);
	session_recall_lists(session, stores, &session->options.crl);
	stores_digest_lists(stores, CRL_DIGEST_SIGNED);
	stores_skip_signatures(stores);
	begin(session);
	status = loose_verify(&loose);
	end(session, &loose);
	buffer_free(&loose.divisions);
	if (status < 0)
		return -1;
	if (loose.tally.judged == 0)
		return err_set(&session->err, ERR_DATA,
			"nothing was judged: no certificate can be read, or the target asks for "
			"none");
	return loose_status(&loose);
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
		    "  trustmend verify --lint clients/\n"
		    "  trustmend verify nginx:/etc/nginx/nginx.conf --explain --chain alice.pem\n",
	.run = verify_run,
};
