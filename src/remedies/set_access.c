/* SPDX-License-Identifier: Apache-2.0 */
/* Gives the server's user just the access it needs: to one file or one directory, never to everyone
 * who has none. */
#include "remedies/remedy.h"

static int
set_access_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *, struct err *err)
{
	struct file_identity identity;

	TRY(world_stat(overlay, remedy->path, &identity, err));
	if (identity.owner != remedy->owner || identity.group != remedy->group)
		overlay_set_owner(overlay, remedy->path, remedy->owner, remedy->group);
	if (identity.mode != remedy->mode)
		overlay_set_mode(overlay, remedy->path, remedy->mode);
	return 0;
}

const struct remedy_kind remedy_set_access = {
	.name = "set-access",
	.title = "set owner and mode",
	.apply = set_access_apply,
};
