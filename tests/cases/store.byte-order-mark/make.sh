#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A byte order mark stands before the first certificate: OpenSSL reads past it.
. "$CASES/lib.sh"

healthy nginx
rewrite "$ANCHORS" python3 -c 'import sys; sys.stdout.write("\ufeff" + sys.stdin.read())'
