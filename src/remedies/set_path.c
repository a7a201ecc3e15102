/* SPDX-License-Identifier: Apache-2.0 */
/* Corrects a path in the configuration, in place. */
#include "remedies/remedy.h"

static int
set_path_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer content = { 0 };
	const struct locus *place = &remedy->where;
	struct span text;

	TRY(remedy_read(remedy, overlay, &text, err));
	if (place->length == 0 || place->offset > text.length ||
		place->length > text.length - place->offset)
		return err_set(err, ERR_DATA, "the path's place in the file is not known");
	buffer_add(&content, text.data, place->offset);
	buffer_add_text(&content, remedy->target);
	buffer_add(&content, text.data + place->offset + place->length,
		text.length - place->offset - place->length);
	remedy_write(remedy, overlay, arena, &content);
	return 0;
}

const struct remedy_kind remedy_set_path = {
	.name = "set-path",
	.title = "correct a path in the configuration",
	.apply = set_path_apply,
};
