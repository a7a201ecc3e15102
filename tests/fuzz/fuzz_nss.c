/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a database of NSS: what is read lies in the file, and NSS loads nothing else. */
#include "fuzz_form.h"

FUZZ(fuzz_form(bytes, LOADER_NSS, "nss"))
