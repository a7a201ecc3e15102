/* SPDX-License-Identifier: Apache-2.0 */
/* Name constraints (RFC 5280 4.2.1.10) in the manner of one engine. */
#pragma once

#include "verify/judge.h"
#include "verify/rules/name_match.h"

/* Whether a name lies in a subtree; IMPOSSIBLE: the engine fails at the comparison. */
enum subtree_fit { FIT_OUTSIDE, FIT_INSIDE, FIT_IMPOSSIBLE };

enum { GENERAL_NAME_KINDS = GENERAL_NAME_ID + 1 };

typedef enum subtree_fit constraint_fits(
	struct arena *, struct span name, struct span base, bool is_excluded);

struct constraint_manner {
	constraint_fits *fits[GENERAL_NAME_KINDS]; /* NULL: names of this kind are passed over */
	bool subject;      /* the subject is a directory name, unless it is empty */
	bool subject_mail; /* its mail addresses are names where there are no alternative names */
	bool subject_mail_always; /* beside alternative names too */
	bool common_name; /* so is its last common name that looks like a host or an address, where
			     no alternative name is of that kind */
	bool (*is_host)(struct span); /* looks like a host */
	unsigned max_comparisons;     /* for one certificate and CA; 0: none of the engine's */
	bool refuses_distances;       /* a minimum or maximum in a subtree is refused */
};

/* NULL, or why a name of cert breaks the constraints of ca; where no effort is left, too. */
const char *constraints_fault(const struct question *, const struct constraint_manner *,
	const struct cert *ca, const struct cert *cert);

/* For kinds of names that the engine does not compare: where such a name meets a constraint of its
 * kind, that refuses. */
constraint_fits fits_impossible;

bool text_is_ipv4(struct span);
bool text_is_address(struct span);
/* The last of this octet, or NULL. */
const uint8_t *span_last(struct span, uint8_t octet);
