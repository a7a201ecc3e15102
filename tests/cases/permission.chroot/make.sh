#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Apache goes into its chroot when it has started: the directory of anchors is not in there.
. "$CASES/lib.sh"

healthy_with_directory apache
mkdir jail
rewrite srv/apache2.conf sed "1a ChrootDir $ROOM/jail"
