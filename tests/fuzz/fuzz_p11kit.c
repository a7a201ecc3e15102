/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as trust of p11-kit: what is read lies in the file, and is the same when it is written
 * and read again. */
#include "fuzz_form.h"

FUZZ(fuzz_form(bytes, LOADER_P11KIT, "p11kit"))
