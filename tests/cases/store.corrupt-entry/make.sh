#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A character that is not base64 stands in the first certificate.
. "$CASES/lib.sh"

healthy haproxy
rewrite "$ANCHORS" sed '3s/^./!/'
