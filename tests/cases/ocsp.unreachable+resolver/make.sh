#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The client's responder is a host name, and nginx has no resolver; its machine has one.
. "$CASES/lib.sh"

healthy nginx
configure 'ssl_ocsp leaf;'
rm clients/accept/*.pem
victim named issuing
printf '%s\n' '# made by a case' 'search example' 'nameserver 127.0.0.53' 'nameserver ::1' 'options edns0' >resolv.conf
mount --bind resolv.conf "$(readlink -f /etc/resolv.conf)"
