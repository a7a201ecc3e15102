#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Newlines are written as backslash and n.
. "$CASES/lib.sh"

healthy haproxy
rewrite "$ANCHORS" awk '{ printf "%s\\n", $0 }'
