/* SPDX-License-Identifier: Apache-2.0 */
/* Sets the depth limit to what the longest needed path has, no more: in place where it is written,
 * else by a line of its own. */
#include "remedies/remedy.h"

#include <string.h>

/* The product's line with the number in the place of its one %d. */
static void
add_line(struct buffer *content, const char *format, int number)
{
	const char *place = strstr(format, "%d");

	buffer_add(content, format, place != NULL ? (size_t)(place - format) : strlen(format));
	buffer_addf(content, "%d", number);
	if (place != NULL)
		buffer_add_text(content, place + 2);
}

static int
set_depth_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer content = { 0 };
	const struct setting *setting = remedy->setting;
	const struct locus *place = setting->is_default ? &setting->insert : &setting->where;
	struct span text;

	TRY(remedy_read(remedy, overlay, &text, err));
	if (place->path == NULL || place->offset > text.length ||
		place->length > text.length - place->offset)
		return err_set(err, ERR_DATA,
			"%s cannot be set: its place in the file is not known", setting->directive);
	buffer_add(&content, text.data, place->offset);
	add_line(&content, setting->is_default ? setting->insert_format : "%d", remedy->number);
	buffer_add(&content, text.data + place->offset + place->length,
		text.length - place->offset - place->length);
	remedy_write(remedy, overlay, arena, &content);
	return 0;
}

const struct remedy_kind remedy_set_depth = {
	.name = "set-depth",
	.title = "set the depth that the chain needs",
	.apply = set_depth_apply,
};
