#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The serial number of the issuing CA is negative: OpenSSL reads it, Go refuses the bundle.
. "$CASES/lib.sh"

healthy nginx
swap issuing issuing-negative
cp "$ANCHORS" known/ca.pem
