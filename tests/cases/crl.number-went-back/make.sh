#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An older CRL came back: a revoked client gets in.
. "$CASES/lib.sh"

healthy_with_lists haproxy
lists issuing-old root >"$LISTS"
