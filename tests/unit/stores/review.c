/* SPDX-License-Identifier: Apache-2.0 */
/* Damage that shows in what entries say of each other. */
#include "tap.h"

#include <stdio.h>

#include "pki.h"
#include "stores/pem.h"
#include "stores/stores.h"

static size_t
corrupt_of(const struct span *ders, size_t count)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer text = {};
	const struct store *store;
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		pem_write(&text, "CERTIFICATE", ders[i]);
	store = stores_open_bytes(stores, "store", buffer_span(&text), LOADER_ANY);
	if (store->entry_count != count)
		return SIZE_MAX;
	for (size_t i = 0; i < store->defect_count; i++)
		found += store->defects[i].cause == CAUSE_STORE_CORRUPT_ENTRY;
	return found;
}

static size_t
corrupt(const struct pki_cert *const *certs, size_t count)
{
	struct span ders[3]; /* as many as any of these tests has */

	for (size_t i = 0; i < count; i++)
		ders[i] = certs[i]->der;
	return corrupt_of(ders, count);
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

TEST(unreadable, "a root whose public key is none any more has a defect")
{
	struct pki *pki = pki_new();
	const struct pki_cert *root =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	CLEANUP(mem_freep) uint8_t *bytes = mem_dup(root->der.data, root->der.length);
	struct span der = span_of(bytes, root->der.length);
	const char *fault;
	struct cert cert;
	size_t offset;

	CHECK(cert_read(der, &cert, &fault, &offset) == 0);
	CHECK(corrupt_of(&der, 1) == 0);
	/* No point of the curve has this X with another Y than two. */
	bytes[(size_t)(cert.spki.data - bytes) + cert.spki.length - 1] ^= 1;
	CHECK(corrupt_of(&der, 1) == 1);
	pki_free(pki);
}

TEST(many, "each of many is checked by the CA of its own name and key id")
{
	enum { CAS = 40 };
	struct pki *pki = pki_new();
	const struct pki_cert *root =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	struct span ders[2 * CAS + 1] = { root->der };

	for (size_t i = 0; i < CAS; i++) {
		char subject[32];
		const struct pki_cert *ca;

		(void)snprintf(subject, sizeof(subject), "CN=CA %zu", i);
		ca = pki_issue(
			pki, &(struct pki_spec){ .subject = subject, .issuer = root, .ca = true });
		ders[1 + 2 * i] = pki_issue(pki, &(struct pki_spec){ .subject = "CN=Below",
							 .issuer = ca,
							 .ca = true,
							 .broken_signature = i % 4 == 0 })
					  ->der;
		ders[2 + 2 * i] = ca->der;
	}
	CHECK(corrupt_of(ders, COUNT_OF(ders)) == CAS / 4);
	pki_free(pki);
}

TAP_MAIN()
