#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store was emptied.
. "$CASES/lib.sh"

healthy haproxy
rewrite "$ANCHORS" head -c 0
