#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CRLs of another PKI are inherited from the level above: this one has none.
. "$CASES/lib.sh"

healthy nginx
lists partner >srv/trust/partner.crl
OUTER="ssl_crl $SRV/trust/partner.crl;"
configure
