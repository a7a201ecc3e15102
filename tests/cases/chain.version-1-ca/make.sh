#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA is a certificate of version 1.
. "$CASES/lib.sh"

healthy apache
swap issuing issuing-version-1
