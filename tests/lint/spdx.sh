#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every source says its licence in its first line, or in the second where the first names a program.
set -eu
cd "${1:-$(dirname "$0")/../..}"
bad=0
sources() {
	find . \( -name .git -o -name 'build*' -o -name __pycache__ \) -prune -o -type f \
		! -name LICENSE ! -name '*.md' ! -name '*.json' ! -name '*.svg' ! -name '*.png' ! -name .gitignore \
		! -name .clang-format ! -name '*.txt' ! -name 'expect.*' ! -path './tests/cases/*/case' -print
	find . -name meson_options.txt -print
}
for file in $(sources | sort); do
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' || {
		echo "$file: no SPDX-License-Identifier"
		bad=1
	}
done
exit $bad
