#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A tool that keeps one certificate of a name wrote the store: the new one took the place of the old.
. "$CASES/lib.sh"

healthy nginx
certs issuing renewed root >known/ca.pem
certs renewed root >"$ANCHORS"
client accept of-renewed
rm clients/accept/bob.pem
