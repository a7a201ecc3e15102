/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A long CRL is read in a box as any store is, in a child of its own that has the file besides.
 * What that one says of the list is checked like anything that comes out of a box.
 */
#pragma once

#include "base/base.h"
#include "x509/crl_list.h"

struct listed_reading {
	const struct crl_source *file;
	enum crl_form form;
	const struct crl_wanted *wanted; /* or NULL */
	enum crl_digests digests;
	bool in_box;
};

/* Another source of the list in the file. */
struct crl_source *listed_source(const struct crl_source *file, enum crl_form);
/* 0 and a list, or NULL and the fault, as of crl_list_read; -1 and err where the box fails. */
[[nodiscard]] int listed_read(const struct listed_reading *, struct arena *, struct crl *ret,
	struct crl_list **ret_list, struct crl_fault *ret_fault, struct err *err);
