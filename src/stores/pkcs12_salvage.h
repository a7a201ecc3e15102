/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "stores/format.h"

/* Adds what is whole in the encrypted parts of a container, wherever one stands in these bytes: all
 * that must be there is how it is encrypted, and the content behind that. */
void pkcs12_salvage(struct store_builder *, struct span bytes, const struct place *);
