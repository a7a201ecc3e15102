#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store is the PKCS#7 container that a CA handed out.
. "$CASES/lib.sh"

healthy apache
openssl crl2pkcs7 -nocrl -certfile known/ca.pem >"$ANCHORS"
