#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Apache allows no intermediate by default.
. "$CASES/lib.sh"

healthy apache
rewrite srv/apache2.conf grep -v SSLVerifyDepth
