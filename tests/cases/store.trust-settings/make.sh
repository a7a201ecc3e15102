#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root is trusted for servers only.
. "$CASES/lib.sh"

healthy nginx
openssl x509 -in "$PKI/root.pem" -addtrust serverAuth -trustout | cat "$PKI/issuing.pem" - >"$ANCHORS"
