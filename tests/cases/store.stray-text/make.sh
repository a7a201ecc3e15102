#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A comment stands before the first certificate.
. "$CASES/lib.sh"

healthy haproxy
rewrite "$ANCHORS" sed "1i CA de l\\x27\\xe9tat-major"
