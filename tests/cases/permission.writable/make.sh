#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everybody may write into the store, which is as known-good material has it.
. "$CASES/lib.sh"

healthy nginx
chmod 666 "$ANCHORS"
