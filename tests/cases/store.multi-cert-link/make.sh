#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The directory holds one bundle, to which rehash makes no link.
. "$CASES/lib.sh"

healthy_with_directory apache
find "$ANCHORS" -mindepth 1 -delete
certs issuing root >"$ANCHORS/bundle.pem"
