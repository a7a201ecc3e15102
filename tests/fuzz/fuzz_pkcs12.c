/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as PKCS#12: what is read lies in the file, of keys nothing is kept, and Java and
 * OpenSSL load nothing that is not among the entries. */
#include "fuzz_keystore.h"

FUZZ(fuzz_keystore(bytes))
