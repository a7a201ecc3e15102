/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plan was made from: as long as all of this is the same, the same plan would be made again.
 * Told in a plan that is written down, so that one that is stale is known.
 */
#pragma once

#include "repair/repair.h"

/* A configuration file, or a file or directory that trust is read from. */
struct precondition {
	const char *path; /* as the service's world sees it */
	bool exists;
	struct file_identity identity;
	struct digest digest; /* of the content; of a directory, of its names and their contents */
};

/* Each once, from the diagnosis's arena; what was judged, not what is there by now. */
const struct precondition *preconditions_of(
	struct diagnosis *, const struct service *, size_t *ret_count);
/* Of all clients, with what is expected of each; of all that was vouched for by the operator. */
struct digest precondition_clients(const struct diagnosis *);
struct digest precondition_material(const struct diagnosis *);
