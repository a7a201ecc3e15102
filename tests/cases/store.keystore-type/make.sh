#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A PKCS#12 store that is signed, as RFC 7292 4 allows beside a MAC: no engine reads that kind.
. "$CASES/lib.sh"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout signer.key -out signer.pem -subj /CN=signer 2>made
printf '0\000' >contents
openssl cms -sign -binary -nodetach -outform DER -signer signer.pem -inkey signer.key -in contents -out signed
python3 - signed srv/trust.p12 <<'END'
import sys

signed = open(sys.argv[1], "rb").read()
body = b"\x02\x01\x03" + signed  # PFX: version 3, then the ContentInfo of its AuthenticatedSafe
open(sys.argv[2], "wb").write(b"\x30\x82" + len(body).to_bytes(2, "big") + body)
END
