/* SPDX-License-Identifier: Apache-2.0 */
/* What the makers of material share. Whatever fails ends them. */
#pragma once

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

_Noreturn static inline void
fail(const char *what)
{
	(void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		errno != 0 ? strerror(errno) : "failed");
	exit(1);
}

static inline void
add_extension(X509 *cert, X509 *issuer, int kind, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	if (extension == NULL || X509_add_ext(cert, extension, -1) != 1)
		fail("extension");
	X509_EXTENSION_free(extension);
}

static inline FILE *
create(const char *directory, const char *name)
{
	char path[PATH_SIZE];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	if (file == NULL)
		fail(path);
	return file;
}

static inline void
make_directory(const char *directory, const char *name)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		fail(path);
}
