/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "x509/key_tables.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"

enum {
	SLOTS = 2 * KEY_TABLES_WATCHED,
	LEFT_MAX = 1 << 30, /* more makes no difference, and products stay small */
};

enum state { STATE_WATCHED, STATE_TAKEN /* somebody makes it, or nobody will */, STATE_READY };

struct key_place {
	struct digest key;
	bool used;
	atomic_size_t count;
	atomic_int state;
	struct point_table *table; /* where it is ready */
};

struct key_tables {
	atomic_size_t left, checked, made;
	pthread_mutex_t lock;
	struct key_place *places; /* under the lock: open addressing */
	size_t watched;
};

struct key_tables *
key_tables_new(void)
{
	struct key_tables *tables = mem_zalloc(sizeof(*tables));

	tables->places = mem_zalloc(SLOTS * sizeof(*tables->places));
	(void)pthread_mutex_init(&tables->lock, NULL);
	return tables;
}

void
key_tables_free(struct key_tables *tables)
{
	if (tables == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		point_table_free(tables->places[i].table);
	(void)pthread_mutex_destroy(&tables->lock);
	mem_free(tables->places);
	mem_free(tables);
}

void
key_tables_expect(struct key_tables *tables, size_t left)
{
	atomic_store_explicit(
		&tables->left, left < LEFT_MAX ? left : LEFT_MAX, memory_order_relaxed);
}

struct key_place *
key_tables_watch(struct key_tables *tables, const struct digest *key)
{
	struct key_place *place;
	size_t at;

	(void)memcpy(&at, key->bytes, sizeof(at));
	(void)pthread_mutex_lock(&tables->lock);
	for (place = &tables->places[at % SLOTS]; place->used && !digest_equal(&place->key, key);
		place = &tables->places[++at % SLOTS])
		;
	if (!place->used && tables->watched < KEY_TABLES_WATCHED) {
		place->key = *key;
		place->used = true;
		tables->watched++;
	}
	if (!place->used)
		place = NULL;
	(void)pthread_mutex_unlock(&tables->lock);
	return place;
}

/* count : checked = what is left of this key : what is left of all. */
static bool
pays(const struct key_tables *tables, size_t count, size_t checked)
{
	uint64_t left = atomic_load_explicit(&tables->left, memory_order_relaxed);

	if (count >= KEY_TABLE_PAYS)
		return true;
	return count >= KEY_TABLE_SEEN && count * left >= (uint64_t)KEY_TABLE_PAYS * checked;
}

/* In the thread that came to it first; the others go on without. */
static const struct point_table *
make(struct key_tables *tables, struct key_place *place, const EVP_PKEY *key)
{
	int state = STATE_WATCHED;

	if (!atomic_compare_exchange_strong(&place->state, &state, STATE_TAKEN) ||
		atomic_fetch_add(&tables->made, 1) >= KEY_TABLES_MAX)
		return NULL;
	place->table = point_table_new(key);
	if (place->table != NULL)
		atomic_store_explicit(&place->state, STATE_READY, memory_order_release);
	return place->table;
}

const struct point_table *
key_tables_ready(const struct key_place *place)
{
	return atomic_load_explicit(&place->state, memory_order_acquire) == STATE_READY
		       ? place->table
		       : NULL;
}

const struct point_table *
key_tables_count(struct key_tables *tables, struct key_place *place, const EVP_PKEY *key)
{
	size_t checked = atomic_fetch_add_explicit(&tables->checked, 1, memory_order_relaxed) + 1;
	size_t count;

	if (place == NULL)
		return NULL;
	count = atomic_fetch_add_explicit(&place->count, 1, memory_order_relaxed) + 1;
	if (atomic_load_explicit(&place->state, memory_order_relaxed) == STATE_WATCHED &&
		pays(tables, count, checked))
		return make(tables, place, key);
	return key_tables_ready(place);
}
