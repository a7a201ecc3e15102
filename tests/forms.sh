#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Forms of stores beside the tools that they come from: what certutil makes, NSS judges by and we read is the
# same; so is what a token holds by p11tool; and what we write, others read.
#
# forms.sh [PROGRAM]
#
# Where a tool is absent, that is said, and its part is skipped.
set -eu
LC_ALL=C.UTF-8
export LC_ALL
program=$(realpath "${1:-${TRUSTMEND:-$(dirname "$0")/../build/src/cli/trustmend}}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
cd "$scratch"
number=0 failed=0

check() { # NAME WANTED GOT
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		failed=$((failed + 1))
		printf '# wanted: %s\n# got:    %s\nnot ok %s - %s\n' "$2" "$3" "$number" "$1"
	fi
}

lacks() { # PROGRAM PACKAGE
	command -v "$1" >/dev/null && return 1
	number=$((number + 1))
	echo "ok $number - # SKIP there is no $1 (package $2)"
}

# A root, and a client of it.
make_pair() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 30 \
		-subj "/CN=Root $1" -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1-client.key" -out "$1.csr" \
		-subj "/CN=client $1" 2>/dev/null
	printf 'extendedKeyUsage = clientAuth\nkeyUsage = digitalSignature\n' >client.ext
	openssl x509 -req -in "$1.csr" -CA "$1.pem" -CAkey "$1.key" -days 20 -extfile client.ext -out "$1-client.pem" 2>/dev/null
}

# Fingerprints, sorted, of the entries of our own report that fit a condition of Python.
ours() { # STORE CONDITION
	"$program" --state "$scratch/state" --json inspect "$1" >report.json || :
	python3 -c '
import json, sys
store = json.load(open("report.json"))["stores"][0]
print(*sorted(entry["fingerprint"] for entry in store["entries"] if eval(sys.argv[1])))' "$2"
}

fingerprint() { # FILE: of a certificate in PEM
	openssl x509 -in "$1" -outform DER | openssl dgst -sha256 -r | cut -d ' ' -f 1
}

# NSS: for each kind of trust, whether a client of that root is accepted by NSS itself.
nss() {
	mkdir nssdb
	certutil -N -d sql:nssdb --empty-password
	accepted= taken=
	for flags in CT,C,C C,, T,, ,, p,p,p c,, ,C, ,,C CTP,,; do
		name=root$(printf %s "$flags" | tr ',' '_')
		make_pair "$name"
		certutil -A -d sql:nssdb -n "$name" -t "$flags" -i "$name.pem"
		certutil -A -d sql:nssdb -n "$name-client" -t ,, -i "$name-client.pem"
		if certutil -V -d sql:nssdb -n "$name-client" -u C >/dev/null 2>&1; then
			taken="$taken $flags"
			accepted="$accepted$(fingerprint "$name.pem")
"
		fi
	done
	accepted=$(printf %s "$accepted" | sort | tr '\n' ' ' | sed 's/ $//')
	check 'NSS accepts some and refuses others' 'CT,C,C CTP,, T,,' "$(printf '%s\n' $taken | sort | tr '\n' ' ' | sed 's/ $//')"
	check 'NSS accepts clients of the roots that we say it does' "$accepted" \
		"$(ours sql:nssdb '"nss" in entry["loaded_by"]')"
	check 'the same by the name of the file' "$accepted" "$(ours nssdb/cert9.db '"nss" in entry["loaded_by"]')"
	check 'every certificate of the database is read' "$(for file in root*.pem; do fingerprint "$file"; done | sort | tr '\n' ' ' | sed 's/ $//')" \
		"$(ours sql:nssdb True)"
	certutil -D -d sql:nssdb -n root,, 2>/dev/null || certutil -D -d sql:nssdb -n root__
	check 'one that was deleted is not there' '' "$(ours sql:nssdb "entry[\"fingerprint\"] == \"$(fingerprint root__.pem)\"")"
}

# Tokens: what p11tool put there, and which of it GnuTLS trusts.
token() {
	SOFTHSM2_CONF=$scratch/softhsm2.conf
	GNUTLS_PIN=1234 GNUTLS_SO_PIN=12345678
	export SOFTHSM2_CONF GNUTLS_PIN GNUTLS_SO_PIN
	mkdir tokens
	printf '%s\n' "directories.tokendir = $scratch/tokens" 'objectstore.backend = file' 'log.level = ERROR' >softhsm2.conf
	softhsm2-util --init-token --free --label lab --pin 1234 --so-pin 12345678 >/dev/null
	make_pair plain
	make_pair trusted
	make_pair marked
	p11tool --login --write --load-certificate plain.pem --label plain pkcs11:token=lab >/dev/null 2>&1
	p11tool --login --so-login --write --load-certificate trusted.pem --label trusted --mark-trusted --mark-ca \
		pkcs11:token=lab >/dev/null 2>&1
	p11tool --login --so-login --write --load-certificate marked.pem --label marked --mark-trusted pkcs11:token=lab >/dev/null 2>&1
	p11tool --login --write --load-privkey plain.key --label key pkcs11:token=lab >/dev/null 2>&1
	before=$(find tokens -type f -exec sha256sum {} + | sort)
	check 'every public certificate of the token is read, and no key' \
		"$(for name in plain trusted marked; do fingerprint $name.pem; done | sort | tr '\n' ' ' | sed 's/ $//')" \
		"$(ours pkcs11:token=lab True)"
	wanted=$(p11tool --list-all-certs pkcs11:token=lab 2>/dev/null | awk '
		/Label:/ { name = $2 } /Flags:/ && /CATEGORY=CA/ && /CKA_TRUSTED/ { print name ".pem" }' |
		while read -r file; do fingerprint "$file"; done | sort | tr '\n' ' ' | sed 's/ $//')
	check 'trusted is what is marked so and is an authority' "$wanted" \
		"$(ours pkcs11:token=lab '"p11-kit" in entry["loaded_by"]')"
	check 'one object by its name' "$(fingerprint plain.pem)" "$(ours 'pkcs11:token=lab;object=plain' True)"
	check 'to look changes nothing in the token' "$before" "$(find tokens -type f -exec sha256sum {} + | sort)"
	if "$program" --state state inspect 'pkcs11:token=lab?pin-value=1234' >said 2>&1; then status=0; else status=$?; fi
	check 'a PIN in a name is refused, and not said again' '66 0' "$status $(grep -c 1234 said || :)"
	if "$program" --state state inspect 'pkcs11:token=other' >said 2>&1; then status=0; else status=$?; fi
	check 'a name that fits nothing is a finding' '2 1' "$status $(grep -c 'token.object-missing.*no token' said)"
}

lacks certutil libnss3-tools || nss
lacks softhsm2-util softhsm2 || lacks p11tool gnutls-bin || token
echo "1..$number"
[ "$failed" -eq 0 ]
