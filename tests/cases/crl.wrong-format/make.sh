#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CA certificates stand where CRLs belong: it loads, and everybody is refused.
. "$CASES/lib.sh"

healthy_with_lists nginx
cp "$ANCHORS" "$LISTS"
