/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the way of a step, although its bytes are right: found before anything is written,
 * so that nothing has to be undone, and told with the way around it.
 */
#pragma once

#include "repair/repair.h"

/* NULL, or the sentence that says why this step may not or cannot be done. path is that of the
 * step in the service's world. From the diagnosis's arena. */
const char *obstacle_find(
	struct diagnosis *, const struct service *, const struct step *, const char *path);
