#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA bears another key identifier than its clients name.
. "$CASES/lib.sh"

healthy haproxy
swap issuing issuing-key-id
