#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The anchor is an intermediate, and CRLs of the whole chain are checked: one that covers the anchor itself is wanted.
. "$CASES/lib.sh"

healthy_with_lists nginx
certs issuing >"$ANCHORS"
