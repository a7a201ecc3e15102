#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the completion of bash offers is what the program takes: completions.sh, with TRUSTMEND set to it.
set -u
cd "$(dirname "$0")/.." || exit 1
trustmend=${TRUSTMEND:-$PWD/build-check-gcc/src/cli/trustmend}
# shellcheck source=data/completions/trustmend.bash
source data/completions/trustmend.bash
passed=0 failed=0

check() {
	if [[ $2 == "$3" ]]; then
		((passed++))
	else
		((failed++))
		printf 'FAILED %s: got "%s", wanted "%s"\n' "$1" "$2" "$3"
	fi
}

# Completes the last of the words, as bash would.
complete_words() {
	COMP_WORDS=("$trustmend" "$@")
	COMP_CWORD=$#
	_trustmend
	printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
}

commands=$(sed -n 's/^COMMAND(\([a-z]*\))$/\1/p' src/cli/commands.def)
check 'commands' "$(complete_words '')" "$(sort <<<"$commands" | tr '\n' ' ')"
check 'commands after an option with a value' "$(complete_words --state diagnose e)" 'explain '
check 'words of --color' "$(complete_words --color a)" 'always auto '
check 'words of --security' "$(complete_words verify --security '')" 'legacy normal strict '
engines=$(sed -n 's/^ENGINE(\([a-z0-9]*\))$/\1/p' src/verify/engines.def)
check 'words of --engine' "$(complete_words verify --engine '')" "$(printf '%s\n' rfc5280 all "$engines" | sort | tr '\n' ' ')"
check 'verbs of baseline' "$(complete_words baseline '')" 'check list save '
check 'a directory' "$(complete_words diagnose --clients tests/uni)" 'tests/unit '
check 'a file' "$(complete_words inspect LICEN)" 'LICENSE '

# ROW("--state", NULL, OPTION_VALUE, OPTIONS_ALL, …
rows=$(tr '\n' ' ' <src/cli/options.c | grep -oE 'ROW\("--[a-z-]+", *(NULL|"-[a-z]"), *OPTION_[A-Z]+, *OPTIONS_[A-Z]+,' |
	sed -E 's/ROW\("(--[a-z-]*)", *[^,]*, *OPTION_[A-Z]*, *(OPTIONS_[A-Z]*),/\2 \1/')
for command in $commands; do
	groups=$(grep -E '^\s*\.groups = ' "src/cli/commands/$command.c" | grep -oE 'OPTIONS_[A-Z]+')
	wanted=$(while read -r group option; do
		[[ $group == OPTIONS_ALL ]] || grep -qx "$group" <<<"$groups" || continue
		echo "$option"
	done <<<"$rows" | sort | tr '\n' ' ')
	check "options of $command" "$(complete_words "$command" --)" "$wanted"
done

echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
