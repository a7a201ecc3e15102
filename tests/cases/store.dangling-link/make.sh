#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A hash link leads to a file that is gone.
. "$CASES/lib.sh"

healthy_with_directory apache
rm "$ANCHORS/root.pem"
