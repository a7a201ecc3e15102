#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same in the file system of another machine, below a directory: its programs are not run here.
. "$CASES/lib.sh"

healthy nginx
rewrite "$ANCHORS" sed -z "s/-----\\n-----/----------/"
rewrite srv/nginx.conf sed "s|$SRV|/etc/nginx|"
mkdir -p image/etc
mv srv image/etc/nginx
