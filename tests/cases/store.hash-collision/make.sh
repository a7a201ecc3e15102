#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The numbering of the hash links begins with 1: the search ends before it.
. "$CASES/lib.sh"

healthy_with_directory apache
for link in "$ANCHORS"/*.0; do
	mv "$link" "${link%0}1"
done
