/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/key_point.h"

#include <openssl/err.h>
#include <openssl/x509.h>

bool
key_point_is_good(const struct cert *cert)
{
	const unsigned char *at = cert->spki.data;
	EVP_PKEY *key;

	if (cert->key.kind != KEY_EC)
		return true;
	ERR_set_mark();
	key = d2i_PUBKEY(NULL, &at, (long)cert->spki.length);
	ERR_pop_to_mark();
	EVP_PKEY_free(key);
	return key != NULL;
}
