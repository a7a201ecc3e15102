#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA may only issue certificates for servers.
. "$CASES/lib.sh"

healthy apache
swap issuing issuing-purpose
