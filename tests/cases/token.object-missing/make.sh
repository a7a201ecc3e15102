#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The token was initialised anew, under another name than the one by which its certificates are looked for.
. "$CASES/lib.sh"

command -v softhsm2-util >/dev/null && [ -e /usr/share/p11-kit/modules/softhsm2.module ] || {
	echo 'there is no SoftHSM that p11-kit knows'
	exit 77
}
mkdir tokens
printf '%s\n' "directories.tokendir = $ROOM/tokens" 'objectstore.backend = file' 'log.level = ERROR' >softhsm2.conf
SOFTHSM2_CONF=$ROOM/softhsm2.conf softhsm2-util --init-token --free --label clients-new --pin 1234 --so-pin 12345678
