#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each row of causes.def has its playbook, each playbook its row, and each is laid out as all are.
# playbooks.sh [ROOT OF THE TREE]
set -eu
LC_ALL=C.UTF-8
export LC_ALL

cd "${1:-$(dirname "$0")/../..}"
table=src/causes/causes.def
folder=src/causes/playbooks
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
bad=0

complain() {
	printf '%s\n' "$*" >&2
	bad=1
}

sed -n 's/^CAUSE([A-Z0-9_]*, "\([a-z0-9.-]*\)", ".*")$/\1/p' "$table" >"$scratch/rows"
grep -c '^CAUSE(' "$table" >"$scratch/all"
[ "$(wc -l <"$scratch/rows")" -eq "$(cat "$scratch/all")" ] || complain "$table: a row is not CAUSE(…)"
sort -c -u "$scratch/rows" || complain "$table: codes are not sorted, or one stands twice"

# The enumerator is the code in capitals.
sed -n 's/^CAUSE(\([A-Z0-9_]*\), .*/\1/p' "$table" >"$scratch/enumerators"
tr 'a-z.-' 'A-Z__' <"$scratch/rows" | diff - "$scratch/enumerators" ||
	complain "$table: an enumerator is not its code"

find "$folder" -type f | sed "s|^$folder/||; s|\.md\$||" | sort >"$scratch/files"
sort "$scratch/rows" | diff - "$scratch/files" >"$scratch/difference" || {
	sed -n "s|^< \(.*\)|$table: \1 has no playbook|p; s|^> \(.*\)|$folder/\1: no such cause|p" \
		"$scratch/difference" >&2
	bad=1
}

families=$(sed 's/\..*//' "$scratch/rows" | sort -u | paste -sd '|')
printf '%s\n' '## In the logs' '## Confirm it' '## Repair' '## Never' '## Seen' >"$scratch/sections"
for file in "$folder"/*.md; do
	code=$(basename "$file" .md)
	title=$(sed -n "s/^CAUSE([A-Z0-9_]*, \"$code\", \"\(.*\)\")\$/\1/p" "$table")
	[ "$(head -n 1 "$file")" = "# $code: $title" ] || complain "$file:1: not titled as its cause"
	grep '^## ' "$file" | cmp -s - "$scratch/sections" || complain "$file: sections missing or in disorder"
	[ "$(wc -l <"$file")" -le 46 ] || complain "$file: more than 46 lines"
	# The title is that of the table, however long.
	awk -v file="$file" 'NR > 1 && length($0) > 100 { print file ":" NR ": wider than 100 columns"; bad = 1 }
		/[ \t]$/ { print file ":" NR ": trailing blank"; bad = 1 } END { exit bad }' "$file" >&2 || bad=1
	[ $(($(grep -c '^```' "$file") % 2)) -eq 0 ] || complain "$file: a code block is not closed"
	# What a playbook sends its reader to must be a code.
	grep -oE "\\b($families)\\.[a-z0-9]+(-[a-z0-9]+)*" "$file" |
		sort -u | while read -r mention; do
		case $mention in
		*.pem | *.crl | *.crt | *.key | *.log | *.conf | *.cfg | *.der | *.txt | *.d | *.p7b | *.new) ;;
		*) grep -qxF -e "$mention" "$scratch/rows" || printf '%s: no such code: %s\n' "$file" "$mention" ;;
		esac
	done >"$scratch/mentions"
	[ ! -s "$scratch/mentions" ] || complain "$(cat "$scratch/mentions")"
done
exit $bad
