/* SPDX-License-Identifier: Apache-2.0 */
/* Gives each file of the command line to a fuzz target, where no fuzzer is there to do it. */
#include <stdio.h>

#include "base/file.h"
#include "fuzz.h"

enum { INPUT_MAX = 64 << 20 };

int
main(int count, char **paths)
{
	for (int i = 1; i < count; i++) {
		CLEANUP(buffer_free) struct buffer input = {};
		struct err err;

		if (file_read(paths[i], INPUT_MAX, &input, &err) < 0) {
			(void)fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		(void)LLVMFuzzerTestOneInput(input.data, input.length);
	}
	return 0;
}
