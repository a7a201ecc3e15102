#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hash links of the kind that OpenSSL looked for before 1.0.
. "$CASES/lib.sh"

healthy_with_directory apache
openssl rehash -old "$ANCHORS"
