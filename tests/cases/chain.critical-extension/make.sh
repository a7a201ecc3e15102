#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA has a critical extension that nobody knows.
. "$CASES/lib.sh"

healthy nginx
swap issuing issuing-critical
