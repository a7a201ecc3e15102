/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remedies: known-good material, and the edits of a world's overlay that mend causes with it.
 */
#pragma once

#include "remedies/material.h"
#include "remedies/remedy.h"
