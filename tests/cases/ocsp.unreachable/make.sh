#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nobody listens where the responder is configured to be.
. "$CASES/lib.sh"

healthy nginx
configure 'ssl_ocsp leaf;' "ssl_ocsp_responder http://127.0.0.1:$PORT/;"
