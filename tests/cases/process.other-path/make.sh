#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The process was started with a copy of the configuration, which names another store.
. "$CASES/lib.sh"

healthy nginx
certs partner >srv/trust/other.pem
sed "s#$ANCHORS#$SRV/trust/other.pem#" srv/nginx.conf >srv/other.conf
start "$SRV/other.conf"
