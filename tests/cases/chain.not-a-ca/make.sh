#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA says that it is none.
. "$CASES/lib.sh"

healthy apache
swap issuing issuing-no-ca
