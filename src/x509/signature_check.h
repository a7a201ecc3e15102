/* SPDX-License-Identifier: Apache-2.0 */
/* One signature by one key, nothing kept: what signature.c and signature_batch.c stand on. Safe in
 * several threads at once, each with a key of its own. */
#pragma once

#include <openssl/evp.h>

#include "x509/signature.h"

enum signature_result signature_check(
	EVP_PKEY *, struct span signed_bytes, struct span algorithm_der, struct span signature);
