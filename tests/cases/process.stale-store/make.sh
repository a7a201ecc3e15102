#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The process holds the store as it was before the new key of the issuing CA came.
. "$CASES/lib.sh"

healthy nginx
start
certs renewed >>"$ANCHORS"
cp "$ANCHORS" known/ca.pem
client accept of-renewed
