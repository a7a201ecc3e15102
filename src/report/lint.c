/* SPDX-License-Identifier: Apache-2.0 */
/* What some engine refuses of a certificate, beside its verdict. */
#include "report/pieces.h"

void
add_lints_json(const struct judged *judged, struct json *json)
{
	json_key(json, "lints");
	json_array_open(json);
	for (size_t i = 0; i < judged->lint_count; i++) {
		json_object_open(json);
		json_member_text(json, "code", judged->lints[i]->code);
		json_member_text(json, "severity", lint_severity_name(judged->lints[i]->severity));
		json_member_text(json, "text", judged->lints[i]->text);
		json_member_text(json, "refused_by", judged->lints[i]->refused_by);
		json_member_text(json, "source", judged->lints[i]->source);
		json_object_close(json);
	}
	json_array_close(json);
}

void
add_lints_text(const struct judged *judged, const struct style *style, struct buffer *out)
{
	static const enum tone tones[] = {
		[LINT_NOTE] = TONE_FAINT,
		[LINT_WARNING] = TONE_WARN,
		[LINT_CRITICAL] = TONE_BAD,
	};

	for (size_t i = 0; i < judged->lint_count; i++) {
		const struct lint *lint = judged->lints[i];

		if (lint->severity == LINT_NOTE && !style->all && !style->verbose)
			continue;
		buffer_addf(out, "    %s%s%s %s: %s\n      refused by: %s  (%s)\n",
			tone_begin(style, tones[lint->severity]),
			lint_severity_name(lint->severity), tone_end(style), lint->code, lint->text,
			lint->refused_by, lint->source);
	}
}
