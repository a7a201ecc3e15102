/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a whole file back, byte for byte as it was known to be good. */
#include "remedies/remedy.h"

static int
restore_store_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *)
{
	struct buffer content = { .data = (uint8_t *)(uintptr_t)remedy->bytes.data,
		.length = remedy->bytes.length };

	remedy_write(remedy, overlay, arena, &content);
	return 0;
}

const struct remedy_kind remedy_restore_store = {
	.name = "restore-store",
	.title = "restore the whole store byte for byte",
	.apply = restore_store_apply,
};
