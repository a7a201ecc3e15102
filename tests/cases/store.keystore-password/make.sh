#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A PKCS#12 store whose password is none of those that are tried.
. "$CASES/lib.sh"

certs root issuing | openssl pkcs12 -export -nokeys -passout pass:of-the-owner -out srv/trust.p12
