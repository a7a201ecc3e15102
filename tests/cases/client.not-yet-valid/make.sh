#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client from the future: nothing else is.
. "$CASES/lib.sh"

healthy nginx
victim future issuing
