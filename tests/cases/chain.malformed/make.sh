#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The serial number of the issuing CA has a zero too many in front: OpenSSL reads nothing of the file.
. "$CASES/lib.sh"

healthy nginx
swap issuing issuing-padded
