#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA has expired; known-good material holds the renewed one.
. "$CASES/lib.sh"

healthy haproxy
swap issuing issuing-expired
