#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone, with each compiler.
set -eu
cd "${1:-$(dirname "$0")/../..}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

for compiler in gcc clang; do
	command -v "$compiler" >/dev/null || {
		echo "there is no $compiler"
		exit 1
	}
	find include src tests -name '*.h' | sort | xargs -P 2 -n 1 sh -c '
		printf "#include \"%s\"\n" "$2" |
			"$1" -fsyntax-only -std=gnu2x -D_GNU_SOURCE -DTRUSTMEND_VERSION=\"0\" -Wall -Wextra -Werror \
				-Wno-unused-function -Wno-unused-variable -Wno-missing-field-initializers \
				-I. -Iinclude -Isrc -Itests -Itests/unit -x c - || echo "$2 does not compile alone with $1"
	' sh "$compiler" >>"$scratch/said" 2>&1
done
cat "$scratch/said"
[ ! -s "$scratch/said" ]
