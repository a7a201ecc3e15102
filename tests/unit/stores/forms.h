/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the several forms of a store share: the certificates of damage.h, and questions
 * about what was read. */
#pragma once

#include "damage.h"

static inline const struct defect *
defect_of(const struct store *store, enum cause_code cause)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == cause)
			return &store->defects[i];
	return NULL;
}

static inline const struct entry *
entry_of(const struct store *store, struct span der)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (span_equal(store->entries[i].der, der))
			return &store->entries[i];
	return NULL;
}

/* As many entries of the corpus, from its first, in a form that is written. */
static inline void
form_write(const char *format, size_t count, const struct trust_settings *trust, struct buffer *out)
{
	static struct entry entries[DAMAGE_BLOCKS];
	const struct entry *pointers[DAMAGE_BLOCKS];
	struct store_content content = { pointers, count, NULL, 1700000000 };
	const char *fault;
	size_t offset;

	damage_setup();
	for (size_t i = 0; i < count; i++) {
		entries[i] = (struct entry){ .der = damage_ders[i], .created = MOMENT_NEVER };
		if (trust != NULL)
			entries[i].trust = *trust;
		(void)cert_read(damage_ders[i], &entries[i].cert, &fault, &offset);
		pointers[i] = &entries[i];
	}
	must(store_write(format, &content, out, NULL) == 0, format);
}

/* The text of a PEM block, from the heap. */
static inline char *
form_pem(const char *label, struct span der)
{
	struct buffer out = {};

	pem_write(&out, label, der);
	return (char *)out.data;
}
