#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nginx, which runs, asks a responder that is gone; the certificate names one that is there.
. "$CASES/lib.sh"

cp -r "$PKI" pki
PKI=$ROOM/pki
echo 4711 >pki/moved.serial
cp pki/alice.key-of pki/moved.key-of
printf '%s\n' basicConstraints=CA:FALSE keyUsage=digitalSignature extendedKeyUsage=clientAuth \
	"authorityInfoAccess=OCSP;URI:http://127.0.0.2:$PORT/" >run/moved.cnf
key alice >run/alice.key
key issuing >run/issuing.key
openssl req -new -key run/alice.key -subj /O=Example/CN=moved | openssl x509 -req -days 30 -set_serial 0x4711 \
	-CA pki/issuing.pem -CAkey run/issuing.key -extfile run/moved.cnf -out pki/moved.pem
answer_about moved
launch "$CASES/replay.py" "$PORT" run/answer.der 127.0.0.2
healthy nginx
configure 'ssl_ocsp leaf;' 'ssl_ocsp_responder http://127.0.0.2:1/;'
rm clients/accept/*.pem
victim moved issuing
start
