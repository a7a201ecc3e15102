/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/transfer.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "bundle.h"
#include "stores/hashdir_write.h"
#include "tap.h"

enum { ENTRIES = 6 };

/* One of each kind that a store may have, of one certificate each. */
static struct store
store_of(struct pki *pki, struct entry *entries)
{
	static const struct pki_spec ca = { .subject = "CN=CA", .ca = true },
				     leaf = { .subject = "CN=leaf" };

	for (size_t i = 0; i < ENTRIES; i++) {
		const struct pki_cert *cert = pki_issue(pki, i == 3 ? &leaf : &ca);

		entries[i] = (struct entry){ .kind = ENTRY_CERTIFICATE,
			.der = cert->der,
			.cert = cert->cert,
			.created = MOMENT_NEVER };
	}
	entries[1].role = ENTRY_IS_CHAIN;
	entries[2].role = ENTRY_IS_UNASSIGNED;
	entries[3].cert.issuer = entries[0].cert.subject;
	entries[3].role = ENTRY_IS_UNASSIGNED;
	entries[4].trust = (struct trust_settings){ .present = true,
		.has_reject = true,
		.rejects_client = true,
		.bytes = { (const uint8_t *)"\x30\x00", 2 } };
	entries[5].kind = ENTRY_PRIVATE_KEY;
	return (struct store){ .format = "pem", .entries = entries, .entry_count = ENTRIES };
}

TEST(bounds, "trust is never widened: keys, their chains, what is bound and unmarked leaves stay")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct entry entries[ENTRIES];
	const struct store store = store_of(pki, entries);
	struct transfer transfer;

	transfer_plan(arena, &store, "pkcs7", &transfer);
	CHECK(transfer.carried.count == 2 && transfer.left_count == 4);
	CHECK(span_equal(transfer.carried.list[0]->der, entries[0].der));
	CHECK(span_equal(transfer.carried.list[1]->der, entries[2].der));
	CHECK(transfer.left_out[2].entry == &entries[4]);
	CHECK(strstr(transfer.left_out[2].why, "trusted for more") != NULL);
	transfer_plan(arena, &store, "pem", &transfer);
	CHECK(transfer.carried.count == 3 && transfer.left_count == 3);
	/* Settings whose bytes nobody has cannot go anywhere. */
	entries[4].trust.bytes.length = 0;
	transfer_plan(arena, &store, "pem", &transfer);
	CHECK(transfer.carried.count == 2 && transfer.left_count == 4);
}

TEST(unmarked, "what its store does not trust goes where that can be said, and nowhere else")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct entry entries[ENTRIES];
	struct store store = store_of(pki, entries);
	struct transfer transfer;

	store.format = "nss";
	store.entry_count = 4;
	transfer_plan(arena, &store, "pem", &transfer);
	CHECK(transfer.carried.count == 1 && transfer.left_count == 3);
	CHECK(strstr(transfer.left_out[1].why, "here it would be trusted") != NULL);
	transfer_plan(arena, &store, "nss", &transfer);
	CHECK(transfer.carried.count == 3 && transfer.left_count == 1);
	CHECK(transfer.left_out[0].entry == &entries[1] && transfer.loss_count == 0);
	CHECK(transfer.carried.list[0]->role == ENTRY_IS_PLAIN);
	CHECK(transfer.carried.list[1]->role == ENTRY_IS_UNASSIGNED);
	/* A keystore has marks, and says nothing against who has none. */
	store.format = "pkcs12";
	transfer_plan(arena, &store, "nss", &transfer);
	CHECK(transfer.carried.count == 2 && transfer.loss_count == 1);
	CHECK(transfer.carried.list[1]->role == ENTRY_IS_PLAIN);
}

TEST(proof, "a store that lacks one, has one more or trusts one otherwise proves nothing")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct entry entries[ENTRIES], written[ENTRIES];
	const struct store store = store_of(pki, entries);
	struct store result = { .entries = written, .entry_count = 2 };
	struct differences differences;
	struct transfer transfer;

	transfer_plan(arena, &store, "pkcs7", &transfer);
	written[0] = *transfer.carried.list[1];
	written[1] = *transfer.carried.list[0];
	CHECK(transfer_is_proved(arena, &transfer, &result, &differences));
	result.entry_count = 1;
	CHECK(!transfer_is_proved(arena, &transfer, &result, &differences));
	result.entry_count = 3;
	written[2] = entries[3];
	CHECK(!transfer_is_proved(arena, &transfer, &result, &differences));
	result.entry_count = 2;
	written[1].role = ENTRY_IS_UNASSIGNED;
	CHECK(!transfer_is_proved(arena, &transfer, &result, &differences));
	CHECK(differences.count == 1 && differences.list[0].kind == DIFFERENCE_TRUST);
}

TEST(directory,
	"a hash directory holds all of one name and CRLs, and is the same whatever the order")
{
	enum { MANY = 300 };
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(world_freep) struct world *world = world_host();
	struct entry *entries = arena_alloc(arena, (MANY + 1) * sizeof(*entries));
	const struct entry **list = arena_alloc(arena, (MANY + 1) * sizeof(*list));
	char path[] = "/tmp/trustmend-hashdir-XXXXXX";
	struct store_content content = { .entries = list, .count = MANY + 1 };
	const struct pki_cert *cert = NULL;
	const struct store *store;
	struct digest digest;

	for (size_t i = 0; i < MANY; i++) {
		cert = pki_issue(pki, &(struct pki_spec){ .subject = "CN=Many", .ca = true });
		entries[i] = (struct entry){
			.kind = ENTRY_CERTIFICATE, .der = cert->der, .cert = cert->cert
		};
		list[i] = &entries[i];
	}
	entries[MANY].kind = ENTRY_CRL;
	entries[MANY].crl = *pki_crl(pki, &(struct pki_crl_spec){ .issuer = cert });
	entries[MANY].der = entries[MANY].crl.der;
	list[MANY] = &entries[MANY];
	CHECK(mkdtemp(path) != NULL && rmdir(path) == 0);
	CHECK(hashdir_write(&content, path, NULL) == 0);
	CHECK(hashdir_write(&content, path, NULL) == -1);
	store = stores_open(stores, world, path, LOADER_OPENSSL_DIRECTORY);
	CHECK(store->loading.certificates == MANY && store->loading.crls == 1);
	CHECK(store->defect_count == 0);
	digest = store->digest;
	directory_remove(path);
	CHECK(access(path, F_OK) != 0);
	for (size_t i = 0; i < MANY / 2; i++) {
		list[i] = &entries[MANY - 1 - i];
		list[MANY - 1 - i] = &entries[i];
	}
	CHECK(hashdir_write(&content, path, NULL) == 0);
	{
		CLEANUP(world_freep) struct world *again = world_host();
		CLEANUP(stores_freep) struct stores *others = stores_new();

		store = stores_open(others, again, path, LOADER_OPENSSL_DIRECTORY);
		CHECK(digest_equal(&digest, &store->digest));
	}
	directory_remove(path);
	CHECK(hashdir_is_ours_to_replace("9d66eef0.0") && hashdir_is_ours_to_replace("a.pem"));
	CHECK(!hashdir_is_ours_to_replace("README") && !hashdir_is_ours_to_replace(".pem"));
}

TAP_MAIN()
