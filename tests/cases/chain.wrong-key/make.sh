#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Another root of the same name stands in the place of the root: its clients get in.
. "$CASES/lib.sh"

healthy nginx
swap root impostor
