/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paths of a verdict as a person would draw them: a tree that begins at the leaf, where paths
 * that share their beginning share its branches. What fails of a certificate stands below it, what
 * fails of one path alone at the end of that path; a step that no signature or name carries is
 * struck through.
 */
#include <stdio.h>
#include <string.h>

#include "report/pieces.h"

enum {
	DRAWN_MAX_PATHS = 64,   /* the best; there may be 1,000 */
	CHANGES_MAX_PATHS = 16, /* ways to pass that are told */
	DRAWN_PREFIX = 5 * PATH_MAX_DEPTH + 8,
};

struct drawing {
	struct arena *arena;
	const struct path *paths;
	size_t path_count;
	const struct style *style;
	struct buffer *out;
};

/* The paths of one branch: they are alike down from the leaf to this depth. */
struct branch {
	const struct path *paths[DRAWN_MAX_PATHS];
	size_t count;
	unsigned depth;
};

static const struct cert *
cert_at(const struct path *path, unsigned depth)
{
	return depth < path->length ? path->certs[depth] : NULL;
}

static bool
has_failure(const struct path *path, const struct failure *failure)
{
	for (unsigned i = 0; i < path->failure_count; i++)
		if (path->failures[i].depth == failure->depth &&
			strcmp(path->failures[i].rule, failure->rule) == 0 &&
			strcmp(path->failures[i].text, failure->text) == 0)
			return true;
	return false;
}

static bool
all_have(const struct branch *branch, const struct failure *failure)
{
	for (size_t i = 0; i < branch->count; i++)
		if (!has_failure(branch->paths[i], failure))
			return false;
	return true;
}

static const char *
name_at(const struct drawing *drawing, const struct path *path, unsigned depth)
{
	const struct cert *cert = cert_at(path, depth);

	if (cert != NULL)
		return name_text(drawing->arena, cert->subject);
	return depth == 0 ? "(any client)" : "(missing)";
}

static void
draw_failure(const struct drawing *drawing, const char *prefix, const char *at,
	const struct failure *failure)
{
	const struct style *style = drawing->style;

	buffer_addf(drawing->out, "    %s   %s✗ %s%s%s%s: %s\n", prefix,
		tone_begin(style, TONE_BAD), failure->rule, tone_end(style),
		at != NULL ? " of " : "", at != NULL ? at : "", shown(style, failure->text));
}

/* Where a failure is drawn: at its certificate, or at the one that is no issuer of it. */
static unsigned
place_of(const struct failure *failure)
{
	return failure->depth + failure_is_of_edge(failure);
}

static bool
goes_on(const struct branch *branch)
{
	for (size_t i = 0; i < branch->count; i++)
		if (branch->paths[i]->length > branch->depth + 1)
			return true;
	return false;
}

/* Those of this place that the whole branch has; the rest waits for the end of its path. */
static void
draw_shared(const struct drawing *drawing, const struct branch *branch, const char *prefix)
{
	const struct path *path = branch->paths[0];
	char bar[DRAWN_PREFIX];

	(void)snprintf(bar, sizeof(bar), "%s%s", prefix, goes_on(branch) ? "│" : " ");
	for (unsigned i = 0; i < path->failure_count; i++)
		if (place_of(&path->failures[i]) == branch->depth &&
			all_have(branch, &path->failures[i]))
			draw_failure(drawing, bar,
				failure_is_of_edge(&path->failures[i])
					? name_at(drawing, path, branch->depth - 1)
					: NULL,
				&path->failures[i]);
}

/* Whether some other path of the drawing parts from this one above the depth and lacks the failure:
 * then it was not drawn where they were one. */
static bool
was_shared(const struct drawing *drawing, const struct path *path, const struct failure *failure)
{
	for (size_t i = 0; i < drawing->path_count; i++) {
		const struct path *other = &drawing->paths[i];
		bool is_alike = true;

		for (unsigned depth = 0; depth <= place_of(failure) && is_alike; depth++)
			is_alike = cert_at(other, depth) == cert_at(path, depth);
		if (is_alike && !has_failure(other, failure))
			return false;
	}
	return true;
}

static void
draw_own(const struct drawing *drawing, const struct path *path, const char *prefix)
{
	char end[DRAWN_PREFIX];

	(void)snprintf(end, sizeof(end), "%s ", prefix);
	for (unsigned i = 0; i < path->failure_count; i++)
		if (!was_shared(drawing, path, &path->failures[i]))
			draw_failure(drawing, end, name_at(drawing, path, path->failures[i].depth),
				&path->failures[i]);
}

/* Whether the step from the certificate before this one is none. */
static bool
is_struck(const struct path *path, unsigned depth)
{
	for (unsigned i = 0; i < path->failure_count; i++)
		if (path->failures[i].depth + 1 == depth && failure_is_of_edge(&path->failures[i]))
			return true;
	return false;
}

static void
draw_node(const struct drawing *drawing, const struct branch *branch, const char *before)
{
	const struct path *path = branch->paths[0];
	unsigned depth = branch->depth;
	bool is_end = depth + 1 == path->length;
	const char *end = !is_end ? "" : path->ends_in_anchor ? ", anchor" : ", ends in no anchor";

	buffer_addf(drawing->out, "    %s%s  [%s%s]\n", before, name_at(drawing, path, depth),
		path->origins[depth] == ORIGIN_STORE ? "store" : "sent", end);
}

static void draw_branch(const struct drawing *, const struct branch *, const char *prefix);

/* The paths that go on with the same certificate as the first that is left; they are taken out. */
static struct branch
take_branch(struct branch *rest, unsigned depth)
{
	struct branch taken = { .depth = depth };
	size_t left = 0;
	const struct cert *first = NULL;

	for (size_t i = 0; i < rest->count; i++) {
		const struct path *path = rest->paths[i];

		if (taken.count == 0)
			first = cert_at(path, depth);
		if (taken.count == 0 || cert_at(path, depth) == first)
			taken.paths[taken.count++] = path;
		else
			rest->paths[left++] = path;
	}
	rest->count = left;
	return taken;
}

static void
draw_child(const struct drawing *drawing, const struct branch *child, const char *prefix, bool last)
{
	char before[DRAWN_PREFIX], below[DRAWN_PREFIX];
	bool struck = is_struck(child->paths[0], child->depth);

	(void)snprintf(
		before, sizeof(before), "%s%s%s ", prefix, last ? "└" : "├", struck ? "╳" : "─");
	(void)snprintf(below, sizeof(below), "%s%s", prefix, last ? "   " : "│  ");
	draw_node(drawing, child, before);
	draw_branch(drawing, child, below);
}

/* A branch below its own line; recursion ends with the paths, at PATH_MAX_DEPTH. */
static void
draw_branch(const struct drawing *drawing, const struct branch *branch, const char *prefix)
{
	struct branch rest = { .depth = branch->depth };

	draw_shared(drawing, branch, prefix);
	for (size_t i = 0; i < branch->count; i++) {
		if (branch->paths[i]->length > branch->depth + 1)
			rest.paths[rest.count++] = branch->paths[i];
		else
			draw_own(drawing, branch->paths[i], prefix);
	}
	while (rest.count > 0) {
		struct branch child = take_branch(&rest, branch->depth + 1);

		draw_child(drawing, &child, prefix, rest.count == 0);
	}
}

static void
draw_tree(const struct drawing *drawing)
{
	struct branch all = {};

	for (size_t i = 0; i < drawing->path_count; i++)
		if (drawing->paths[i].length > 0)
			all.paths[all.count++] = &drawing->paths[i];
	if (all.count == 0)
		return;
	draw_node(drawing, &all, "");
	draw_branch(drawing, &all, "");
}

/* What a path asks for: its dearest change, then how many. */
struct way {
	const struct path *path;
	unsigned dearest;
};

static bool
is_less(const struct way *a, const struct way *b)
{
	if (a->path->failure_count != b->path->failure_count)
		return a->path->failure_count < b->path->failure_count;
	return a->dearest < b->dearest;
}

static size_t
sort_ways(const struct drawing *drawing, struct way ways[static DRAWN_MAX_PATHS])
{
	size_t count = 0;

	for (size_t i = 0; i < drawing->path_count; i++) {
		struct way way = { .path = &drawing->paths[i] };
		size_t to = count++;

		for (unsigned j = 0; j < way.path->failure_count; j++) {
			unsigned cost;

			(void)failure_change(&way.path->failures[j], &cost);
			way.dearest = cost > way.dearest ? cost : way.dearest;
		}
		for (; to > 0 && is_less(&way, &ways[to - 1]); to--)
			ways[to] = ways[to - 1];
		ways[to] = way;
	}
	return count;
}

static void
tell_way(const struct drawing *drawing, const struct path *path)
{
	struct buffer *out = drawing->out;
	unsigned cost;

	buffer_add_text(out, "      the path");
	for (unsigned i = 1; i < path->length; i++)
		buffer_addf(out, "%s %s", i == 1 ? " over" : ",", name_at(drawing, path, i));
	buffer_add_text(out, path->length > 1 ? "\n" : " of the certificate alone\n");
	for (unsigned i = 0; i < path->failure_count; i++)
		buffer_addf(out, "        %s: %s\n",
			name_at(drawing, path, path->failures[i].depth),
			failure_change(&path->failures[i], &cost));
}

static void
tell_ways(const struct drawing *drawing)
{
	struct way ways[DRAWN_MAX_PATHS];
	size_t count = sort_ways(drawing, ways), told = 0;

	buffer_add_text(drawing->out, "    what would have to change, the least first:\n");
	for (; told < count && told < CHANGES_MAX_PATHS; told++)
		tell_way(drawing, ways[told].path);
	if (count > told)
		buffer_addf(drawing->out, "      and %zu more\n", count - told);
}

void
report_paths_text(struct arena *arena, const struct verdict *verdict, const struct style *style,
	struct buffer *out)
{
	struct drawing drawing = {
		.arena = arena,
		.paths = verdict->paths,
		.path_count = verdict->path_count < DRAWN_MAX_PATHS ? verdict->path_count
								    : DRAWN_MAX_PATHS,
		.style = style,
		.out = out,
	};

	draw_tree(&drawing);
	if (verdict->path_count > drawing.path_count)
		buffer_addf(
			out, "    and %zu paths more\n", verdict->path_count - drawing.path_count);
	if (!verdict->accepted && drawing.path_count > 0)
		tell_ways(&drawing);
}
