/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "report/pieces.h"

void
report_begin(struct json *json, struct buffer *out, const char *kind)
{
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	json_begin(json, out);
	json_object_open(json);
	json_member_text(json, "schema", "trustmend.report/1");
	json_member_text(json, "kind", kind);
	json_key(json, "tool");
	json_object_open(json);
	json_member_text(json, "name", "trustmend");
	json_member_text(json, "version", TRUSTMEND_VERSION);
	json_object_close(json);
	json_member_text(json, "host", host);
	json_member_moment(json, "generated_at", moment_now());
}

void
report_end(struct json *json, int exit_status)
{
	json_member_number(json, "exit", exit_status);
	json_object_close(json);
	buffer_add_text(json->out, "\n");
}
