/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signature that held once holds for ever: a file of our own remembers the certificates that were
 * found to bear their own signature, by their fingerprints. Stores hold the same roots day after
 * day, and to check thousands of them takes longer than all else that is done with them. What is
 * not remembered is checked, so a bit that has changed is found: it makes another fingerprint.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "base/own.h"

enum {
	SIGNATURE_MEMORY_WORTH = 512,   /* fewer are checked as soon as remembered */
	SIGNATURE_MEMORY_MAX = 1 << 18, /* fingerprints; those of the last time stay */
};

struct signature_memory; /* opaque */

void signature_memory_free(struct signature_memory *);
/* Nothing is read until it is known to be worth it. */
ALLOCATES(signature_memory_free) struct signature_memory *signature_memory_new(const char *path);
DEFINE_CLEANUP(struct signature_memory, signature_memory_free)

/* Reads the file, the first time that it is asked to; one that is not there, or none of ours, is
 * empty. */
void signature_memory_read(struct signature_memory *);
/* Of what was read and added; false before that. */
bool signature_memory_has(const struct signature_memory *, const struct digest *);
/* Where it was read. */
void signature_memory_add(struct signature_memory *, const struct digest *);
/* Writes the file anew where enough was added that it is worth it. The directory is made. */
[[nodiscard]] int signature_memory_save(struct signature_memory *, struct err *err);
