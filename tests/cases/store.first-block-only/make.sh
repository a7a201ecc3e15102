#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A bundle in a directory of HAProxy, which reads the first certificate of each file there.
. "$CASES/lib.sh"

healthy_with_directory haproxy
rm "$ANCHORS"/*
certs issuing root >"$ANCHORS/store.pem"
