/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/key_tables.h"

#include <pthread.h>
#include <string.h>

#include "make.h"
#include "tap.h"

static struct digest
digest_number(unsigned number)
{
	return digest_of(span_of(&number, sizeof(number)));
}

TEST(key_tables_by_count,
	"what is left is unknown: a table is made once as many were checked as it costs")
{
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	struct digest digest = digest_number(1);
	EVP_PKEY *key = make_key("EC:P-256");
	struct key_place *place = key_tables_watch(tables, &digest);

	CHECK(place != NULL && key_tables_watch(tables, &digest) == place);
	for (unsigned i = 1; i < KEY_TABLE_PAYS; i++)
		CHECK(key_tables_count(tables, place, key) == NULL);
	CHECK(key_tables_ready(place) == NULL);
	CHECK(key_tables_count(tables, place, key) != NULL);
	CHECK(key_tables_ready(place) == key_tables_count(tables, place, key));
	EVP_PKEY_free(key);
}

/* One key has a tenth of all, another a thousandth. */
TEST(key_tables_by_part, "a key has a table early where its part of what is left pays for it")
{
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	struct digest digests[] = { digest_number(1), digest_number(2) };
	EVP_PKEY *keys[] = { make_key("EC:P-256"), make_key("EC:P-256") };
	struct key_place *places[] = { key_tables_watch(tables, &digests[0]),
		key_tables_watch(tables, &digests[1]) };
	unsigned first = 0;

	CHECK(places[0] != places[1]);
	for (unsigned i = 0; i < 20'000; i++) {
		key_tables_expect(tables, 20 * KEY_TABLE_PAYS);
		if (i % 1'000 == 7)
			CHECK(key_tables_count(tables, places[1], keys[1]) == NULL);
		else if (i % 10 != 0)
			CHECK(key_tables_count(tables, NULL, NULL) == NULL);
		else if (key_tables_count(tables, places[0], keys[0]) != NULL && first == 0)
			first = i;
	}
	CHECK(first == 10 * (KEY_TABLE_SEEN - 1));
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
}

TEST(key_tables_none_left, "no table is made for the end")
{
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	struct digest digest = digest_number(1);
	EVP_PKEY *key = make_key("EC:P-256");
	struct key_place *place = key_tables_watch(tables, &digest);

	key_tables_expect(tables, KEY_TABLE_PAYS - 1);
	for (unsigned i = 1; i < KEY_TABLE_PAYS; i++)
		CHECK(key_tables_count(tables, place, key) == NULL);
	EVP_PKEY_free(key);
}

TEST(key_tables_no_table, "a key that can have none is asked once, and goes on without")
{
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	struct digest digest = digest_number(1);
	EVP_PKEY *key = make_key("EC:P-384");
	struct key_place *place = key_tables_watch(tables, &digest);

	for (unsigned i = 0; i < 2 * KEY_TABLE_PAYS; i++)
		CHECK(key_tables_count(tables, place, key) == NULL);
	EVP_PKEY_free(key);
}

TEST(key_tables_bound, "so many keys are watched and no more; those that are stay")
{
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	struct digest digest;

	for (unsigned i = 0; i < KEY_TABLES_WATCHED; i++) {
		digest = digest_number(i);
		CHECK(key_tables_watch(tables, &digest) != NULL);
	}
	digest = digest_number(KEY_TABLES_WATCHED);
	CHECK(key_tables_watch(tables, &digest) == NULL);
	digest = digest_number(0);
	CHECK(key_tables_watch(tables, &digest) != NULL);
	CHECK(key_tables_count(tables, NULL, NULL) == NULL);
}

enum { THREADS = 4, SHARED_KEYS = 3 };

struct sharer {
	pthread_t thread;
	struct key_tables *tables;
	struct digest digests[SHARED_KEYS];
	EVP_PKEY *keys[SHARED_KEYS]; /* its own */
	const struct point_table *found[SHARED_KEYS];
};

static void *
share(void *data)
{
	struct sharer *sharer = data;

	for (unsigned i = 0; i < SHARED_KEYS * KEY_TABLE_PAYS; i++) {
		unsigned number = i % SHARED_KEYS;
		struct key_place *place =
			key_tables_watch(sharer->tables, &sharer->digests[number]);
		const struct point_table *table =
			key_tables_count(sharer->tables, place, sharer->keys[number]);

		if (table != NULL)
			sharer->found[number] = table;
	}
	return NULL;
}

TEST(key_tables_shared, "threads share a table, which one of them makes")
{
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	static struct sharer sharers[THREADS];
	EVP_PKEY *keys[SHARED_KEYS];

	for (unsigned i = 0; i < SHARED_KEYS; i++)
		keys[i] = make_key("EC:P-256");
	for (unsigned i = 0; i < THREADS; i++) {
		sharers[i].tables = tables;
		for (unsigned j = 0; j < SHARED_KEYS; j++) {
			sharers[i].digests[j] = digest_number(j);
			sharers[i].keys[j] = EVP_PKEY_dup(keys[j]);
		}
		CHECK(pthread_create(&sharers[i].thread, NULL, share, &sharers[i]) == 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(sharers[i].thread, NULL);
	for (unsigned j = 0; j < SHARED_KEYS; j++) {
		struct key_place *place = key_tables_watch(tables, &sharers[0].digests[j]);

		CHECK(key_tables_ready(place) != NULL);
		for (unsigned i = 0; i < THREADS; i++) {
			CHECK(sharers[i].found[j] == NULL ||
				sharers[i].found[j] == key_tables_ready(place));
			EVP_PKEY_free(sharers[i].keys[j]);
		}
		EVP_PKEY_free(keys[j]);
	}
}

TAP_MAIN()
