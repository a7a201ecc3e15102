#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store was half written at the last reload: the process runs on the one before.
. "$CASES/lib.sh"

healthy nginx
start
certs renewed >>"$ANCHORS"
cp "$ANCHORS" known/ca.pem
client accept of-renewed
head -c 500 known/ca.pem >"$ANCHORS"
reload_nginx_in_vain
cat known/ca.pem >"$ANCHORS"
