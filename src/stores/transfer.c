/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/transfer.h"

#include <string.h>

#include "stores/format.h"

/* Its store does not trust it, and says so without a setting; where it goes, that can be said. */
static bool
stays_unmarked(const struct store *store, const struct entry *entry, const char *format)
{
	return entry->kind == ENTRY_CERTIFICATE && entry->role == ENTRY_IS_UNASSIGNED &&
	       !entry->trust.present && store_leaves_untrusted(store, entry) &&
	       store_format_carries_unmarked(format);
}

/* Why a certificate that can be written stays behind, or NULL. */
static const char *
why_not_trusted(const struct store *store, const struct entry *entry)
{
	const struct trust_settings *trust = &entry->trust;
	/* The settings say so where it goes, too. */
	bool is_said = trust->rejects_client || (trust->has_trust && !trust->trusts_client);

	if (store_leaves_untrusted(store, entry) && !is_said)
		return "its store does not trust it for clients, and here it would be trusted";
	if (entry->role == ENTRY_IS_CHAIN)
		return "it belongs to a key and is not trusted by itself";
	if (entry->role == ENTRY_IS_UNASSIGNED && !entry->cert.is_ca &&
		!cert_is_self_issued(&entry->cert))
		return "it is not marked as trusted and no CA";
	return NULL;
}

/* Why an entry stays behind, or NULL. */
static const char *
why_left(const struct store *store, const struct entry *entry, const char *format)
{
	bool carries = store_format_carries(format, entry);

	switch (entry->kind) {
	case ENTRY_PRIVATE_KEY:
	case ENTRY_SECRET_KEY:
		return "keys are never written";
	case ENTRY_REQUEST:
	case ENTRY_OTHER:
		return "it is neither a certificate nor a CRL";
	case ENTRY_CRL:
		return carries ? NULL : "this form has no place for it";
	case ENTRY_CERTIFICATE:
		break;
	}
	if (entry->trust.present && (!carries || !store_format_carries_settings(format) ||
					    entry->trust.bytes.length == 0))
		return "this form has no place for its trust settings, and without them it would "
		       "be trusted for more";
	if (!carries)
		return "this form has no place for it";
	return stays_unmarked(store, entry, format) ? NULL : why_not_trusted(store, entry);
}

static void
leave(struct arena *arena, struct transfer *transfer, const struct entry *entry, const char *why)
{
	transfer->left_out = arena_grow(arena, transfer->left_out, transfer->left_count,
		&transfer->left_capacity, sizeof(*transfer->left_out));
	transfer->left_out[transfer->left_count++] = (struct left_out){ entry, why };
}

/* Entries as they will be: what is not marked as trusted is, once it is carried, where that cannot
 * be said. */
static void
carry(struct arena *arena, struct transfer *transfer, const struct entry *entry, bool unmarked)
{
	struct entry_set *set = &transfer->carried;
	struct entry *copy = arena_dup(arena, entry, sizeof(*entry));

	copy->role = unmarked ? ENTRY_IS_UNASSIGNED : ENTRY_IS_PLAIN;
	set->list = arena_grow(arena, set->list, set->count, &set->capacity, sizeof(*set->list));
	set->list[set->count++] = copy;
}

/* What the carried ones had. */
struct had {
	bool names, dates, comments, marks;
};

static void
note_had(const struct entry *entry, bool unmarked, struct had *had)
{
	had->names |= entry->alias != NULL;
	had->dates |= entry->created != MOMENT_NEVER;
	had->comments |= entry->text_offset < entry->offset;
	had->marks |= entry->role == ENTRY_IS_UNASSIGNED && entry->kind == ENTRY_CERTIFICATE &&
		      !entry->trust.present && !unmarked;
}

static void
note_losses(struct transfer *transfer, const struct had *had, const char *format)
{
	const char **losses = transfer->losses;

	if (had->names && !store_format_carries_names(format))
		losses[transfer->loss_count++] = "the names of the entries";
	if (had->dates && strcmp(format, store_jks.name) != 0)
		losses[transfer->loss_count++] = "the dates at which entries were put there";
	if (had->comments)
		losses[transfer->loss_count++] = "comments and text between the entries";
	if (had->marks)
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
	struct had had = {};

	*ret = (struct transfer){};
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];
		const char *why = why_left(store, entry, format);
		bool unmarked = stays_unmarked(store, entry, format);

		if (why != NULL) {
			leave(arena, ret, entry, why);
			continue;
		}
		carry(arena, ret, entry, unmarked);
		note_had(entry, unmarked, &had);
	}
	note_losses(ret, &had, format);
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
