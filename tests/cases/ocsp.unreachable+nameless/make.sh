#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The client's responder is a host name, and neither nginx nor the machine has a resolver.
. "$CASES/lib.sh"

healthy nginx
configure 'ssl_ocsp leaf;'
rm clients/accept/*.pem
victim named issuing
echo 'nameserver none' >resolv.conf
mount --bind resolv.conf "$(readlink -f /etc/resolv.conf)"
