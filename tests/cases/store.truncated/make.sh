#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store ends in the middle of its last certificate.
. "$CASES/lib.sh"

healthy nginx
rewrite "$ANCHORS" head -c 900
