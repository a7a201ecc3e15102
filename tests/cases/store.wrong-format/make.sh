#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root is DER, and the issuing CA is gone.
. "$CASES/lib.sh"

healthy haproxy
openssl x509 -in "$PKI/root.pem" -outform DER >"$ANCHORS"
