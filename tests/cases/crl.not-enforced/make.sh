#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Apache is given a CRL and not told to check it: a revoked client gets in.
. "$CASES/lib.sh"

healthy_with_lists apache
configure
rewrite srv/apache2.conf grep -v SSLCARevocationCheck
