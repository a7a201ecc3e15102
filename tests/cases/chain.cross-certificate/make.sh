#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The way from the new issuing CA to the old root, which alone is trusted, is not there.
. "$CASES/lib.sh"

DEPTH=2
healthy nginx
certs new-issuing cross root >"$ANCHORS"
cp "$ANCHORS" known/ca.pem
certs new-root >known/new-root.pem
rm clients/accept/* clients/reject/server-only.pem clients/reject/expired.pem
client accept of-new
swap cross -
