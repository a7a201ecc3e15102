#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the whole program does with its box: sandbox.sh, with TRUSTMEND set to it. The kernel's answers are
# looked at and changed with strace.
set -u
cd "$(dirname "$0")/.." || exit 1
trustmend=${TRUSTMEND:-$PWD/build-check-gcc/src/cli/trustmend}
passed=0 failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null || {
	echo 'processes cannot be traced here'
	exit 77
}

check() {
	if [[ $2 == "$3" ]]; then
		((passed++))
	else
		((failed++))
		printf 'FAILED %s: got "%s", wanted "%s"\n' "$1" "$2" "$3"
	fi
}

# What the document says but for the moment of its writing.
inspect() {
	"$@" "$trustmend" --json inspect "$scratch/store.pem" 2>"$scratch/said" | sed 's/"generated_at":"[^"]*"//'
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/key" -subj '/CN=Example Root' \
	-days 30 -out "$scratch/store.pem" 2>/dev/null
printf -- '-----BEGIN CERTIFICATE-----\nMIIB*\n-----END CERTIFICATE-----\n' >>"$scratch/store.pem"

whole=$(inspect env)
check 'the store is read' "$(grep -c '"store.corrupt-entry"' <<<"$whole")" 1
without=$(inspect strace -qq -o /dev/null -f -e inject=landlock_create_ruleset:error=ENOSYS)
check 'the same without Landlock' "$without" "$whole"
check 'and it says so, once' "$(grep -c 'no Landlock' "$scratch/said")" 1

# The process that enters the sandbox; all that it does behind the filter.
inspect strace -qq -f -o "$scratch/trace" >/dev/null
child=$(awk '/seccomp\(SECCOMP_SET_MODE_FILTER, 0, \{|prctl\(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, \{/ { print $1; exit }' "$scratch/trace")
check 'there is a process behind a filter' "$([[ -n $child ]] && echo yes)" yes
awk -v child="$child" '$1 == child && behind && !/EPERM/ { print $2 }
	$1 == child && /seccomp\(SECCOMP_SET_MODE_FILTER, 0, \{|PR_SET_SECCOMP, SECCOMP_MODE_FILTER, \{/ { behind = 1 }' \
	"$scratch/trace" | sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' | sort -u >"$scratch/calls"
check 'it reads and writes in there' "$(grep -cx 'read\|write' "$scratch/calls")" 2
check 'and gets nothing else' \
	"$(grep -vx 'read\|write\|brk\|mmap\|munmap\|mremap\|mprotect\|madvise\|futex\|getrandom\|clone3\?\|rseq\|set_robust_list\|sched_getaffinity\|rt_sig[a-z]*\|clock_gettime\|gettid\|getpid\|exit\(_group\)\?' \
		"$scratch/calls" | tr '\n' ' ')" ''

echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
