#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store was saved as UTF-16.
. "$CASES/lib.sh"

healthy apache
rewrite "$ANCHORS" iconv -t UTF-16
