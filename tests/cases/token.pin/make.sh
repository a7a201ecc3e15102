#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a token says of itself after a server tried a wrong PIN until it was locked.
. "$CASES/lib.sh"

{
	printf '%s\n' '# objects of PKCS#11 tokens' '#! locked clients'
	printf '%s\n' '[p11-kit-object-v1]' 'label: "clients: root"' 'trusted: true' 'certificate-category: 2'
	certs root
} >token.txt
