/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan that is written down says of the facts that it was made from. */
#include <stdio.h>

#include "repair/precondition.h"
#include "report/pieces.h"

void
report_preconditions_json(
	struct diagnosis *diagnosis, const struct service *service, struct json *json)
{
	size_t count;
	const struct precondition *list = preconditions_of(diagnosis, service, &count);

	json_key(json, "preconditions");
	json_array_open(json);
	for (size_t i = 0; i < count; i++) {
		char mode[8];

		json_object_open(json);
		json_member_text(json, "path", list[i].path);
		json_member_bool(json, "exists", list[i].exists);
		if (list[i].exists) {
			(void)snprintf(mode, sizeof(mode), "%04o",
				(unsigned)list[i].identity.mode & 07777);
			add_fingerprint_json(json, "sha256", &list[i].digest);
			json_member_number(json, "owner", list[i].identity.owner);
			json_member_number(json, "group", list[i].identity.group);
			json_member_text(json, "mode", mode);
		}
		json_object_close(json);
	}
	json_array_close(json);
}

void
report_inputs_json(const struct diagnosis *diagnosis, struct json *json)
{
	struct digest clients = precondition_clients(diagnosis),
		      material = precondition_material(diagnosis);

	json_key(json, "inputs");
	json_object_open(json);
	add_fingerprint_json(json, "clients_sha256", &clients);
	add_fingerprint_json(json, "known_good_sha256", &material);
	json_object_close(json);
}
