#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The store lacks the issuing CA, and one client does not send it.
. "$CASES/lib.sh"

healthy nginx
swap issuing -
