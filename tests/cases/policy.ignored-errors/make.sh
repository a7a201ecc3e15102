#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# HAProxy ignores every error of verification: whoever comes gets in.
. "$CASES/lib.sh"

healthy haproxy
configure 'ca-ignore-err all crt-ignore-err all'
