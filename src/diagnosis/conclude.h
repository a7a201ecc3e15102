/* SPDX-License-Identifier: Apache-2.0 */
/* Conclusions: from suspects and states to findings. */
#pragma once

#include "diagnosis/states.h"

void conclude_service(
	struct diagnosis *, const struct service *, const struct proof *, const struct running *);
