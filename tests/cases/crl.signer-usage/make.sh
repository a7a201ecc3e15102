#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA may not sign CRLs, and did.
. "$CASES/lib.sh"

healthy_with_lists nginx
swap issuing issuing-no-list
