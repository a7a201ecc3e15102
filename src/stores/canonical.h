/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of certificates that need no asking: where every byte is in the one form that each reader
 * of PEM and DER takes, the library loads each of them, in their order, and to ask it would take
 * ten times as long as to read them. Whatever is odd in any way is asked: a reason here costs time,
 * one that is missing would make a wrong statement.
 */
#pragma once

#include "stores/loader.h"

/* NULL where OpenSSL's readers of PEM load every entry of the file, and there is at least one. Else
 * why that does not follow from the bytes: static text. */
const char *canonical_doubt(const struct store *);
/* The same of one certificate that our strict reader took: whether d2i_X509(3) takes it. */
const char *canonical_cert_doubt(const struct cert *);
/* Fills ret and marks every entry as loaded, where there is no doubt; else false, and nothing is
 * done. */
bool canonical_load(const struct loader_task *, struct loading *ret);
