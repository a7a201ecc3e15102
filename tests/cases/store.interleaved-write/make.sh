#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two writers wrote into the store at once: lines of two certificates are mixed.
. "$CASES/lib.sh"

healthy nginx
paste -d '\n' "$PKI/issuing.pem" "$PKI/root.pem" >"$ANCHORS"
