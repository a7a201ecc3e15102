/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that is one CRL and was read in parts: what stands for it where bytes are asked for. A
 * library that is to say what it makes of the file is given the list's outline in the file's form;
 * each entry has passed a walk that is stricter than any of them.
 */
#pragma once

#include "stores/format.h"

struct boxed;

struct listed {
	const char *path;
	struct file_identity asked, identity; /* as the world had it, and as it was opened */
	struct digest digest; /* of the file; without fingerprint of what is read of it */
	enum crl_form form;
	struct crl crl; /* where the list is sound */
	struct crl_fault fault;
	const char *unread; /* why nobody gets through it; or NULL */
	size_t offset;      /* where it begins in the file */
	unsigned line;
	struct span outline; /* in the file's form; its DER is the list's outline */
	struct listed *next;
};

/* All that were read, each once for all worlds and loaders. */
struct lists {
	struct arena *arena;
	const struct boxed *boxed; /* whether lists are read in a box, as stores are */
	const struct crl_wanted *wanted;
	struct ledger *ledger; /* or NULL */
	enum crl_digests digests;
	struct listed *first;
};

/* The file read so. NULL where it is none of that kind, and is left to the readers of whole files;
 * or where it cannot be read: err says that. */
const struct listed *listed_find(struct lists *, struct world *, const char *path,
	const struct file_identity *asked, struct err *err);
/* Its entry, or its defect. Returns the name of the form. */
const char *listed_fill(const struct listed *, struct store_builder *);
