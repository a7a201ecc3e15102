/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing databases of NSS, as NSS 3.87 makes them: a row for each certificate, its trust and each
 * CRL, in the order of their digests, so that equal sets make equal bytes. They have no password:
 * certutil -W gives them one, and guards the trust by it.
 */
#pragma once

#include "stores/format.h"

/* Whether NSS has a way to say what the settings of the entry say. */
bool nss_holds(const struct entry *);
/* cert9.db. */
int nss_write(const struct store_content *, struct buffer *, struct err *);
/* A key4.db without keys and password, without which NSS opens no cert9.db. */
[[nodiscard]] int nss_write_keys(struct buffer *, struct err *);

extern const struct directory_writer nss_directory;
