/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a name and the base of a subtree, with the form and the length of the name in front:
 * each comparison ends in one of the results that are known, the same one each time, and what a
 * form cannot compare is never inside.
 */
#include <openssl/x509_vfy.h>

#include "fuzz.h"
#include "verify/rules/name_match.h"

enum { KINDS = 9, HEADER = 3 };

static bool
is_result(int result)
{
	return result == X509_V_OK || result == X509_V_ERR_PERMITTED_VIOLATION ||
	       result == X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE ||
	       result == X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX ||
	       result == X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
}

static void
use(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct span name, base;
	unsigned kind;
	size_t length;

	if (bytes.length < HEADER)
		return;
	kind = bytes.data[0] % KINDS;
	length = (size_t)bytes.data[1] << 8 | bytes.data[2];
	if (length > bytes.length - HEADER)
		return;
	name = span_of(bytes.data + HEADER, length);
	base = span_of(bytes.data + HEADER + length, bytes.length - HEADER - length);
	for (unsigned manner = 0; manner < 4; manner++) {
		struct name_manner how = { arena, (manner & 1) != 0, (manner & 2) != 0 };
		int result = name_match(&how, kind, name, base);

		fuzz_require(is_result(result) && result == name_match(&how, kind, name, base));
		fuzz_require(kind != GENERAL_NAME_IP || result != X509_V_OK ||
			     base.length == 2 * name.length);
	}
	(void)other_name_of(name);
	(void)name_looks_like_host(name);
}

FUZZ(use(bytes))
