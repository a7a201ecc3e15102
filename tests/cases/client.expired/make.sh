#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client that has expired.
. "$CASES/lib.sh"

healthy haproxy
victim expired issuing
