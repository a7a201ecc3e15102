#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client certificate for servers only.
. "$CASES/lib.sh"

healthy nginx
victim server-only issuing
