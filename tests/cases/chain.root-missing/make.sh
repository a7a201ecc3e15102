#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store lacks the root.
. "$CASES/lib.sh"

healthy apache
swap root -
