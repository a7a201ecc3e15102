#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Apache asks an old responder, which it cannot, in the place of the one that the certificate names.
. "$CASES/lib.sh"

healthy apache
configure 'SSLOCSPEnable leaf' 'SSLOCSPOverrideResponder on' \
	'SSLOCSPDefaultResponder https://ocsp.old.example/'
rm clients/accept/*.pem
victim named issuing
