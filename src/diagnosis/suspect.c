/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/check.h"

#include <string.h>

bool
remedy_is_same(const struct remedy *a, const struct remedy *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->kind == b->kind && strcmp(a->path, b->path) == 0 && a->damage == b->damage &&
	       span_equal(a->damaged, b->damaged) && span_equal(a->bytes, b->bytes) &&
	       a->mode == b->mode && a->number == b->number && a->where.offset == b->where.offset &&
	       (a->target == NULL) == (b->target == NULL) &&
	       (a->target == NULL || strcmp(a->target, b->target) == 0);
}

/* It is what would mend the suspect, or was to. */
static bool
is_its_remedy(const struct suspect *suspect, const struct remedy *remedy)
{
	return remedy_is_same(suspect->remedy, remedy) ||
	       (suspect->unfit != NULL && remedy_is_same(suspect->unfit, remedy));
}

static bool
place_same(const struct locus *a, const struct locus *b)
{
	if (a->path == NULL || b->path == NULL)
		return a->path == b->path;
	return strcmp(a->path, b->path) == 0 && a->offset == b->offset;
}

struct suspect *
suspect_add(struct scene *scene, struct suspects *suspects, enum cause_code cause,
	const struct locus *where, const struct remedy *remedy)
{
	struct arena *arena = scene->diagnosis->arena;
	struct suspect *suspect;

	for (size_t i = 0; i < suspects->count; i++) {
		suspect = suspects->list[i];
		if (suspect->cause == cause && place_same(&suspect->subject.where, where) &&
			is_its_remedy(suspect, remedy))
			return suspect;
	}
	suspect = arena_alloc(arena, sizeof(*suspect));
	suspect->cause = cause;
	suspect->service = scene->original;
	suspect->subject.where = *where;
	suspect->remedy = remedy;
	suspect->refuses = arena_alloc(arena, scene->diagnosis->clients.count + 1);
	suspect->admits = arena_alloc(arena, scene->diagnosis->clients.count + 1);
	suspect->blames = arena_alloc(arena, scene->diagnosis->clients.count + 1);
	if (suspects->count >= DIAGNOSIS_MAX_SUSPECTS) {
		scene->diagnosis->complete = false;
		scene->diagnosis->incomplete_why =
			"too many things are wrong at once: the first 256 are shown";
		return suspect;
	}
	suspects->list = arena_grow(arena, suspects->list, suspects->count, &suspects->capacity,
		sizeof(*suspects->list));
	suspects->list[suspects->count++] = suspect;
	return suspect;
}

void
suspect_place(struct suspect *suspect, const struct verifier *verifier)
{
	suspect->verifier = !suspect->is_placed || suspect->verifier == verifier ? verifier : NULL;
	suspect->is_placed = true;
}

void
suspect_blame(struct scene *scene, struct suspect *suspect, const struct client *client)
{
	suspect->blames[client - scene->diagnosis->clients.list] = true;
}

void
suspect_evidence(struct scene *scene, struct suspect *suspect, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = arena_vprintf(scene->diagnosis->arena, format, arguments);
	va_end(arguments);
	text = text_sanitize(scene->diagnosis->arena, text, strlen(text));
	for (size_t i = 0; i < suspect->evidence_count; i++)
		if (strcmp(suspect->evidence[i], text) == 0)
			return;
	if (suspect->evidence_count < SUSPECT_MAX_EVIDENCE)
		suspect->evidence[suspect->evidence_count++] = text;
}

void
suspect_subject(struct scene *scene, struct suspect *suspect, const struct cert *cert)
{
	char fingerprint[DIGEST_TEXT_SIZE];

	if (cert == NULL)
		return;
	digest_text(&cert->fingerprint, fingerprint);
	suspect->subject.fingerprint = arena_strdup(scene->diagnosis->arena, fingerprint);
	suspect->subject.name = name_text(scene->diagnosis->arena, cert->subject);
}

struct remedy *
remedy_new(struct scene *scene, const char *kind, enum cause_code cause, const char *path)
{
	struct remedy *remedy = arena_alloc(scene->diagnosis->arena, sizeof(*remedy));

	remedy->kind = remedy_kind_find(kind);
	remedy->cause = cause;
	remedy->stores = scene->diagnosis->stores;
	remedy->path = path;
	remedy->applicability = REPAIR_AUTOMATIC;
	return remedy;
}

void
remedy_says(struct scene *scene, struct remedy *remedy, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = arena_vprintf(scene->diagnosis->arena, format, arguments);
	va_end(arguments);
	remedy->action = text_sanitize(scene->diagnosis->arena, text, strlen(text));
}

const char *
scene_name(struct scene *scene, const struct cert *cert)
{
	return cert == NULL ? "(unknown)" : name_common(scene->diagnosis->arena, cert->subject);
}
