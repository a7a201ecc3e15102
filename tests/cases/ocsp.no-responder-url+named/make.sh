#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OCSP is asked about each client, and these name no responder; a certificate of the same CA that is
# known-good does.
. "$CASES/lib.sh"

healthy apache
configure 'SSLOCSPEnable leaf'
certs named >known/named.pem
