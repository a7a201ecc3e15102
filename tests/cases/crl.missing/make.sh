#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CRL of the root is not there, and the CRLs of the whole chain are checked.
. "$CASES/lib.sh"

healthy_with_lists nginx
lists issuing >"$LISTS"
