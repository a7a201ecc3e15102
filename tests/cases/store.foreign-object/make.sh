#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client's certificate stands among the CAs.
. "$CASES/lib.sh"

healthy haproxy
certs alice >>"$ANCHORS"
