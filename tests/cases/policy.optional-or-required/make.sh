#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nginx lets unknown CAs through.
. "$CASES/lib.sh"

DEPTH=2
healthy nginx
rewrite srv/nginx.conf sed 's/ssl_verify_client on/ssl_verify_client optional_no_ca/'
