#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server never had the issuing CA: its clients send it, and one does not.
. "$CASES/lib.sh"

healthy nginx
certs root >"$ANCHORS"
cp "$ANCHORS" known/ca.pem
