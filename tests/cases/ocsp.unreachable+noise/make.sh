#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is there calls itself a responder, and sends a page.
. "$CASES/lib.sh"

mkdir -p run
echo '<html>It works!</html>' >run/answer.der
run_server "$CASES/replay.py" "$PORT" run/answer.der
at=$PORT
PORT=443
healthy nginx
configure 'ssl_ocsp leaf;' "ssl_ocsp_responder http://127.0.0.1:$at/;"
rm clients/accept/bob.pem
