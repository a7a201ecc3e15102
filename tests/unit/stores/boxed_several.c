/* SPDX-License-Identifier: Apache-2.0 */
/* Stores that are read in the box beside others, in pieces, or for what is lost alone. */
#include "tap.h"

#include "stores/boxed.h"
#include "stores/same.h"

static bool
is_shown(const struct defect *defect)
{
	return defect->is_block || defect_is_loss(defect);
}

/* The same entries, and of all the same losses; what is whole and odd is in the first one alone. */
static bool
losses_same(const struct store *all, const struct store *lean)
{
	size_t at = 0;

	if (all->entry_count != lean->entry_count || all->state != lean->state ||
		strcmp(all->format, lean->format) != 0)
		return false;
	for (size_t i = 0; i < all->entry_count; i++)
		if (!entries_same(&all->entries[i], &lean->entries[i]))
			return false;
	for (size_t i = 0; i < all->defect_count; i++) {
		if (!is_shown(&all->defects[i]))
			continue;
		while (at < lean->defect_count && !is_shown(&lean->defects[at]))
			at++;
		if (at == lean->defect_count ||
			!defects_same(&all->defects[i], &lean->defects[at++]))
			return false;
	}
	while (at < lean->defect_count && !is_shown(&lean->defects[at]))
		at++;
	return at == lean->defect_count;
}

TEST(losses, "who skips reviews has the same entries, and all by which something is lost")
{
	CLEANUP(stores_freep) struct stores *all = stores_new(), *lean = stores_new();
	size_t lost = 0, passed_over = 0;

	damage_setup();
	stores_skip_reviews(lean);
	for (size_t i = 0; i < COUNT_OF(damages) + 2; i++) {
		struct buffer text = {};
		const struct store *known, *read;

		if (i < COUNT_OF(damages)) {
			damage_make(&damages[i], 1, DAMAGE_BLOCKS, &text);
		} else {
			/* One twice, and one that a label hides. */
			pem_write(&text, "CERTIFICATE", damage_ders[0]);
			pem_write(&text, i % 2 == 0 ? "CERTIFICATE" : "CERTFICATE", damage_ders[0]);
		}
		/* By one name, to be found under it only where its bytes are. */
		known = stores_open_bytes(all, "store", buffer_span(&text), LOADER_ANY);
		read = stores_read_bytes(lean, "store", buffer_span(&text));
		if (!losses_same(known, read))
			printf("# %zu\n", i), *failed = true;
		CHECK(stores_read_bytes(lean, "store", buffer_span(&text)) != read);
		for (size_t j = 0; j < known->defect_count; j++)
			lost += is_shown(&known->defects[j]);
		passed_over += known->defect_count > read->defect_count;
		arena_adopt(stores_arena(all), text.data, mem_free);
	}
	CHECK(lost > COUNT_OF(damages) / 4 && passed_over > 0);
}

TEST(several, "each damage is read in the box the same beside all others, keystores too")
{
	enum { BIG = 200 << 10, MOST = COUNT_OF(damages) + 3 };
	CLEANUP(stores_freep) struct stores *open = stores_new_unboxed(); /* goes last */
	CLEANUP(stores_freep) struct stores *boxed = stores_new();
	const struct password password = { span_of("changeit", 8), "", true };
	struct named_bytes list[MOST];
	const struct store *read[MOST];
	char names[MOST][16];
	size_t entries = 0;

	damage_setup();
	for (size_t i = 0; i < MOST; i++) {
		struct buffer text = {};

		(void)snprintf(names[i], sizeof(names[i]), "%zu", i);
		if (i < COUNT_OF(damages))
			damage_make(&damages[i], 1, DAMAGE_BLOCKS, &text);
		else if (i == COUNT_OF(damages))
			write_keystore("pkcs12", &password, &text);
		else
			for (size_t j = 0; i == MOST - 1 && text.length < BIG; j++)
				pem_write(&text, "CERTIFICATE", damage_ders[j % DAMAGE_BLOCKS]);
		arena_adopt(stores_arena(open), text.data, mem_free);
		list[i] = (struct named_bytes){ names[i], buffer_span(&text),
			digest_of(buffer_span(&text)) };
	}
	stores_open_several(boxed, list, MOST, read);
	for (size_t i = 0; i < MOST; i++) {
		if (!stores_same(
			    read[i], stores_open_bytes(open, names[i], list[i].bytes, LOADER_ANY)))
			printf("# %zu\n", i), *failed = true;
		CHECK(stores_open_bytes(boxed, names[i], list[i].bytes, LOADER_ANY) == read[i]);
		entries += read[i]->entry_count;
	}
	CHECK(entries > COUNT_OF(damages) + BIG / 2000);
	CHECK(read[COUNT_OF(damages)]->entry_count == DAMAGE_BLOCKS);
}

TEST(ahead, "what is read ahead is what is read, with any damage and other objects between")
{
	enum { HALF = 400 << 10, OTHERS = 3 };
	CLEANUP(stores_freep) struct stores *open = stores_new_unboxed(); /* goes last */
	CLEANUP(stores_freep) struct stores *boxed = stores_new();

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(damages) + OTHERS; i++) {
		struct buffer text = {};
		const struct store *store;
		char name[16];

		for (size_t j = 0; text.length < HALF; j++)
			pem_write(&text, "CERTIFICATE", damage_ders[j % DAMAGE_BLOCKS]);
		if (i < COUNT_OF(damages))
			damage_make(&damages[i], 1, DAMAGE_BLOCKS, &text);
		else if (i == COUNT_OF(damages))
			pem_write(&text, "X509 CRL", damage_crl);
		else if (i == COUNT_OF(damages) + 1)
			buffer_add_text(&text, damage_key);
		for (size_t j = 0; text.length < 2 * HALF; j++)
			pem_write(&text, "CERTIFICATE", damage_ders[j % DAMAGE_BLOCKS]);
		arena_adopt(stores_arena(open), text.data, mem_free);
		(void)snprintf(name, sizeof(name), "%zu", i);
		store = stores_open_bytes(boxed, name, buffer_span(&text), LOADER_ANY);
		if (!stores_same(
			    store, stores_open_bytes(open, name, buffer_span(&text), LOADER_ANY)))
			printf("# %zu\n", i), *failed = true;
		CHECK(store->entry_count > HALF / 2000);
	}
}

TAP_MAIN()
