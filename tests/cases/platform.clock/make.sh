#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client and a CRL are of the future: it is the clock of this machine that is behind.
. "$CASES/lib.sh"

healthy_with_lists haproxy
lists issuing-future root-future >"$LISTS"
cp "$LISTS" known/crl.pem
victim future issuing
rm clients/accept/alice.pem clients/accept/bob.pem
