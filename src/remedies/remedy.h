/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remedies: what would mend a cause. A remedy is an edit of a world's overlay, and nothing else.
 * Diagnosis applies remedies to prove causes; repair carries the same edits out.
 *
 * A remedy finds what it edits by content, not by offset, so that several may be applied to one
 * file in any order; one whose object is not there (any more) changes nothing.
 */
#pragma once

#include "remedies/material.h"
#include "services/service.h"

struct remedy;

/* One file in remedies/, one row in remedies.def. */
struct remedy_kind {
	const char *name; /* "restore-entry" */
	const char *title;
	/* Edits the overlay. 0: done or nothing to do; -1 where it cannot be done, with err. */
	int (*apply)(const struct remedy *, struct world *overlay, struct arena *, struct err *err);
};

/* A proposed mend. Which fields are used is said by its kind; the rest is zero. */
struct remedy {
	const struct remedy_kind *kind;
	enum cause_code cause;
	struct stores *stores;  /* to read what the overlay holds by now */
	const char *path;       /* the store, link or configuration file it edits */
	enum cause_code damage; /* mend-text: which damage */
	struct span damaged; /* restore-entry, replace-entry: the bytes of the block as they stand;
				set-value: what ends with the value, or before the new line */
	struct span bytes; /* restore-store: the whole content; restore-entry and others: DER of the
			      object */
	const char *label; /* PEM label to write: "CERTIFICATE", "X509 CRL" */
	bool makes_links;  /* split-file: each file gets its hash link as well */
	const char *target; /* of a link; of a path in the configuration; the text of set-value */
	struct locus where; /* set-value: the value in the configuration */
	int number;         /* set-depth: value as written */
	mode_t mode;        /* set-mode: new permission bits; of a new file as well */
	uid_t owner;
	gid_t group;
	const struct setting *setting; /* set-depth */
	const char *action; /* one sentence: "restore the damaged certificate at line 23 from
			       /backup/ca.pem" */
	enum applicability applicability;
	const char *why; /* why it is not automatic */
};

enum { REMEDY_NEW_FILE_MODE = 0644 }; /* public material: certificates and CRLs */

const struct remedy_kind *remedy_kind_find(const char *name);
/* Shorthand: kind->apply. */
[[nodiscard]] int remedy_apply(
	const struct remedy *, struct world *overlay, struct arena *, struct err *err);

/* For kinds: the remedy's file as the overlay has it; empty where there is none. */
[[nodiscard]] int remedy_read(
	const struct remedy *, struct world *overlay, struct span *ret, struct err *err);
/* For kinds: writes the file; a new one gets the remedy's owner and mode. */
void remedy_write(
	const struct remedy *, struct world *overlay, struct arena *, const struct buffer *content);
/* For kinds: the entry with exactly these bytes, or NULL. */
const struct entry *remedy_find_entry(const struct store *, struct span der);
