#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA was signed with SHA-1; known-good material holds it signed anew.
. "$CASES/lib.sh"

healthy nginx
certs rsa-sha1 rsa-root >"$ANCHORS"
certs rsa-sha256 rsa-root >known/ca.pem
rm clients/accept/* clients/reject/*
client accept of-rsa
client reject rogue false-issuing impostor
