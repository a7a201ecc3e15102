#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The responder knows what the CA has issued, but for one client.
. "$CASES/lib.sh"

responder delegate
at=$PORT
PORT=443
healthy nginx
configure 'ssl_ocsp leaf;' "ssl_ocsp_responder http://127.0.0.1:$at/;"
victim unrecorded issuing
