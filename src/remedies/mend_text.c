/* SPDX-License-Identifier: Apache-2.0 */
/* Undoes one kind of damage to a store's text; every DER body stays what it was. */
#include "remedies/remedy.h"

#include "stores/pem.h"

static int
mend_text_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer mended = { 0 };
	struct span text;

	TRY(remedy_read(remedy, overlay, &text, err));
	if (pem_mend_text(text, remedy->damage, &mended) < 0)
		return 0;
	remedy_write(remedy, overlay, arena, &mended);
	return 0;
}

const struct remedy_kind remedy_mend_text = {
	.name = "mend-text",
	.title = "undo the damage to the text, all certificates unchanged",
	.apply = mend_text_apply,
};
