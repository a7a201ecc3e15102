#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two roots of one name and no key identifiers: OpenSSL takes the first, which did not sign.
. "$CASES/lib.sh"

healthy nginx
certs false-twin twin >>"$ANCHORS"
cp "$ANCHORS" known/ca.pem
client accept of-twin
