/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of an object stand in a file whose own structure does not tell: of a database. */
#pragma once

#include "stores/format.h"

struct locator; /* opaque; from the builder's arena */

struct locator *locator_new(struct store_builder *);
/* Its place, where it stands there exactly once and in one piece; else the whole file. */
struct place locator_find(const struct locator *, struct span der);
