#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CRL of the issuing CA is of the future.
. "$CASES/lib.sh"

healthy_with_lists apache
lists issuing-future root >"$LISTS"
