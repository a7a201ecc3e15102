#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client that the CRL lists, as known-good material does.
. "$CASES/lib.sh"

healthy_with_lists nginx
victim revoked issuing
