#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root allows no CA below it.
. "$CASES/lib.sh"

healthy nginx
swap root root-path-length
