/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of PKCS#12, which formats/pkcs12.c has for its own. */
#pragma once

#include "stores/write.h"

int pkcs12_write(const struct store_content *, struct buffer *, struct err *err);
