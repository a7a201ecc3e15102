#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A private key stands in the store, which everybody may read.
. "$CASES/lib.sh"

healthy haproxy
key server-ca >>"$ANCHORS"
