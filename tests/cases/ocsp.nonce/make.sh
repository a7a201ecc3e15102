#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The responder makes its answers ahead, and Apache demands its nonce back.
. "$CASES/lib.sh"

answer_ahead alice
at=$PORT
PORT=443
healthy apache
configure 'SSLOCSPEnable leaf' "SSLOCSPDefaultResponder http://127.0.0.1:$at/"
rm clients/accept/bob.pem
