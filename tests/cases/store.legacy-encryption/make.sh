#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A PKCS#12 store as it was made until OpenSSL 3: RC2 and SHA-1.
. "$CASES/lib.sh"

certs root | openssl pkcs12 -export -nokeys -legacy -passout pass:changeit -out srv/trust.p12
