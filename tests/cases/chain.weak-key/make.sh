#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A CA with an RSA key of 1024 bits.
. "$CASES/lib.sh"

healthy haproxy
certs weak >>"$ANCHORS"
cp "$ANCHORS" known/ca.pem
client accept of-weak
