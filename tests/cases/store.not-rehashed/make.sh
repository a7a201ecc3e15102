#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A directory of anchors without hash links.
. "$CASES/lib.sh"

healthy_with_directory apache
find "$ANCHORS" -type l -delete
