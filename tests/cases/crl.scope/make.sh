#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CRL is for CAs only.
. "$CASES/lib.sh"

healthy_with_lists nginx
lists issuing-scope root >"$LISTS"
