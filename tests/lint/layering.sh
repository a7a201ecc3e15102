#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A module includes its own headers and those of the modules above it in src/meson.build, and no
# other; and every module of the tree stands there.
set -eu
cd "${1:-$(dirname "$0")/../..}"
order=$(sed -n "s/^subdir('\([a-z0-9_]*\)')\$/\1/p" src/meson.build)
bad=0
seen=' '

for module in $order; do
	seen="$seen$module "
	for file in $(find "src/$module" -name '*.[ch]' | sort); do
		awk -v seen="$seen" -v file="$file" '
			/^[ \t]*#[ \t]*include[ \t]*"/ {
				path = $0
				sub(/^[^"]*"/, "", path)
				sub(/".*/, "", path)
				# Made by the build, in the folder of the module itself; or the public header.
				if (path ~ /\.inc$/ || path == "trustmend.h")
					next
				module = path
				if (!sub(/\/.*/, "", module) || index(seen, " " module " ") == 0) {
					print file ":" FNR ": includes " path ", which is of no module above it"
					bad = 1
				}
			}
			END { exit bad }' "$file" || bad=1
	done
done
for folder in src/*/; do
	module=$(basename "$folder")
	case $seen in
	*" $module "*) ;;
	*)
		echo "$folder is not in src/meson.build"
		bad=1
		;;
	esac
done
exit $bad
