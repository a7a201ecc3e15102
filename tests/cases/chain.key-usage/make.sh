#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA may sign CRLs and no certificates.
. "$CASES/lib.sh"

healthy nginx
swap issuing issuing-usage
