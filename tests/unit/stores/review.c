/* SPDX-License-Identifier: Apache-2.0 */
/* Damage that shows in what entries say of each other. */
#include "tap.h"

#include "pki.h"
#include "stores/pem.h"
#include "stores/stores.h"

static size_t
corrupt(const struct pki_cert *const *certs, size_t count)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		pem_write(&text, "CERTIFICATE", certs[i]->der);
	store = stores_open_bytes(stores, "store", buffer_span(&text), LOADER_ANY);
	if (store->entry_count != count)
		return SIZE_MAX;
	for (size_t i = 0; i < store->defect_count; i++)
		found += store->defects[i].cause == CAUSE_STORE_CORRUPT_ENTRY;
	return found;
}

TEST(issued, "a signature is checked by the CA that stands beside what it is said to have signed")
{
	struct pki *pki = pki_new();
	const struct pki_cert *root =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	const struct pki_cert *other =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Other", .ca = true });
	const struct pki_cert *good = pki_issue(
		pki, &(struct pki_spec){ .subject = "CN=Good", .issuer = root, .ca = true });
	const struct pki_cert *bad = pki_issue(pki, &(struct pki_spec){ .subject = "CN=Bad",
							    .issuer = root,
							    .ca = true,
							    .broken_signature = true });

	CHECK(corrupt((const struct pki_cert *[]){ root, good }, 2) == 0);
	CHECK(corrupt((const struct pki_cert *[]){ good, bad, root }, 3) == 1);
	/* Whose signature it should be is not known here. */
	CHECK(corrupt((const struct pki_cert *[]){ other, bad }, 2) == 0);
	pki_free(pki);
}

TEST(rollover, "a CA that takes a new key under its name bears the signature of the old one")
{
	struct pki *pki = pki_new();
	const struct pki_cert *old =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	const struct pki_cert *new =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	const struct pki_cert *cross = pki_issue(
		pki, &(struct pki_spec){
			     .subject = "CN=Root", .issuer = old, .key_of = new, .ca = true });

	CHECK(corrupt((const struct pki_cert *[]){ old, new, cross }, 3) == 0);
	CHECK(corrupt((const struct pki_cert *[]){ new, cross }, 2) == 0);
	pki_free(pki);
}

TAP_MAIN()
