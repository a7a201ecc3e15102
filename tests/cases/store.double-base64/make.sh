#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store was encoded twice.
. "$CASES/lib.sh"

healthy apache
rewrite "$ANCHORS" base64
