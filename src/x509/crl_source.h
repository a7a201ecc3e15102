/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the DER of a long CRL comes from: a file in parts, PEM in parts, or bytes.
 *
 * A file is read by pread(2) and not mapped. A page of a mapping that somebody cuts off raises
 * SIGBUS, and what was validated on it can be another thing at the next look; a block that was read
 * stays as it is, is walked and digested as it is, and a read that comes up short is an answer like
 * any other. A page fault costs as much as the copy besides: the digest takes three times as long
 * as either. After each read the file's size and times are compared with those at the beginning,
 * so that two reads that were not of the same content do not pass for one.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/digest.h"

struct crl_source; /* opaque */

void crl_source_free(struct crl_source *);
DEFINE_CLEANUP(struct crl_source, crl_source_free)
/* Takes the descriptor, of a regular file. */
ALLOCATES(crl_source_free) struct crl_source *crl_source_file(int fd);
/* Another one of the same file, which must be what it was when the first was made. */
ALLOCATES(crl_source_free) struct crl_source *crl_source_again(const struct crl_source *file);
/* The same in a process that may do no more than read: whether the file has changed is for who
 * started it to ask. The descriptor is borrowed. */
ALLOCATES(crl_source_free) struct crl_source *crl_source_unwatched(int fd);
int crl_source_descriptor(const struct crl_source *file);
/* Whether it is what it was. */
bool crl_source_is_unchanged(const struct crl_source *file);
/* What the file was then. */
const struct stat *crl_source_status(const struct crl_source *file);
/* The bytes must outlive it. */
ALLOCATES(crl_source_free) struct crl_source *crl_source_bytes(struct span);
/*
 * The one block "X509 CRL" that text holds in plain RFC 7468: lines of base64 of one length of at
 * most 76, and before the block no other. Takes text. What is not like that ends in EBADMSG: the
 * readers of whole files know how each library takes it.
 */
ALLOCATES(crl_source_free) struct crl_source *crl_source_pem(struct crl_source *text);

/* Up to length bytes at offset; fewer at the end alone. -1 with errno: EAGAIN where the file was
 * changed since the source was made, EBADMSG where PEM is not plain, else what read(2) says. */
[[nodiscard]] ssize_t crl_source_read(
	struct crl_source *, uint64_t offset, uint8_t *into, size_t length);
/* Where in the text the last read of PEM met what is not plain. */
uint64_t crl_source_fault(const struct crl_source *);
/* What is at the beginning of the file is DER, PEM of a CRL, or neither; and where it begins. */
enum crl_form { CRL_FORM_OTHER, CRL_FORM_DER, CRL_FORM_PEM };
enum crl_form crl_source_form(struct crl_source *, size_t *ret_offset, unsigned *ret_line);
