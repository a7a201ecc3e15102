#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A partner's clients come, and the store never held the partner's root.
. "$CASES/lib.sh"

healthy haproxy
client accept of-partner
certs partner >known/partner.pem
