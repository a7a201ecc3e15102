/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash directories as X509_LOOKUP_hash_dir(3) searches them: HHHHHHHH.N for certificates,
 * HHHHHHHH.rN for CRLs, N from 0 without a gap.
 */
#pragma once

#include "stores/store.h"

struct hash_link {
	const char *name;   /* "9d66eef0.0" */
	const char *target; /* file name in the same directory */
};

/*
 * The links that are missing for every certificate and CRL of the directory's files to be found,
 * existing good ones kept. Exact for any number of one name. Links live as long as the stores.
 */
[[nodiscard]] int hashdir_missing_links(struct stores *, struct world *, const char *directory,
	const struct hash_link **ret, size_t *ret_count, struct err *err);
