#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client's file holds another key than its certificate's.
. "$CASES/lib.sh"

healthy apache
{ certs alice issuing && key bob; } >clients/accept/alice.pem
