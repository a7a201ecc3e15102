#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CRL is signed by another key of the same name.
. "$CASES/lib.sh"

healthy_with_lists haproxy
lists false-issuing root >"$LISTS"
