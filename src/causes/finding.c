/* SPDX-License-Identifier: Apache-2.0 */
#include "causes/finding.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct findings {
	struct arena *arena;
	struct finding **list;
	size_t count, capacity;
};

/* What is sorted: qsort alone may swap equals. */
struct ranked {
	struct finding *finding;
	size_t rank;
};

struct findings *
findings_new(struct arena *arena)
{
	struct findings *findings = arena_alloc(arena, sizeof(*findings));

	findings->arena = arena;
	return findings;
}

struct finding *
finding_add(struct findings *findings, enum cause_code cause, enum severity severity)
{
	struct finding *finding = arena_alloc(findings->arena, sizeof(*finding));

	assert((unsigned)cause < CAUSE__COUNT);
	finding->cause = cause;
	finding->severity = severity;
	findings->list = arena_grow(findings->arena, findings->list, findings->count,
		&findings->capacity, sizeof(struct finding *));
	findings->list[findings->count++] = finding;
	return finding;
}

void
finding_evidence(struct findings *findings, struct finding *finding, const char *format, ...)
{
	const char *text;
	va_list arguments;
	size_t length;

	va_start(arguments, format);
	text = arena_vprintf(findings->arena, format, arguments);
	va_end(arguments);
	length = strlen(text);
	/* Evidence may be handed on: it was sanitised then. */
	if (!text_is_safe(text, length))
		text = text_sanitize(findings->arena, text, length);
	for (size_t i = 0; i < finding->evidence_count; i++)
		if (strcmp(finding->evidence[i], text) == 0)
			return;
	if (finding->evidence_count < FINDING_MAX_EVIDENCE)
		finding->evidence[finding->evidence_count++] = text;
}

size_t
findings_count(const struct findings *findings)
{
	return findings->count;
}

struct finding *
findings_get(const struct findings *findings, size_t index)
{
	assert(index < findings->count);
	return findings->list[index];
}

static int
compare_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int
compare_places(const struct locus *a, const struct locus *b)
{
	int order = compare_text(a->path, b->path);

	return order != 0 ? order : (a->offset > b->offset) - (a->offset < b->offset);
}

static int
compare_findings(const struct finding *a, const struct finding *b)
{
	int order;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	order = compare_text(a->service, b->service);
	if (order != 0)
		return order;
	if (a->cause != b->cause)
		return a->cause < b->cause ? -1 : 1;
	return compare_places(&a->subject.where, &b->subject.where);
}

static int
compare_ranked(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	int order = compare_findings(a->finding, b->finding);

	return order != 0 ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

void
findings_sort(struct findings *findings)
{
	struct ranked *ranked =
		arena_alloc(findings->arena, (findings->count + 1) * sizeof(*ranked));

	for (size_t i = 0; i < findings->count; i++)
		ranked[i] = (struct ranked){ .finding = findings->list[i], .rank = i };
	qsort(ranked, findings->count, sizeof(*ranked), compare_ranked);
	for (size_t i = 0; i < findings->count; i++)
		findings->list[i] = ranked[i].finding;
}

const char *
severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_NOTE] = "note",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "critical",
	};

	assert((unsigned)severity < COUNT_OF(names));
	return names[severity];
}

const char *
confidence_name(enum confidence confidence)
{
	static const char *const names[] = {
		[CONFIDENCE_HINT] = "hint",
		[CONFIDENCE_STRONG] = "strong",
		[CONFIDENCE_PROVED] = "proved",
	};

	assert((unsigned)confidence < COUNT_OF(names));
	return names[confidence];
}

const char *
applicability_name(enum applicability applicability)
{
	static const char *const names[] = {
		[REPAIR_NONE] = "none",
		[REPAIR_REVIEW] = "review",
		[REPAIR_AUTOMATIC] = "automatic",
	};

	assert((unsigned)applicability < COUNT_OF(names));
	return names[applicability];
}
