#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA is constrained to names that its clients do not have.
. "$CASES/lib.sh"

healthy haproxy
swap issuing issuing-names
