/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports: one walk over the results of each command, for a person or as one JSON document. Nothing
 * above this module prints.
 *
 * A report is written into a buffer; who owns the terminal puts it there. Every text from a
 * certificate, a path or a log is sanitised on the way.
 */
#pragma once

#include "diagnosis/diagnosis.h"
#include "repair/repair.h"
#include "stores/generated.h"
#include "stores/relations.h"
#include "stores/scan.h"
#include "stores/transfer.h"
#include "verify/contrast.h"
#include "verify/lint.h"

/* How a person wants it. */
struct style {
	bool color, verbose, all; /* all: notes too */
	int64_t now;
	struct arena *arena; /* for what is sanitised */
};

/* A JSON document: schema, kind, tool, host, generated_at; the body; exit. Between begin and end
 * the object is open. */
void report_begin(struct json *, struct buffer *out, const char *kind);
void report_end(struct json *, int exit_status);

void report_inventory_text(const struct diagnosis *, const struct style *, struct buffer *out);
void report_inventory_json(const struct diagnosis *, struct json *);

void report_diagnosis_text(const struct diagnosis *, const struct style *, struct buffer *out);
void report_diagnosis_json(const struct diagnosis *, struct json *);

/* One service's repair: plan and result; result NULL while it is only planned. */
void report_repair_text(
	const struct plan *, const struct repair *, const struct style *, struct buffer *out);
void report_repair_json(const struct plan *, const struct repair *, struct json *);
/* What a plan was made from, as members: of a service, and of the whole document. */
void report_preconditions_json(struct diagnosis *, const struct service *, struct json *);
void report_inputs_json(const struct diagnosis *, struct json *);
const char *repair_result_name(enum repair_result);

/* A store, and the same bytes as each engine that could read them has them. */
struct inspected {
	const struct store *store;
	const struct store *views[LOADER__COUNT];
	size_t view_count;
	const struct relation *relations; /* one per entry, or NULL */
	struct generated generated;       /* tool NULL and mark NULL: it is not */
};
void report_stores_text(struct arena *, const struct inspected *, size_t count,
	const struct style *, struct buffer *out);
void report_stores_json(struct arena *, const struct inspected *, size_t count, struct json *);

/* A store that was written in another form. */
struct conversion {
	const char *from, *to, *format; /* paths as they were given; the new form */
	const struct store *source, *written;
	const struct transfer *transfer;
	bool is_damaged; /* the source: what is whole of it was carried */
};
void report_conversion_text(
	struct arena *, const struct conversion *, const struct style *, struct buffer *out);
void report_conversion_json(struct arena *, const struct conversion *, struct json *);

/* Two of a kind side by side: a section for each pair of what they consist of. */
struct diff_section {
	const char *title_a, *title_b;
	const char *damage_a, *damage_b; /* of a store of which something is lost; else NULL */
	struct contrasts contrasts;
	struct differences differences;
};

struct diffed {
	const char *what; /* "stores", "clients", "services" */
	const char *a, *b;
	struct diff_section *sections;
	size_t section_count;
};
void report_diff_text(
	struct arena *, const struct diffed *, const struct style *, struct buffer *out);
void report_diff_json(struct arena *, const struct diffed *, struct json *);

/* Stores that are found one by one, and what was looked at. */
void report_scan_heading(struct buffer *out);
void report_scan_row(const struct found_store *, const struct style *, struct buffer *out);
void report_scan_row_json(const struct found_store *, struct json *);
void report_scan_summary(const struct sweep_result *, size_t stores, struct buffer *out);
void report_scan_summary_json(const struct sweep_result *, struct json *);

void report_history_text(
	const struct transaction *, size_t count, const struct style *, struct buffer *out);
void report_history_json(const struct transaction *, size_t count, struct json *);

void report_baselines_text(
	const struct baseline *, size_t count, const struct style *, struct buffer *out);
void report_baselines_json(const struct baseline *, size_t count, struct json *);

/* A certificate that was judged by itself or by a target's verifier. */
struct judged {
	const struct client *client;
	const char *source;   /* file, or file and number in it */
	const char *verifier; /* or NULL */
	const struct verdict *verdict;
	const struct lint *const *lints; /* NULL where nobody asked for them */
	size_t lint_count;
	bool is_unjudged; /* only its lints were asked for */
};
void report_verify_text(struct arena *, const struct judged *, size_t count, const struct style *,
	struct buffer *out);
/* The paths of one, as lines of a graph for Graphviz; a graph begins, takes lines that it does not
 * have yet, and ends. */
void report_verify_dot(struct arena *, const struct judged *, struct buffer *out);
void report_dot_begin(struct buffer *out);
void report_dot_merge(struct buffer *out, const struct buffer *lines);
void report_dot_end(struct buffer *out);
/* Items of an array that is open: the rows, and of rows of one certificate before several engines
 * who accepts it and who does not: how many of these there were, of which the JSON, which may be
 * NULL, has all. */
void report_verify_json(struct arena *, const struct judged *, size_t count, struct json *);
size_t report_divisions_json(struct arena *, const struct judged *, size_t count, struct json *);

/* Handshakes: the matrix, and the transcript of each when verbose. */
struct probed {
	const struct probe *probe;
	const struct client *client; /* NULL: without a certificate */
	const char *endpoint;
	bool resumed;
};
void report_probe_text(
	const struct probed *, size_t count, const struct style *, struct buffer *out);
void report_probe_json(const struct probed *, size_t count, struct json *);
