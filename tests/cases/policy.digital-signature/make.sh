#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A client key that may encipher keys and sign nothing.
. "$CASES/lib.sh"

healthy apache
victim no-signature issuing
