#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One file of the directory of anchors cannot be read by the user of Apache.
. "$CASES/lib.sh"

healthy_with_directory apache
chmod 600 "$ANCHORS/root.pem"
