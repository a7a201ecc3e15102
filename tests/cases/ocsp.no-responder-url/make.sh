#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OCSP is asked about each client, and neither their certificates nor nginx name a responder.
. "$CASES/lib.sh"

healthy nginx
configure 'ssl_ocsp leaf;'
