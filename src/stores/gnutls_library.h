/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libgnutls, loaded when it is first asked: most commands never ask it, and it and what it draws in
 * would cost each of them a good part of its start.
 */
#pragma once

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* Its functions, each by its own name less gnutls_: a row in gnutls_calls.def. */
struct gnutls_library {
#define GNUTLS_CALL(name) typeof(gnutls_##name) *name;
#include "stores/gnutls_calls.def"
#undef GNUTLS_CALL
	gnutls_free_function *free; /* a variable that holds what ends what the library allocates */
};

/* The library, loaded and set up; NULL where there is none that has all of these. Any thread may
 * ask. */
const struct gnutls_library *gnutls_library(void);
