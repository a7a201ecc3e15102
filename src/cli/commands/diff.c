/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sides.h"

static int
diff_run(struct session *session)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	struct diffed diffed;
	size_t count = 0;

	stores_use_passwords(stores, session->passwords);
	TRY(sides_compare(session, stores, &diffed));
	for (size_t i = 0; i < diffed.section_count; i++) {
		const struct diff_section *section = &diffed.sections[i];

		count += section->contrasts.count + section->differences.count +
			 (section->damage_a != NULL) + (section->damage_b != NULL);
	}
	if (session->options.json)
		report_diff_json(session->arena, &diffed, &session->json);
	else
		report_diff_text(session->arena, &diffed, &session->style, &session->out);
	return count > 0 ? 1 : 0;
}

const struct command command_diff = {
	.name = "diff",
	.arguments = "A B",
	.summary = "what one of two stores, clients or services has and the other has not",
	.groups = OPTIONS_DIFF,
	.examples = "  trustmend diff /etc/nginx/clients.pem /etc/haproxy/clients.pem\n"
		    "  trustmend diff sql:/etc/dirsrv/slapd-lab /etc/nginx/clients.pem\n"
		    "  trustmend diff accept/alice.pem reject/bob.pem\n"
		    "  trustmend diff nginx:/etc/nginx/nginx.conf nginx:/srv/old/nginx.conf\n",
	.run = diff_run,
};
