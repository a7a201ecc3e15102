/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/gnutls_library.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/library.h"
#include "base/own.h"

/* The name that its ABI has had since 3.4; a symbol that is missing tells an older one. */
static const char soname[] = "libgnutls.so.30";

static const struct library_call calls[] = {
#define GNUTLS_CALL(name) { "gnutls_" #name, offsetof(struct gnutls_library, name) },
#include "stores/gnutls_calls.def"
#undef GNUTLS_CALL
	{ "gnutls_free", offsetof(struct gnutls_library, free) }, /* a variable */
};

static struct gnutls_library library;
static bool is_ready;

static void
load(void)
{
	is_ready = library_load(soname, calls, COUNT_OF(calls), &library) == 0 &&
		   library.global_init() == 0;
}

const struct gnutls_library *
gnutls_library(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, load);
	return is_ready ? &library : NULL;
}
