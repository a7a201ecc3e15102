#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The clients name no responder, and a known-good certificate of the same CA does.
. "$CASES/lib.sh"

healthy apache
configure 'SSLOCSPEnable leaf'
certs named >known/named.pem
