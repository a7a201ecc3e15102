#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An upgrade took a module away; p11-kit's configuration still names it.
. "$CASES/lib.sh"

mkdir -p machine/etc/pkcs11/modules machine/usr/lib/pkcs11
echo 'module: /usr/lib/pkcs11/old-hsm.so' >machine/etc/pkcs11/modules/hsm.module
echo 'module: /usr/lib/pkcs11/there.so' >machine/etc/pkcs11/modules/there.module
: >machine/usr/lib/pkcs11/there.so
