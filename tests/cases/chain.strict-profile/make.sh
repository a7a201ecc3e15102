#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA lacks a critical basicConstraints, key usage and key identifier.
. "$CASES/lib.sh"

healthy haproxy
swap issuing issuing-lax
cp "$ANCHORS" known/ca.pem
