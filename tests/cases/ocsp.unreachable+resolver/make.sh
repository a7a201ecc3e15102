#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The client's certificate names its responder by a host name, and nginx has no resolver.
. "$CASES/lib.sh"

healthy nginx
configure 'ssl_ocsp leaf;'
rm clients/accept/*.pem
victim named issuing
