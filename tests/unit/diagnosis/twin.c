/* SPDX-License-Identifier: Apache-2.0 */
/* Damage that still parses is told from another generation of a certificate. */
#include "diagnosis/twin.h"

#include "diagnosis/town.h"
#include "tap.h"

/* PEM of a certificate with one byte changed, counted from its end. */
static const char *
flipped(struct town *town, const struct pki_cert *cert, size_t from_end)
{
	uint8_t *der = arena_dup(town->arena, cert->der.data, cert->der.length);
	CLEANUP(mem_freep) char *pem = NULL;

	der[cert->der.length - from_end] ^= 1;
	pem = pki_pem("CERTIFICATE", span_of(der, cert->der.length));
	return arena_strdup(town->arena, pem);
}

TEST(damaged, "an intermediate with a flipped bit is restored from its known-good twin")
{
	TOWN;

	town_vouch(&town, "inter.pem", TOWN_PEM(&town, town.inter));
	town_put(&town, TOWN_STORE,
		arena_printf(town.arena, "%s%s", TOWN_PEM(&town, town.root),
			flipped(&town, town.inter, 3)));
	CHECK_TEXT(town_findings(&town), "store.corrupt-entry critical proved accept/alice.pem");
}

TEST(known_is_damaged, "where the known-good copy is the damaged one, the store is whole")
{
	TOWN;

	town_vouch(&town, "inter.pem", flipped(&town, town.inter, 3));
	CHECK_TEXT(town_findings(&town), "");
}

TEST(generation, "another certificate of the same name and key is no damage")
{
	const struct pki_cert *renewed;
	TOWN;

	renewed = ISSUE(.subject = "CN=Inter,O=Lab", .ca = true, .issuer = town.root,
		.key_of = town.inter);
	town_vouch(&town, "inter.pem", TOWN_PEM(&town, renewed));
	CHECK_TEXT(town_findings(&town), "");
}

TEST(both_ends, "a changed byte is found at either end, and many are no damage")
{
	const struct twins *twins;
	size_t damage = 0;
	uint8_t *der;
	TOWN;

	town_vouch(&town, "inter.pem", TOWN_PEM(&town, town.inter));
	twins = twins_of(town_diagnose(&town));
	der = arena_dup(town.arena, town.inter->der.data, town.inter->der.length);
	CHECK(twins_find(twins, span_of(der, town.inter->der.length), &damage) == NULL);
	der[20] ^= 1;
	CHECK(twins_find(twins, span_of(der, town.inter->der.length), &damage) != NULL);
	CHECK(damage == 1);
	der[20] ^= 1;
	der[town.inter->der.length - 1] ^= 1;
	CHECK(twins_find(twins, span_of(der, town.inter->der.length), &damage) != NULL);
	for (size_t i = 0; i < TWIN_MAX_DAMAGE; i++)
		der[100 + i] ^= 1;
	CHECK(twins_find(twins, span_of(der, town.inter->der.length), &damage) == NULL);
}

TAP_MAIN()
