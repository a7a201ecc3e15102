/* SPDX-License-Identifier: Apache-2.0 */
#include "causes/causes.h"

#include "cli/cli.h"

static int
explain_run(struct session *session)
{
	enum cause_code code;
	const char *name, *near;

	if (session->options.arguments.count != 1)
		return err_set(&session->err, ERR_USAGE,
			"explain takes one cause's code, such as chain.root-missing");
	name = session->options.arguments.list[0];
	if (cause_find(name, &code) < 0) {
		near = cause_nearest(name);
		return near != NULL
			       ? err_set(&session->err, ERR_USAGE,
					 "there is no cause %s: did you mean %s?", name, near)
			       : err_set(&session->err, ERR_USAGE, "there is no cause %s", name);
	}
	if (session->options.json) {
		json_member_text(&session->json, "code", cause_get(code)->code);
		json_member_text(&session->json, "title", cause_get(code)->title);
		json_member_text(&session->json, "playbook", cause_get(code)->playbook);
	} else {
		buffer_add_text(&session->out, cause_get(code)->playbook);
	}
	return 0;
}

const struct command command_explain = {
	.name = "explain",
	.arguments = "CODE",
	.summary = "the playbook of a cause",
	.examples = "  trustmend explain chain.root-missing\n",
	.run = explain_run,
};
