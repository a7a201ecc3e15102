/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/transcript.h"

#include "tap.h"

TEST(bounded, "lines beyond the bound are counted; long ones are cut; controls are shown")
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(transcript_end) struct transcript transcript = {};
	const char *text;

	CHECK_TEXT(transcript_text(&transcript, arena), "");
	transcript_add(&transcript, "a\nb");
	transcript_add(&transcript, "%*s", 10'000, "x");
	CHECK(transcript.text.length < TRANSCRIPT_MAX_LINE + 16);
	for (int i = 0; i < TRANSCRIPT_MAX_LINES; i++)
		transcript_add(&transcript, "line");
	text = transcript_text(&transcript, arena);
	CHECK(text_starts(text, "a\\x0ab\n"));
	CHECK(text_ends(text, "line\n(2 more lines)\n"));
}

TAP_MAIN()
