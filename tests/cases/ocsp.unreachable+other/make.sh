#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A cache before the responder has an answer about bob for whoever asks.
. "$CASES/lib.sh"

answer_ahead bob
at=$PORT
PORT=443
healthy nginx
configure 'ssl_ocsp leaf;' "ssl_ocsp_responder http://127.0.0.1:$at/;"
rm clients/accept/bob.pem
