/* SPDX-License-Identifier: Apache-2.0 */
/* The stores that were found below a directory, a row each. */
#include "report/pieces.h"

void
report_scan_heading(struct buffer *out)
{
	buffer_addf(out, "%-8s %6s %6s  %-20s %s\n", "FORMAT", "CERTS", "CRLS", "NEXT END", "PATH");
}

void
report_scan_row(const struct found_store *found, const struct style *style, struct buffer *out)
{
	bool has_end = found->next_end != MOMENT_NEVER;
	char end[MOMENT_TEXT_SIZE] = "-";

	if (has_end)
		moment_text(found->next_end, end);
	buffer_addf(out, "%-8s %6zu %6zu  %s%-20s%s %s", found->format, found->certificates,
		found->crls,
		tone_begin(style, has_end && found->next_end < style->now ? TONE_BAD : TONE_PLAIN),
		end, tone_end(style), shown(style, found->path));
	if (found->problem != NULL)
		buffer_addf(out, "  %s%s%s", tone_begin(style, TONE_WARN), found->problem,
			tone_end(style));
	else if (found->defects > 0)
		buffer_addf(out, "  %s%zu defect%s%s",
			tone_begin(style, found->is_damaged ? TONE_BAD : TONE_WARN), found->defects,
			found->defects == 1 ? "" : "s", tone_end(style));
	buffer_add_text(out, "\n");
}

void
report_scan_summary(const struct sweep_result *result, size_t stores, struct buffer *out)
{
	buffer_addf(out, "%zu stores among %zu files of %zu directories", stores, result->files,
		result->directories);
	if (result->unreadable > 0)
		buffer_addf(
			out, "; %zu files or directories could not be read", result->unreadable);
	buffer_addf(out, "%s\n", result->is_cut ? "; there is more than is looked at" : "");
}

void
report_scan_row_json(const struct found_store *found, struct json *json)
{
	json_object_open(json);
	json_member_text(json, "path", found->path);
	json_member_text(json, "format", found->format);
	json_member_number(json, "certificates", (int64_t)found->certificates);
	json_member_number(json, "crls", (int64_t)found->crls);
	json_member_moment(json, "next_end", found->next_end);
	json_member_number(json, "defects", (int64_t)found->defects);
	json_member_bool(json, "damaged", found->is_damaged);
	json_member_text(json, "problem", found->problem);
	json_object_close(json);
}

void
report_scan_summary_json(const struct sweep_result *result, struct json *json)
{
	json_key(json, "scanned");
	json_object_open(json);
	json_member_number(json, "files", (int64_t)result->files);
	json_member_number(json, "directories", (int64_t)result->directories);
	json_member_number(json, "unreadable", (int64_t)result->unreadable);
	json_member_bool(json, "cut", result->is_cut);
	json_object_close(json);
}
