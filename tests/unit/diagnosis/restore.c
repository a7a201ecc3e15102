/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand for what a damaged store has lost: known-good, sound, and never less than is
 * there. */
#include "diagnosis/restore.h"

#include "diagnosis/town.h"
#include "tap.h"

/* The scene of the town as it is, and its store. */
struct look {
	struct scene *scene;
	const struct store *store;
};

static struct look
look_at(struct town *town)
{
	struct diagnosis *diagnosis = town_diagnose(town);
	struct look look = { .scene = scene_make(diagnosis, &town->request,
				     diagnosis->services.list[0], town->world) };

	look.store = stores_open(diagnosis->stores, town->world, TOWN_STORE, LOADER_ANY);
	return look;
}

/* The block of the n-th certificate with one byte of its body changed, or cut there. */
static const char *
hurt(struct town *town, const char *pem, size_t offset, bool cut)
{
	char *text = arena_strdup(town->arena, pem);

	if (cut)
		text[offset] = '\0';
	else
		text[offset] = text[offset] == 'A' ? 'B' : 'A';
	return text;
}

TEST(whole, "a store is restored from the known-good file of its name that holds all it still has")
{
	const struct material_file *whole;
	struct look look;
	const char *pem;
	TOWN;

	pem = TOWN_PEM(&town, town.root, town.inter);
	town_put(&town, TOWN_STORE, hurt(&town, pem, strlen(pem) - 200, true));
	town_vouch(&town, "ca.pem", pem);
	look = look_at(&town);
	whole = restore_whole(look.scene, look.store);
	CHECK(whole != NULL && span_equal(whole->store->bytes, span_of(pem, strlen(pem))));
}

TEST(not_less, "a known-good file that lacks a whole entry of the store does not take its place")
{
	struct look look;
	const char *pem;
	TOWN;

	pem = TOWN_PEM(&town, town.other, town.root, town.inter);
	town_put(&town, TOWN_STORE, hurt(&town, pem, strlen(pem) - 200, true));
	town_vouch(&town, "ca.pem", TOWN_PEM(&town, town.root, town.inter));
	look = look_at(&town);
	CHECK(restore_whole(look.scene, look.store) == NULL);
}

TEST(not_damaged,
	"a known-good file that is damaged itself restores nothing; nor one of another name")
{
	struct look look;
	const char *pem;
	TOWN;

	pem = TOWN_PEM(&town, town.root, town.inter);
	town_put(&town, TOWN_STORE, hurt(&town, pem, strlen(pem) - 200, true));
	town_vouch(&town, "ca.pem", hurt(&town, pem, strlen(pem) - 100, true));
	town_vouch(&town, "other.pem", pem);
	look = look_at(&town);
	CHECK(restore_whole(look.scene, look.store) == NULL);
}

static const struct defect *
first_block(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].is_block)
			return &store->defects[i];
	return NULL;
}

TEST(block, "a block that is cut is the known-good certificate that begins like it")
{
	const struct entry *entry;
	struct look look;
	const char *pem;
	TOWN;

	pem = TOWN_PEM(&town, town.root, town.inter);
	town_put(&town, TOWN_STORE, hurt(&town, pem, strlen(pem) - 200, true));
	town_vouch(&town, "x.pem", TOWN_PEM(&town, town.other, town.inter, town.alice));
	look = look_at(&town);
	CHECK(first_block(look.store) != NULL);
	entry = restore_block(look.scene, first_block(look.store));
	CHECK(entry != NULL && span_equal(entry->der, town.inter->der));
}

TEST(unlike, "a block that no known-good certificate begins like is nobody's")
{
	struct look look;
	const char *pem;
	TOWN;

	pem = TOWN_PEM(&town, town.root, town.inter);
	town_put(&town, TOWN_STORE, hurt(&town, pem, strlen(pem) - 200, true));
	town_vouch(&town, "x.pem", TOWN_PEM(&town, town.other, town.root));
	look = look_at(&town);
	CHECK(restore_block(look.scene, first_block(look.store)) == NULL);
}

TEST(ambiguous, "of a block too short to tell nothing is guessed")
{
	struct look look;
	const char *pem;
	TOWN;

	pem = TOWN_PEM(&town, town.root);
	pem = arena_printf(town.arena, "%s-----BEGIN CERTIFICATE-----\nMIIB\n", pem);
	town_put(&town, TOWN_STORE, pem);
	town_vouch(&town, "x.pem", TOWN_PEM(&town, town.other, town.inter, town.root));
	look = look_at(&town);
	CHECK(first_block(look.store) != NULL);
	CHECK(restore_block(look.scene, first_block(look.store)) == NULL);
}

TEST(composed,
	"where no whole file is known, the store is made of what it has and what its clients need")
{
	struct span made;
	struct look look;
	const struct store *store;
	const char *pem;
	TOWN;

	pem = TOWN_PEM(&town, town.root, town.inter);
	town_put(&town, TOWN_STORE, hurt(&town, pem, strlen(pem) - 200, true));
	town_vouch(&town, "x.pem", TOWN_PEM(&town, town.inter, town.other));
	look = look_at(&town);
	made = restore_composed(look.scene, look.store, TOWN_STORE);
	store = stores_open_bytes(town.diagnosis->stores, "made", made, LOADER_ANY);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == 2 && store->defect_count == 0);
	CHECK(remedy_find_entry(store, town.root->der) != NULL);
	CHECK(remedy_find_entry(store, town.inter->der) != NULL);
	/* Nothing that nobody needs, though it be vouched for. */
	CHECK(remedy_find_entry(store, town.other->der) == NULL);
}

TEST(corrupt_left, "an entry whose bytes are damaged is not carried over")
{
	struct span made;
	struct look look;
	const struct store *store;
	const char *pem;
	size_t offset;
	TOWN;

	pem = TOWN_PEM(&town, town.root, town.inter);
	/* In the signature, which ends the first block: it still parses. The second is cut. */
	offset = (size_t)(strstr(pem, "-----END") - pem) - 20;
	pem = hurt(&town, pem, strlen(pem) - 200, true);
	town_put(&town, TOWN_STORE, hurt(&town, pem, offset, false));
	town_vouch(&town, "x.pem", TOWN_PEM(&town, town.inter, town.root));
	look = look_at(&town);
	made = restore_composed(look.scene, look.store, TOWN_STORE);
	store = stores_open_bytes(town.diagnosis->stores, "made", made, LOADER_ANY);
	CHECK(store_count(store, ENTRY_CERTIFICATE) == 2);
	CHECK(remedy_find_entry(store, town.root->der) != NULL);
	CHECK(remedy_find_entry(store, town.inter->der) != NULL);
}

TEST(nothing_new, "where nothing can be added nothing is composed")
{
	struct look look;
	const char *pem;
	TOWN;

	pem = TOWN_PEM(&town, town.root, town.inter);
	town_put(&town, TOWN_STORE, hurt(&town, pem, strlen(pem) - 200, true));
	look = look_at(&town);
	CHECK(restore_composed(look.scene, look.store, TOWN_STORE).length == 0);
}

TEST(better, "an expired CA is replaced by the known-good one of the same key that is valid, by no "
	     "other")
{
	const struct pki_cert *expired, *impostor;
	const struct remedy *remedy;
	struct look look;
	TOWN;

	expired = ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = town.root,
		.key_of = town.inter, .days_from = -900, .days = 800);
	impostor = ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = town.root);
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.root, expired));
	town_vouch(&town, "a.pem", TOWN_PEM(&town, impostor, expired));
	look = look_at(&town);
	CHECK(remedy_better_ca(look.scene, 0, CAUSE_CHAIN_INTERMEDIATE_EXPIRED, &expired->cert) ==
		NULL);
	town_vouch(&town, "b.pem", TOWN_PEM(&town, town.inter));
	look = look_at(&town);
	remedy = remedy_better_ca(look.scene, 0, CAUSE_CHAIN_INTERMEDIATE_EXPIRED, &expired->cert);
	CHECK(remedy != NULL && span_equal(remedy->bytes, town.inter->der));
	CHECK_TEXT(remedy->kind->name, "replace-entry");
	CHECK(span_equal(remedy->damaged, expired->der));
}

TAP_MAIN()
