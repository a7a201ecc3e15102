#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CRL lists clients that must get in; the known-good one, which is newer, does not.
. "$CASES/lib.sh"

healthy_with_lists apache
lists issuing-listed root >"$LISTS"
