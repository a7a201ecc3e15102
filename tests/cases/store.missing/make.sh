#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store is not there.
. "$CASES/lib.sh"

healthy haproxy
rm "$ANCHORS"
