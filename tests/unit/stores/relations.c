/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/relations.h"

#include "bundle.h"
#include "tap.h"

TEST(issuers, "the issuer is who signed, not who has the name; a stranger's certificate has none")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct pki_cert *old =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	const struct pki_cert *new =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	const struct pki_cert *child = pki_issue(pki, &(struct pki_spec){ .subject = "CN=Child",
							      .ca = true,
							      .issuer = new,
							      .authority_key_id = PKI_AKI_NONE });
	const struct pki_cert *forged = pki_issue(pki, &(struct pki_spec){ .subject = "CN=Forged",
							       .ca = true,
							       .issuer = new,
							       .broken_signature = true });
	const struct pki_cert *const certs[] = { old, new, child, forged };
	const struct store *store = bundle_of(stores, &text, certs, COUNT_OF(certs));
	const struct relation *relations = relations_of(arena, store, stores_signatures(stores));

	CHECK(store->entry_count == 4);
	CHECK(relations[0].issuer == 0 && relations[1].issuer == 1);
	CHECK(relations[2].issuer == 1);
	CHECK(relations[3].issuer == RELATION_NONE);
	CHECK(relations[0].same_subject == 0 && relations[1].same_subject == 0);
	CHECK(relations[1].same_key == RELATION_NONE && !relations[1].is_cross);
	CHECK(relations[2].same_subject == RELATION_NONE);
}

TEST(cross, "one name and key under two issuers is a cross-certificate; the same bytes are a copy")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct pki_cert *one =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=One", .ca = true });
	const struct pki_cert *two =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Two", .ca = true });
	const struct pki_cert *cross = pki_issue(
		pki, &(struct pki_spec){
			     .subject = "CN=Two", .ca = true, .issuer = one, .key_of = two });
	const struct pki_cert *alias = pki_issue(
		pki, &(struct pki_spec){ .subject = "CN=Alias", .ca = true, .key_of = one });
	const struct pki_cert *const certs[] = { one, two, cross, alias, one };
	const struct store *store = bundle_of(stores, &text, certs, COUNT_OF(certs));
	const struct relation *relations = relations_of(arena, store, stores_signatures(stores));

	CHECK(store->entry_count == 5);
	CHECK(relations[2].issuer == 0 && relations[2].is_cross && relations[1].is_cross);
	CHECK(!relations[0].is_cross && !relations[3].is_cross);
	CHECK(relations[3].same_key == 0 && relations[3].same_subject == RELATION_NONE);
	CHECK(relations[4].duplicate_of == 0 && relations[0].duplicate_of == RELATION_NONE);
}

TAP_MAIN()
