#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The file of both CRLs is found by the root's name alone: the issuing CA's is never looked at.
. "$CASES/lib.sh"

healthy_with_lists apache
LISTS=$SRV/trust/crl.d
mkdir "$LISTS"
lists issuing root >"$LISTS/both.pem"
ln -s both.pem "$LISTS/$(openssl crl -in "$PKI/root.crl" -noout -hash).r0"
rm srv/trust/crl.pem
configure
