#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root has expired; known-good material holds the renewed one of the same key.
. "$CASES/lib.sh"

healthy nginx
swap root root-expired
