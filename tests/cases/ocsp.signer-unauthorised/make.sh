#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The responder's certificate is of the CA, and lacks the extended key usage OCSPSigning.
. "$CASES/lib.sh"

responder false-delegate
at=$PORT
PORT=443
healthy apache
configure 'SSLOCSPEnable leaf' "SSLOCSPDefaultResponder http://127.0.0.1:$at/"
