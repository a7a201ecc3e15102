/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets a value in the configuration: in the place of the one that stands there, or by a line of its
 * own. The place is found again by what stands before it on its line, for other remedies may have
 * moved it.
 */
#include "remedies/remedy.h"

#include <string.h>

/* Where what is replaced begins; SIZE_MAX: nowhere. Of several the nearest to where it stood. */
static size_t
find_place(const struct remedy *remedy, struct span text)
{
	struct span before = remedy->damaged;
	size_t best = SIZE_MAX, distance = SIZE_MAX;
	const uint8_t *at = text.data, *end = text.data + text.length;

	while ((at = memmem(at, (size_t)(end - at), before.data, before.length)) != NULL) {
		size_t place = (size_t)(at - text.data) + before.length - remedy->where.length;
		size_t apart = place > remedy->where.offset ? place - remedy->where.offset
							    : remedy->where.offset - place;

		at++;
		if (apart >= distance)
			continue;
		best = place;
		distance = apart;
	}
	return best;
}

static int
set_value_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer content = { 0 };
	size_t place, end;
	struct span text;

	TRY(remedy_read(remedy, overlay, &text, err));
	if (remedy->damaged.length == 0 || remedy->damaged.length < remedy->where.length)
		return err_set(err, ERR_DATA, "the value's place in the file is not known");
	place = find_place(remedy, text);
	if (place == SIZE_MAX)
		return err_set(err, ERR_DATA, "the value's place in the file is gone");
	end = place + remedy->where.length;
	buffer_add(&content, text.data, place);
	buffer_add_text(&content, remedy->target);
	buffer_add(&content, text.data + end, text.length - end);
	remedy_write(remedy, overlay, arena, &content);
	return 0;
}

const struct remedy_kind remedy_set_value = {
	.name = "set-value",
	.title = "set a value in the configuration",
	.apply = set_value_apply,
};
