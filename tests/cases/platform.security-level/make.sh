#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The security level asks for more than an RSA key of 2048 bits has.
. "$CASES/lib.sh"

healthy nginx
certs rsa-sha256 rsa-root >>"$ANCHORS"
cp "$ANCHORS" known/ca.pem
client accept of-rsa
configure 'ssl_ciphers DEFAULT:@SECLEVEL=3;'
