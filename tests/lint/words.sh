#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing is put off to later, tied to one machine, or trailed by blanks.
set -eu
cd "${1:-$(dirname "$0")/../..}"
bad=0

# In brackets, so that this file does not hold them.
refuse() {
	why=$1
	shift
	if grep -rnI --exclude-dir=.git --exclude-dir='build*' --exclude-dir=__pycache__ --exclude=.git --exclude=LICENSE "$@" .; then
		echo "^ $why"
		bad=1
	fi
}
refuse 'is not finished' -E -e '\b([T]ODO|[F]IXME|X[X]X)\b'
refuse 'is not finished' -i -w -e '[s]tub'
refuse 'is a path of one machine' -E -e '(^|[^[:alnum:]_.])/(wor[k]|far[m])/'
refuse 'is a conflict of two branches' -E -e '^([<]{7}|[>]{7}) '
refuse 'ends in a blank' -E -e '[[:blank:]]$' --exclude='*.patch'
exit $bad
