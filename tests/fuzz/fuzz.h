/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share: FUZZ(statement) is the target; it finds its input in bytes. */
#pragma once

#include <stdlib.h>

#include "base/bytes.h"

/* Ends the program, which the fuzzer then reports, where what must hold does not. */
static inline void
fuzz_require(bool holds)
{
	if (!holds)
		abort();
}

static inline bool
fuzz_is_inside(struct span inner, struct span outer)
{
	return inner.length == 0 || (inner.data >= outer.data && inner.length <= outer.length &&
					    inner.data + inner.length <= outer.data + outer.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ(statement)                                              \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) \
	{                                                            \
		struct span bytes = span_of(data, size);             \
                                                                     \
		statement;                                           \
		return 0;                                            \
	}
