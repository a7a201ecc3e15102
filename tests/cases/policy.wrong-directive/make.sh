#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The CAs are named by the directive that only says which names are sent.
. "$CASES/lib.sh"

healthy apache
rewrite srv/apache2.conf sed 's/SSLCACertificateFile/SSLCADNRequestFile/'
