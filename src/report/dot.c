/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of verdicts as a graph in Graphviz's language: a node a certificate, an edge a step to
 * its issuer; what fails is red. */
#include <string.h>

#include "report/pieces.h"

enum { DOT_ID_SIZE = 2 * DIGEST_SIZE + 1, DOT_MAX_FAILURES = 8 };

/* One text within the quotes of a label. */
static void
add_quoted(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buffer_add(out, "\\", 1);
		buffer_add(out, text, 1);
	}
}

static void
node_id(const struct path *path, unsigned depth, char id[static DOT_ID_SIZE])
{
	(void)strcpy(id, "client");
	if (path->certs[depth] != NULL)
		hex_encode(span_of(path->certs[depth]->fingerprint.bytes, DIGEST_SIZE), id);
}

/* Red where any rule fails at it on this path; the rules are told below its name. */
static void
add_node(struct arena *arena, const struct path *path, unsigned depth, struct buffer *out)
{
	const struct cert *cert = path->certs[depth];
	bool is_anchor = path->ends_in_anchor && depth + 1 == path->length;
	unsigned told = 0;
	char id[DOT_ID_SIZE];

	node_id(path, depth, id);
	buffer_addf(out, "  \"%s\" [label=\"", id);
	add_quoted(out, cert != NULL ? name_text(arena, cert->subject) : "(any client)");
	for (unsigned i = 0; i < path->failure_count && told < DOT_MAX_FAILURES; i++) {
		if (path->failures[i].depth != depth || failure_is_of_edge(&path->failures[i]))
			continue;
		buffer_add_text(out, "\\n");
		add_quoted(out, path->failures[i].rule);
		told++;
	}
	buffer_addf(out, "\"%s%s]\n", is_anchor ? ", peripheries=2" : "",
		told > 0 ? ", color=red" : "");
}

static void
add_step(const struct path *path, unsigned depth, struct buffer *out)
{
	const char *failed = NULL;
	char from[DOT_ID_SIZE], to[DOT_ID_SIZE];

	for (unsigned i = 0; i < path->failure_count && failed == NULL; i++)
		if (path->failures[i].depth == depth && failure_is_of_edge(&path->failures[i]))
			failed = path->failures[i].rule;
	node_id(path, depth, from);
	node_id(path, depth + 1, to);
	buffer_addf(out, "  \"%s\" -> \"%s\"", from, to);
	if (failed != NULL)
		buffer_addf(out, " [color=red, style=dashed, label=\"%s\"]", failed);
	buffer_add_text(out, "\n");
}

/* Lines that several paths make are drawn once. */
static void
add_once(struct buffer *out, const struct buffer *line)
{
	if (out->data == NULL || line->data == NULL ||
		strstr((const char *)out->data, (const char *)line->data) == NULL)
		buffer_add(out, line->data, line->length);
}

static void
add_path(struct arena *arena, const struct path *path, struct buffer *out)
{
	CLEANUP(buffer_free) struct buffer line = {};

	for (unsigned i = 0; i < path->length; i++) {
		buffer_clear(&line);
		add_node(arena, path, i, &line);
		add_once(out, &line);
		if (i + 1 == path->length)
			return;
		buffer_clear(&line);
		add_step(path, i, &line);
		add_once(out, &line);
	}
}

void
report_verify_dot(struct arena *arena, const struct judged *judged, struct buffer *out)
{
	for (size_t i = 0; judged->verdict != NULL && i < judged->verdict->path_count; i++)
		add_path(arena, &judged->verdict->paths[i], out);
}

void
report_dot_begin(struct buffer *out)
{
	buffer_add_text(out, "digraph paths {\n  rankdir=BT\n  node [shape=box]\n");
}

void
report_dot_merge(struct buffer *out, const struct buffer *lines)
{
	CLEANUP(buffer_free) struct buffer line = {};
	size_t from = 0;

	while (from < lines->length) {
		const uint8_t *end = memchr(lines->data + from, '\n', lines->length - from);
		size_t to = end != NULL ? (size_t)(end - lines->data) + 1 : lines->length;

		buffer_clear(&line);
		buffer_add(&line, lines->data + from, to - from);
		add_once(out, &line);
		from = to;
	}
}

void
report_dot_end(struct buffer *out)
{
	buffer_add_text(out, "}\n");
}
