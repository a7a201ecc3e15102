#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Of the issuing CA only a delta CRL is there: who is revoked in the complete one gets in.
. "$CASES/lib.sh"

healthy_with_lists apache
lists issuing-delta root >"$LISTS"
