#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client with a certificate of its own making.
. "$CASES/lib.sh"

healthy nginx
client accept self-signed
