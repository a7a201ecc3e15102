#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# As issued, and known-good material holds no better one.
. "$CASES/lib.sh"

healthy apache
swap issuing issuing-padded
cp "$ANCHORS" known/ca.pem
