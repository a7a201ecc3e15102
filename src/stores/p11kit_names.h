/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

/* Whether p11-kit has an attribute of this name, or it is a number, which it takes as one. */
bool p11kit_is_attribute(struct span name);
/* Whether the attribute may have this value, where that is a constant. */
bool p11kit_is_value(struct span name, struct span value);
