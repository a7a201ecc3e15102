#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA's name has other capitals in its certificate than in its clients'.
. "$CASES/lib.sh"

healthy apache
swap issuing issuing-spelled
cp "$ANCHORS" known/ca.pem
