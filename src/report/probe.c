/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes that were made: the matrix, and the transcript of each. */
#include "report/pieces.h"

static const char *
expected(const struct probed *probed)
{
	return probed->client == NULL             ? NULL
	       : probed->client->must_be_accepted ? "accept"
						  : "reject";
}

void
report_probe_json(const struct probed *probed, size_t count, struct json *json)
{
	json_key(json, "probes");
	json_array_open(json);
	for (size_t i = 0; i < count; i++) {
		const struct probe *probe = probed[i].probe;

		json_object_open(json);
		json_member_text(
			json, "client", probed[i].client != NULL ? probed[i].client->name : NULL);
		json_member_text(json, "expected", expected(&probed[i]));
		json_member_text(json, "endpoint", probed[i].endpoint);
		json_member_text(json, "verdict", probe->accepted ? "accept" : "refuse");
		json_member_text(json, "layer", probe_layer_name(probe->layer));
		json_member_number(json, "alert", probe->alert);
		json_member_number(json, "http_status", probe->status);
		json_member_bool(json, "resumption", probed[i].resumed);
		json_member_bool(json, "resumed", probe->resumed);
		json_member_text(json, "protocol", probe->protocol);
		json_member_bool(json, "certificate_requested", probe->asked);
		add_names_json(json, "ca_names", probe->ca_names, probe->ca_name_count);
		json_member_text(json, "text", probe->text);
		json_member_text(json, "transcript", probe->transcript);
		json_object_close(json);
	}
	json_array_close(json);
}

void
report_probe_text(
	const struct probed *probed, size_t count, const struct style *style, struct buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct probe *probe = probed[i].probe;
		bool right = probed[i].client == NULL ||
			     probe->accepted == probed[i].client->must_be_accepted;

		buffer_addf(out, "%s%s%s %-28s %-24s %-7s %s%s\n",
			tone_begin(style, right ? TONE_GOOD : TONE_BAD), right ? "ok" : "!!",
			tone_end(style), shown(style, probed[i].endpoint),
			probed[i].client != NULL ? shown(style, probed[i].client->name)
						 : "(no certificate)",
			probed[i].resumed ? "resumed" : "fresh",
			probe->accepted ? "accepted: " : "refused: ", shown(style, probe->text));
		if (style->verbose && probe->transcript != NULL)
			buffer_addf(out, "%s\n", probe->transcript);
	}
}
