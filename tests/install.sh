#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is installed is whole: the program, its manual, schemas and completion, and a library that a
# program can be built on.
set -u
cd "$(dirname "$0")/.." || exit 1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
passed=0
failed=0

check() {
	what=$1
	shift
	if "$@" >"$scratch/said" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED $what"
		tail -n 20 "$scratch/said"
	fi
}

check 'meson install' env DESTDIR="$scratch/root" meson install -C build-check-gcc --no-rebuild
prefix=$scratch/root$(meson introspect build-check-gcc --buildoptions |
	python3 -c 'import json, sys; print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
library=$(find "$prefix" -name 'libtrustmend.so' | head -n 1)

for command in $(sed -n 's/^COMMAND(\([a-z]*\))$/\1/p' src/cli/commands.def); do
	check "the page of $command" test -s "$prefix/share/man/man1/trustmend-$command.1"
	check "the schema of $command" cmp "data/schemas/$command.schema.json" \
		"$prefix/share/trustmend/schemas/$command.schema.json"
done
check 'the main page' test -s "$prefix/share/man/man1/trustmend.1"
check 'the page of causes' test -s "$prefix/share/man/man7/trustmend-causes.7"
check 'the completion' test -s "$prefix/share/bash-completion/completions/trustmend"
check 'the program' "$prefix/bin/trustmend" --version

cat >"$scratch/user.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <trustmend.h>

int
main(void)
{
	const char *const arguments[] = { "explain", "chain.root-missing" };
	char *document = NULL;
	int status = trustmend_run(2, arguments, &document);

	printf("%s", document != NULL ? document : "");
	free(document);
	return status;
}
END
check 'a program on the library is built' gcc -Wall -Wextra -Werror -std=c99 -pedantic -I "$prefix/include" \
	-o "$scratch/user" "$scratch/user.c" "$library" -Wl,-rpath,"$(dirname "$library")"
check 'it runs' sh -c '"$1" | grep -q "\"code\":\"chain.root-missing\""' sh "$scratch/user"
check 'the library shows its own names alone' sh -c \
	'! nm -D --defined-only "$1" | grep -v -e " trustmend_" -e " A "' sh "$library"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
