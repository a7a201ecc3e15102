#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lines end in carriage returns alone.
. "$CASES/lib.sh"

healthy apache
rewrite "$ANCHORS" tr "\n" "\r"
