#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Apache wants answers that are no older than a second, and the responder makes them ahead.
. "$CASES/lib.sh"

answer_ahead alice
sleep 3
at=$PORT
PORT=443
healthy apache
configure 'SSLOCSPEnable leaf' "SSLOCSPDefaultResponder http://127.0.0.1:$at/" \
	'SSLOCSPUseRequestNonce off' 'SSLOCSPResponseMaxAge 1'
rm clients/accept/bob.pem
