#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A newline is missing between two certificates.
. "$CASES/lib.sh"

healthy nginx
rewrite "$ANCHORS" sed -z "s/-----\\n-----/----------/"
