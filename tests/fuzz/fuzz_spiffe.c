/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what carries stores: what is read lies in the file, and is the same when it is
 * written as spiffe and read again. */
#include "fuzz_form.h"

FUZZ(fuzz_form(bytes, LOADER_ANY, "spiffe"))
