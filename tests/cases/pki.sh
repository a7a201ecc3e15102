#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The certificates and CRLs that the cases share, made once a run. pki.sh DIR
#
# All begin in 2020 and end in 2049, save those whose end is the point; so no case depends on the day
# on which it is run. Keys are Ed25519 where nothing else is asked for: their signatures are all of one
# length, and so are the files.
set -eu
umask 022
HERE=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/ca"
cd "$1"
PKI=$PWD
BEGIN=20200101000000Z
END=20491231000000Z
PAST=20210101000000Z
FUTURE=20480101000000Z
number=1000

CA='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash'
CLIENT='basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
subjectAltName=DNS:client.example'
BY_KEY='authorityKeyIdentifier=keyid'
NO_IDS='subjectKeyIdentifier=none
authorityKeyIdentifier=none'

new_key() { # NAME ALGORITHM [OPTION…]
	name=$1 algorithm=$2
	shift 2
	openssl genpkey -quiet -algorithm "$algorithm" "$@" -out "$name.key"
	openssl req -new -key "$name.key" -subj /CN=x -out "$name.csr"
}

room() { # SECTION EXTENSIONS: a directory for one call of openssl ca
	number=$((number + 1))
	room=$PKI/ca/$number
	mkdir "$room"
	: >"$room/index"
	printf '%06X\n' $number >"$room/serial"
	cat >"$room/config" <<-END
		[ca]
		default_ca=d
		[d]
		database=$room/index
		new_certs_dir=$room
		serial=$room/serial
		crlnumber=$room/number
		default_md=${DIGEST-default}
		policy=p
		unique_subject=no
		default_days=1
		default_crl_days=1
		string_mask=${STRINGS-utf8only}
		${2:+$1=e}
		[p]
		organizationName=optional
		commonName=optional
		[e]
		$2
	END
}

certify() { # NAME SUBJECT KEY ISSUER|- EXTENSIONS [BEGIN END]
	name=$1
	room x509_extensions "$5${5:+$([ "$4" = - ] || printf '\n%s' "${KEY_ID-$BY_KEY}")}"
	if [ "$4" = - ]; then
		signer="-selfsign -keyfile $3.key"
	else
		signer="-cert $4.pem -keyfile $(cat "$4.key-of").key"
	fi
	# shellcheck disable=SC2086
	openssl ca -batch -notext -config "$room/config" $signer -in "$3.csr" -subj "$2" ${MULTI-} \
		-startdate "${6-$BEGIN}" -enddate "${7-$END}" -out "$name.pem" 2>"$room/said" || {
		cat "$room/said" >&2
		exit 1
	}
	echo "$3" >"$name.key-of"
	printf '%06X\n' $number >"$name.serial"
}

list_of() { # NAME CA NUMBER [BEGIN END [EXTENSIONS]]; REVOKED: names of certificates
	name=$1
	room crl_extensions "${KEY_ID-$BY_KEY}
${6-}"
	printf '%04X\n' "$3" >"$room/number"
	for revoked in ${REVOKED-revoked}; do
		printf 'R\t491231000000Z\t200601000000Z\t%s\tunknown\t/CN=x\n' "$(cat "$revoked.serial")"
	done >"$room/index"
	openssl ca -gencrl -config "$room/config" -cert "$2.pem" -keyfile "$(cat "$2.key-of").key" \
		-crl_lastupdate "${4-$BEGIN}" -crl_nextupdate "${5-$END}" -out "$name.crl" 2>"$room/said" || {
		cat "$room/said" >&2
		exit 1
	}
}

but() { # EXTENSIONS NAME LINE: with another line for that extension, or without it
	printf '%s\n' "$1" | while read -r line; do
		case $line in
		"$2"=*) [ -z "$3" ] || echo "$3" ;;
		*) echo "$line" ;;
		esac
	done
}

for key in root issuing middle renewed impostor false-issuing partner server-ca server leaf twin false-twin new-root; do
	new_key $key ED25519
done
new_key leaf-2 ED25519
new_key weak RSA -pkeyopt rsa_keygen_bits:1024
new_key rsa RSA -pkeyopt rsa_keygen_bits:2048
new_key explicit EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit

# The chain, and a longer one.
certify root '/O=Example/CN=Root' root - "$CA"
certify issuing '/O=Example/CN=Issuing' issuing root "$CA"
certify middle '/O=Example/CN=Middle' middle root "$CA"
certify deep '/O=Example/CN=Deep' issuing middle "$CA"

# Strangers, and those that bear the same names.
certify impostor '/O=Example/CN=Root' impostor - "$CA"
certify false-issuing '/O=Example/CN=Issuing' false-issuing impostor "$CA"
certify partner '/O=Partner/CN=Partner root' partner - "$CA"
certify server-ca '/O=Servers/CN=Server CA' server-ca - "$CA"
certify server '/O=Servers/CN=localhost' server server-ca 'basicConstraints=CA:FALSE
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1'

# The issuing CA and the root, each with one thing wrong, or a new key.
certify issuing-expired '/O=Example/CN=Issuing' issuing root "$CA" $BEGIN $PAST
certify issuing-usage '/O=Example/CN=Issuing' issuing root "$(but "$CA" keyUsage keyUsage=critical,cRLSign)"
certify issuing-no-list '/O=Example/CN=Issuing' issuing root "$(but "$CA" keyUsage keyUsage=critical,keyCertSign)"
certify issuing-no-ca '/O=Example/CN=Issuing' issuing root "$(but "$(but "$CA" keyUsage '')" basicConstraints basicConstraints=CA:FALSE)"
certify issuing-purpose '/O=Example/CN=Issuing' issuing root "$CA
extendedKeyUsage=serverAuth"
certify issuing-names '/O=Example/CN=Issuing' issuing root "$CA
nameConstraints=critical,permitted;DNS:other.example"
certify issuing-critical '/O=Example/CN=Issuing' issuing root "$CA
1.3.6.1.4.1.99999.7=critical,DER:05:00"
certify issuing-key-id '/O=Example/CN=Issuing' issuing root "$(but "$CA" subjectKeyIdentifier subjectKeyIdentifier=0102030405)"
certify issuing-lax '/O=Example/CN=Issuing' issuing root basicConstraints=CA:TRUE
resigned() { # NAME OF SERIAL: malformed by the CA itself
	"$HERE/resign.py" "$2.pem" root.key "$3" "$1.pem"
	cp "$2.key-of" "$1.key-of"
}
resigned issuing-negative issuing ff
resigned issuing-padded issuing 0001
certify issuing-spelled '/O=EXAMPLE/CN=issuing' issuing root "$CA"
STRINGS=nombstr certify issuing-printable '/O=Example/CN=Issuing' issuing root "$CA"
KEY_ID='' certify issuing-version-1 '/O=Example/CN=Issuing' issuing root ''
certify renewed '/O=Example/CN=Issuing' renewed root "$CA" 20240101000000Z $END
certify root-expired '/O=Example/CN=Root' root - "$CA" $BEGIN $PAST
certify root-path-length '/O=Example/CN=Root' root - "$(but "$CA" basicConstraints basicConstraints=critical,CA:TRUE,pathlen:0)"

# A root whose key also has a cross-certificate of the old root.
certify new-root '/O=Example/CN=New root' new-root - "$CA"
certify cross '/O=Example/CN=New root' new-root root "$CA"
certify new-issuing '/O=Example/CN=New issuing' middle new-root "$CA"

# Two roots of one name that no key identifier tells apart.
KEY_ID=$NO_IDS
for twin in twin false-twin; do
	certify $twin '/O=Example/CN=Twin' $twin - "$(but "$CA" subjectKeyIdentifier '')
$NO_IDS"
done
unset KEY_ID

# CAs with weak or unusual keys.
certify weak '/O=Example/CN=Weak' weak root "$CA"
certify explicit '/O=Example/CN=Explicit' explicit root "$CA"
certify rsa-root '/O=Example/CN=RSA root' rsa - "$CA"
DIGEST=sha1 certify rsa-sha1 '/O=Example/CN=RSA issuing' issuing rsa-root "$CA"
DIGEST=sha256 certify rsa-sha256 '/O=Example/CN=RSA issuing' issuing rsa-root "$CA"

# Clients.
leaf() { # NAME [ISSUER [EXTENSIONS [BEGIN END]]]
	certify "$1" "/O=Example/CN=$1" "${KEY-leaf}" "${2-issuing}" "${3-$CLIENT}" ${4+"$4" "$5"}
}
leaf alice
KEY=leaf-2 leaf bob
leaf rogue false-issuing
leaf expired issuing "$CLIENT" $BEGIN $PAST
leaf future issuing "$CLIENT" $FUTURE $END
leaf revoked
leaf server-only issuing "$(but "$CLIENT" extendedKeyUsage extendedKeyUsage=serverAuth)"
leaf any-purpose issuing "$(but "$CLIENT" extendedKeyUsage extendedKeyUsage=anyExtendedKeyUsage)"
leaf no-signature issuing "$(but "$CLIENT" keyUsage keyUsage=critical,keyEncipherment)"
leaf of-deep deep
leaf of-partner partner
leaf of-renewed renewed
leaf of-new new-issuing
leaf of-weak weak
leaf of-explicit explicit
leaf of-rsa rsa-sha256
KEY_ID=$NO_IDS
leaf of-twin twin "$(but "$CLIENT" subjectKeyIdentifier '')"
unset KEY_ID
leaf named issuing "$CLIENT
authorityInfoAccess=OCSP;URI:http://responder.example/"
leaf unrecorded

# Who answers for the issuing CA, and who claims to.
leaf delegate issuing 'basicConstraints=CA:FALSE
extendedKeyUsage=OCSPSigning
noCheck=ignored'
leaf false-delegate
certify self-signed /O=Example/CN=self-signed leaf - "$CLIENT"

# CRLs.
for ca in root issuing partner; do
	list_of $ca $ca 5
	list_of $ca-expired $ca 4 $BEGIN $PAST
	list_of $ca-future $ca 6 $FUTURE $END
done
REVOKED='' list_of issuing-old issuing 2
REVOKED='alice bob revoked' list_of issuing-listed issuing 4
REVOKED='' list_of issuing-delta issuing 6 $BEGIN $END '2.5.29.27=critical,DER:02:01:01'
list_of issuing-scope issuing 5 $BEGIN $END 'issuingDistributionPoint=critical,onlyCA:TRUE'
list_of issuing-critical issuing 5 $BEGIN $END '1.3.6.1.4.1.99999.8=critical,DER:05:00'
KEY_ID='' list_of false-issuing false-issuing 7
