#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file system left NUL bytes between two certificates: what follows them is not read.
. "$CASES/lib.sh"

healthy nginx
rewrite "$ANCHORS" sed "0,/^-----END.*/s//&\\n\\x00\\x00\\x00\\x00/"
