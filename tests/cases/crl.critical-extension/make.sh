#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CRL has a critical extension that nobody knows.
. "$CASES/lib.sh"

healthy_with_lists nginx
lists issuing-critical root >"$LISTS"
