#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The server's own chain stands in the place of the client CAs.
. "$CASES/lib.sh"

healthy nginx
cp srv/server.pem "$ANCHORS"
