/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trustmend as a library: one examination, and its report as the JSON document that the command
 * prints.
 *
 * The document is the interface: schema "trustmend.report/1", fields are only ever added. A context
 * is used by one thread at a time.
 */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, "0.1.0". Static. */
const char *trustmend_version(void);

/*
 * Runs one command as the program would ("diagnose", "nginx:/etc/nginx/nginx.conf", "--clients",
 * "DIR" …, without the program's name), with --json. Returns the exit status of the interface;
 * *ret_document is the document, to be freed with free(3), or NULL where there is none.
 */
int trustmend_run(int argument_count, const char *const *arguments, char **ret_document);

#ifdef __cplusplus
}
#endif
