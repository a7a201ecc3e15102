/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the listing of a token: what is read lies in it. */
#include "fuzz_form.h"

FUZZ(fuzz_form(bytes, LOADER_P11KIT, NULL))
