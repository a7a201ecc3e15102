#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A PKCS#12 store of CAs that lack the attribute by which Java trusts them.
. "$CASES/lib.sh"

certs root issuing | openssl pkcs12 -export -nokeys -passout pass:changeit -out srv/trust.p12
