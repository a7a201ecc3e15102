#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA has a new key; the store still holds the old one alone.
. "$CASES/lib.sh"

healthy haproxy
certs issuing renewed root >known/ca.pem
client accept of-renewed
