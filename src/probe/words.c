/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/words.h"

#include <openssl/err.h>
#include <string.h>

static const char *
words_of(struct arena *arena, unsigned long error)
{
	const char *words;

	if (error == 0)
		return "no reason given";
	/* Errors of the system have no text of the library's own. */
	words = ERR_SYSTEM_ERROR(error) ? strerrordesc_np(ERR_GET_REASON(error))
					: ERR_reason_error_string(error);
	return words != NULL ? arena_strdup(arena, words)
			     : arena_printf(arena, "error %lu of the library", error);
}

const char *
words_first(struct arena *arena)
{
	return words_of(arena, ERR_peek_error());
}

const char *
words_last(struct arena *arena)
{
	return words_of(arena, ERR_peek_last_error());
}
