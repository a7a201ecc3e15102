#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The rows of the tables that say they are sorted are, and none stands twice.
set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/../..}"
bad=0

rows() {
	sed -n 's/^[A-Z0-9_]*([A-Z0-9_]*, "\([^"]*\)".*/\1/p; s/^[A-Z0-9_]*(\([A-Za-z0-9_]*\)[,)].*/\1/p' "$1"
}
for table in $(find src -name '*.def' | sort); do
	[ -n "$(rows "$table")" ] || {
		echo "$table: no rows"
		bad=1
	}
	rows "$table" | sort | uniq -d | sed "s|^|$table: stands twice: |" | grep . && bad=1
	head -n 3 "$table" | grep -qi 'sorted' || continue
	rows "$table" | sort -c 2>&1 | sed "s|^|$table: |" | grep . && bad=1
done
exit $bad
