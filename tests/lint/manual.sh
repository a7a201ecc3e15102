#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual is whole and well formed: every command has its page and every page its command; every
# option stands in the main page and in the page of each command that takes it; every cause in its own.
set -eu
LC_ALL=C.UTF-8
export LC_ALL
cd "${1:-$(dirname "$0")/../..}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
bad=0

complain() {
	echo "$*"
	bad=1
}

tools/make-causes-page src/causes/causes.def "$scratch/trustmend-causes.7"
for page in man/*.[1-8] "$scratch/trustmend-causes.7"; do
	mandoc -T lint -W warning "$page" || bad=1
done

commands=$(sed -n 's/^COMMAND(\([a-z]*\))$/\1/p' src/cli/commands.def)
[ -n "$commands" ] || complain 'src/cli/commands.def: no rows'
for command in $commands; do
	page=man/trustmend-$command.1
	grep -q "^\.It Cm $command\b" man/trustmend.1 || complain "man/trustmend.1: no command $command"
	[ -e "$page" ] || complain "$page is missing"
	grep -q "'trustmend-$command\.1'" man/meson.build || complain "$page is not installed"
done
for page in man/trustmend-*.1; do
	command=$(basename "$page" .1)
	command=${command#trustmend-}
	printf '%s\n' "$commands" | grep -qx "$command" || complain "$page: there is no such command"
done

# Group and name of each row: ROW("--state", NULL, OPTION_VALUE, OPTIONS_ALL, …
tr '\n' ' ' <src/cli/options.c | grep -oE 'ROW\("--[a-z-]+", *(NULL|"-[a-z]"), *OPTION_[A-Z]+, *OPTIONS_[A-Z]+,' |
	sed 's/ROW("--\([a-z-]*\)", *\([^,]*\), *OPTION_[A-Z]*, *\(OPTIONS_[A-Z]*\),/\3 \1/' >"$scratch/options"
[ -s "$scratch/options" ] || complain 'src/cli/options.c: no rows'
while read -r group option; do
	pattern="Fl -$option( |\$)"
	grep -qE "$pattern" man/trustmend.1 || complain "man/trustmend.1: no option --$option"
	[ "$group" = OPTIONS_ALL ] || for command in $commands; do
		grep -qE "\.groups = .*\b$group\b" "src/cli/commands/$command.c" || continue
		grep -qE "^\.It (.* )?$pattern" "man/trustmend-$command.1" ||
			complain "man/trustmend-$command.1: no option --$option"
	done
done <"$scratch/options"
# And no option that there is not.
grep -ohE 'Fl -[a-z][a-z-]+' man/*.1 | sed 's/^Fl -//' | sort -u >"$scratch/named"
cut -d ' ' -f 2 "$scratch/options" | sort | comm -23 "$scratch/named" - | sed 's/^/man: there is no option --/' |
	grep . && bad=1

# The engines under --engine are those of the table.
sed -n '/^\.It Fl -engine /,/^\.El/s/^\.It Cm //p' man/trustmend-verify.1 | tr -s ' ,' '\n' | sort >"$scratch/described"
{ echo rfc5280 && sed -n 's/^ENGINE(\(.*\))$/\1/p' src/verify/engines.def && echo all; } | sort >"$scratch/engines"
[ "$(wc -l <"$scratch/engines")" -gt 2 ] || complain 'src/verify/engines.def: no rows'
comm -3 "$scratch/described" "$scratch/engines" | tr -d '\t' | sed 's/^/man\/trustmend-verify.1 or engines.def lacks the engine /' |
	grep . && bad=1

sed -n 's/^CAUSE([A-Z0-9_]*, "\([^"]*\)".*/\1/p' src/causes/causes.def | while read -r code; do
	grep -qxF ".It Cm $code" "$scratch/trustmend-causes.7" || echo "trustmend-causes.7: no cause $code"
done >"$scratch/causes"
[ ! -s "$scratch/causes" ] || complain "$(cat "$scratch/causes")"
exit $bad
