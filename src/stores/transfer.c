/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/transfer.h"

#include <string.h>

#include "stores/format.h"

bool
transfer_format_is_directory(const char *format)
{
	return strcmp(format, store_hashdir.name) == 0;
}

bool
transfer_format_is_known(const char *format)
{
	return transfer_format_is_directory(format) || store_format_is_writable(format);
}

/* The form of the files in a directory of that form. */
static const char *
file_format(const char *format)
{
	return transfer_format_is_directory(format) ? store_pem.name : format;
}

/* Why an entry stays behind, or NULL. */
static const char *
why_left(const struct store *store, const struct entry *entry, const char *format)
{
	bool plain = !store_format_carries_settings(format);

	switch (entry->kind) {
	case ENTRY_PRIVATE_KEY:
	case ENTRY_SECRET_KEY:
		return "keys are never written";
	case ENTRY_REQUEST:
	case ENTRY_OTHER:
		return "it is neither a certificate nor a CRL";
	case ENTRY_CERTIFICATE:
	case ENTRY_CRL:
		break;
	}
	if (entry->trust.present && (plain || entry->trust.bytes.length == 0))
		return "this form has no place for its trust settings, and without them it would "
		       "be trusted for more";
	if (!store_format_carries(format, entry))
		return "this form has no place for it";
	if (store_leaves_untrusted(store, entry) && !entry->trust.rejects_client)
		return "its store does not trust it for clients, and here it would be trusted";
	if (entry->role == ENTRY_IS_CHAIN)
		return "it belongs to a key and is not trusted by itself";
	if (entry->role == ENTRY_IS_UNASSIGNED && !entry->cert.is_ca &&
		!cert_is_self_issued(&entry->cert))
		return "it is not marked as trusted and no CA";
	return NULL;
}

static void
leave(struct arena *arena, struct transfer *transfer, const struct entry *entry, const char *why)
{
	transfer->left_out = arena_grow(arena, transfer->left_out, transfer->left_count,
		&transfer->left_capacity, sizeof(*transfer->left_out));
	transfer->left_out[transfer->left_count++] = (struct left_out){ entry, why };
}

/* Entries as they will be: what is not marked as trusted is, once it is carried. */
static void
carry(struct arena *arena, struct transfer *transfer, const struct store *store, const char *format)
{
	struct entry_set *set = &transfer->carried;

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];
		const char *why = why_left(store, entry, format);
		struct entry *copy;

		if (why != NULL) {
			leave(arena, transfer, entry, why);
			continue;
		}
		copy = arena_dup(arena, entry, sizeof(*entry));
		copy->role = ENTRY_IS_PLAIN;
		set->list = arena_grow(
			arena, set->list, set->count, &set->capacity, sizeof(*set->list));
		set->list[set->count++] = copy;
	}
}

static void
note_losses(struct transfer *transfer, const struct store *store, const char *format)
{
	bool names = false, dates = false, comments = false, marks = false;
	const char **losses = transfer->losses;

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		names |= entry->alias != NULL;
		dates |= entry->created != MOMENT_NEVER;
		comments |= entry->text_offset < entry->offset;
		marks |= entry->role == ENTRY_IS_UNASSIGNED && entry->kind == ENTRY_CERTIFICATE;
	}
	if (names && !store_format_carries_names(format))
		losses[transfer->loss_count++] = "the names of the entries";
	if (dates && strcmp(format, store_jks.name) != 0)
		losses[transfer->loss_count++] = "the dates at which entries were put there";
	if (comments)
		losses[transfer->loss_count++] = "comments and text between the entries";
	if (marks)
		losses[transfer->loss_count++] =
			"that some CAs were not marked as trusted: they are now";
}

void
transfer_plan(
	struct arena *arena, const struct store *store, const char *format, struct transfer *ret)
{
	const struct entry_set nothing = {};
	struct entry_set *set = &ret->carried;
	struct differences once;

	*ret = (struct transfer){};
	format = file_format(format);
	carry(arena, ret, store, format);
	note_losses(ret, store, format);
	/* Beside an empty set, what differs is each entry once. */
	entry_sets_compare(arena, set, &nothing, &once);
	set->count = once.count;
	for (size_t i = 0; i < once.count; i++)
		set->list[i] = once.list[i].a;
}

bool
transfer_is_proved(struct arena *arena, const struct transfer *transfer,
	const struct store *written, struct differences *ret)
{
	struct entry_set found = {};

	entry_set_add(arena, &found, written);
	entry_sets_compare(arena, &transfer->carried, &found, ret);
	return ret->count == 0 && ret->common == transfer->carried.count &&
	       written->state == STORE_PRESENT;
}
