/* SPDX-License-Identifier: Apache-2.0 */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

int
library_load(const char *soname, const struct library_call *calls, size_t count, void *table)
{
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		void *found = dlsym(handle, calls[i].symbol);

		if (found == NULL)
			return -1;
		/* POSIX lets a function's address be held so; ISO C has no cast for it. */
		(void)memcpy((char *)table + calls[i].offset, &found, sizeof(found));
	}
	return 0;
}
