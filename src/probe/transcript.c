/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/transcript.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
transcript_end(struct transcript *transcript)
{
	buffer_free(&transcript->text);
}

void
transcript_add(struct transcript *transcript, const char *format, ...)
{
	CLEANUP(arena_freep) struct arena *arena = NULL;
	char line[TRANSCRIPT_MAX_LINE];
	va_list arguments;

	if (transcript->lines++ >= TRANSCRIPT_MAX_LINES)
		return;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	arena = arena_new();
	buffer_add_text(&transcript->text, text_sanitize(arena, line, strlen(line)));
	buffer_add_text(&transcript->text, "\n");
}

const char *
transcript_text(const struct transcript *transcript, struct arena *arena)
{
	const char *text = transcript->text.length > 0 ? (const char *)transcript->text.data : "";

	if (transcript->lines <= TRANSCRIPT_MAX_LINES)
		return arena_strdup(arena, text);
	return arena_printf(
		arena, "%s(%u more lines)\n", text, transcript->lines - TRANSCRIPT_MAX_LINES);
}
