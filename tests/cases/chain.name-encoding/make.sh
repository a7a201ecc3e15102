#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The issuing CA's name is PrintableString in its certificate and UTF8String in its clients'.
. "$CASES/lib.sh"

healthy nginx
swap issuing issuing-printable
cp "$ANCHORS" known/ca.pem
