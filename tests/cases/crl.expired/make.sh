#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CRL of the issuing CA is past its nextUpdate.
. "$CASES/lib.sh"

healthy_with_lists haproxy
lists issuing-expired root >"$LISTS"
