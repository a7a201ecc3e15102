#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each certificate is there twice.
. "$CASES/lib.sh"

healthy nginx
rewrite "$ANCHORS" sed -n 'p;H;${x;p}'
