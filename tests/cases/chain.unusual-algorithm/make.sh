#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The curve of a CA is given by its equation, which OpenSSL does not accept.
. "$CASES/lib.sh"

healthy nginx
certs explicit >>"$ANCHORS"
cp "$ANCHORS" known/ca.pem
client accept of-explicit
