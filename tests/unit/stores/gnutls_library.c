/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/gnutls_library.h"

#include <dlfcn.h>

#include "tap.h"

static bool
is_loaded(void)
{
	void *handle = dlopen("libgnutls.so.30", RTLD_NOW | RTLD_NOLOAD);

	if (handle != NULL)
		(void)dlclose(handle);
	return handle != NULL;
}

TEST(first_use, "the library is loaded when it is asked, and not before")
{
	const struct gnutls_library *gnutls;

	CHECK(!is_loaded());
	gnutls = gnutls_library();
	CHECK(gnutls != NULL && is_loaded());
	CHECK(gnutls_library() == gnutls);
	CHECK_TEXT(gnutls->strerror(0), "Success.");
}

TEST(every_call, "every call of the table is there")
{
	const struct gnutls_library *gnutls = gnutls_library();

	CHECK(gnutls != NULL);
#define GNUTLS_CALL(name) CHECK(gnutls->name != NULL);
#include "stores/gnutls_calls.def"
#undef GNUTLS_CALL
	CHECK(gnutls->free != NULL);
}

TAP_MAIN()
