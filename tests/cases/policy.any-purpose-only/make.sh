#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client certificate for any purpose, which does not name clientAuth.
. "$CASES/lib.sh"

healthy haproxy
victim any-purpose issuing
