#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format leaves it: else each is named, with how many places differ.
set -eu
cd "${1:-$(dirname "$0")/../..}"
command -v clang-format >/dev/null || {
	echo "there is no clang-format"
	exit 1
}
differing=$(find include src tests -name '*.[ch]' -print0 | sort -z | xargs -0 -n 40 -P 2 clang-format --dry-run -Werror 2>&1 |
	sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: error:.*/\1/p' | sort | uniq -c) || :
[ -z "$differing" ] || {
	printf '%s\n' "$differing" 'not formatted: clang-format -i FILE'
	exit 1
}
