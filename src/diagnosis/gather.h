/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathering: the facts of an examination, read once: services, known-good material, clients given
 * or supposed, and which client is expected at which verifier.
 */
#pragma once

#include "diagnosis/diagnosis.h"

enum { GATHER_MAX_SUPPOSED = 64 }; /* clients that are supposed where none is given */

[[nodiscard]] int gather_facts(struct diagnosis *, const struct request *, struct err *err);
