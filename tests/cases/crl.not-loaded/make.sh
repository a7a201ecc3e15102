#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The process holds the CRL of before: a client that was revoked since gets in.
. "$CASES/lib.sh"

healthy_with_lists nginx
lists issuing-old root >"$LISTS"
start
lists issuing root >"$LISTS"
