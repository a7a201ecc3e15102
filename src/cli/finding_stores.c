/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/finding_stores.h"

#include <stdio.h>
#include <unistd.h>

struct rows {
	struct session *session;
	size_t count, damaged, unread;
	bool is_watched; /* by somebody at a terminal */
};

/* People see each row at once; a program that reads gets them by the block, and a document is one.
 */
static void
show(void *context, const struct found_store *found)
{
	struct rows *rows = context;
	struct session *session = rows->session;

	rows->count++;
	rows->damaged += found->is_damaged;
	rows->unread += found->is_unread;
	if (session->options.json) {
		report_scan_row_json(found, &session->json);
		return;
	}
	if (rows->count == 1)
		report_scan_heading(&session->out);
	report_scan_row(found, &session->style, &session->out);
	if (session->options.quiet)
		return;
	(void)fwrite(session->out.data, 1, session->out.length, stdout);
	if (rows->is_watched)
		(void)fflush(stdout);
	buffer_clear(&session->out);
}

static void
result_add(struct sweep_result *sum, const struct sweep_result *result)
{
	sum->files += result->files;
	sum->directories += result->directories;
	sum->unreadable += result->unreadable;
	sum->is_cut |= result->is_cut;
}

int
finding_stores(struct session *session)
{
	const struct values *paths = &session->options.arguments;
	struct rows rows = { .session = session, .is_watched = isatty(STDOUT_FILENO) };
	const struct scan scan = { show, &rows, session->passwords };
	struct sweep_result sum = {}, result;

	if (session->options.json) {
		json_key(&session->json, "stores");
		json_array_open(&session->json);
		json_array_close(&session->json);
		json_key(&session->json, "found");
		json_array_open(&session->json);
	}
	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->list[i];

		if (path[0] != '/')
			path = path_join(session->arena, session_directory(session), path);
		TRY(stores_scan(session->world, path, &scan, &result, &session->err));
		result_add(&sum, &result);
	}
	if (session->options.json) {
		json_array_close(&session->json);
		report_scan_summary_json(&sum, &session->json);
	} else {
		report_scan_summary(&sum, rows.count, &session->out);
	}
	if (rows.unread > 0)
		return 3;
	return rows.damaged > 0 || sum.unreadable > 0 || sum.is_cut ? 1 : 0;
}
