#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bundle is found by the issuing CA's name, and so the root, which is asked for next, is there as well.
. "$CASES/lib.sh"

healthy_with_directory apache
find "$ANCHORS" -mindepth 1 -delete
certs issuing root >"$ANCHORS/bundle.pem"
ln -s bundle.pem "$ANCHORS/$(openssl x509 -in "$PKI/issuing.pem" -noout -hash).0"
