#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each row of causes.def has its case, each case its row, and each has the files that are compared.
# cases.sh [ROOT OF THE TREE]
set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/../..}"
table=src/causes/causes.def
folder=tests/cases
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
bad=0

complain() {
	printf '%s\n' "$*" >&2
	bad=1
}

must_be() { # there|absent FILE
	if [ -e "$2" ]; then is=there; else is=absent; fi
	[ $is = "$1" ] || complain "$2 is $is"
}

sed -n 's/^CAUSE([A-Z0-9_]*, "\([a-z0-9.-]*\)", ".*")$/\1/p' "$table" | sort >"$scratch/rows"
find "$folder" -mindepth 1 -maxdepth 1 -type d ! -name __pycache__ | sed "s|^$folder/||; s|+.*||" | sort -u >"$scratch/cases"
diff "$scratch/rows" "$scratch/cases" >"$scratch/difference" || {
	sed -n "s|^< \(.*\)|$table: \1 has no case|p; s|^> \(.*\)|$folder/\1: no such cause|p" \
		"$scratch/difference" >&2
	bad=1
}

for case in "$folder"/*/; do
	case=${case%/}
	must_be there "$case/make.sh"
	must_be there "$case/case"
	must_be there "$case/expect.report"
	repair=$(sed -n 's/^repair //p' "$case/case")
	case $repair in
	applied | partly) after=there plan=there ;;
	refused | nothing) after=absent plan=there ;;
	'') after=absent plan=absent ;;
	*) complain "$case/case: repair $repair is nothing that can be expected" ;;
	esac
	must_be $plan "$case/expect.plan"
	must_be $after "$case/expect.after"
	# What is compared names the code, and says so as the case does.
	code=$(basename "$case" | sed 's/+.*//')
	finds=$(sed -n 's/^finds //p' "$case/case")
	grep -qE "^${finds:-.*}[ ]*.*\b$code\b" "$case/expect.report" ||
		complain "$case/expect.report: names no $finds $code"
	# Each says in its third line what is broken.
	sed -n 3p "$case/make.sh" | grep -qE '^# .*\.$' || complain "$case/make.sh:3: does not say what is broken"
done
exit $bad
