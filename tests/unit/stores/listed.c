/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/listed.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "stores/pem.h"
#include "stores/stores.h"
#include "tap.h"
#include "x509/list.h"

enum { MANY = 2000 };

struct desk {
	char directory[64];
	struct world *world;
	struct buffer der, pem;
};

static void
put_file(const struct desk *place, const char *name, struct span bytes)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", place->directory, name);
	file = fopen(path, "wb");
	must(file != NULL && fwrite(bytes.data, 1, bytes.length, file) == bytes.length &&
			fclose(file) == 0,
		path);
}

static void
desk_make(struct desk *place)
{
	CLEANUP(buffer_free) struct buffer entries = {};
	struct err err = {};

	*place = (struct desk){ .directory = "/tmp/trustmend-unit-XXXXXX" };
	must(mkdtemp(place->directory) != NULL, "a directory");
	for (unsigned i = 0; i < MANY; i++) {
		CLEANUP(buffer_free) struct buffer content = {};
		uint8_t serial[3] = { 0x10, (uint8_t)(i >> 8), (uint8_t)i };

		der_put(&content, DER_INTEGER, span_of(serial, sizeof(serial)));
		buffer_add_text(&content, UTC);
		der_put(&entries, DER_SEQUENCE, buffer_span(&content));
	}
	put_list(&place->der, &entries, (struct span){});
	pem_write(&place->pem, "X509 CRL", buffer_span(&place->der));
	put_file(place, "list.der", buffer_span(&place->der));
	put_file(place, "list.pem", buffer_span(&place->pem));
	place->world = world_below(place->directory, &err);
	must(place->world != NULL, "a world");
}

static void
desk_end(struct desk *place)
{
	static const char *const names[] = { "list.der", "list.pem", "state/ledger.db",
		"state/ledger.db-wal", "state/ledger.db-shm" };
	char path[128];

	world_free(place->world);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", place->directory, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/state", place->directory);
	(void)rmdir(path);
	must(rmdir(place->directory) == 0, "an empty directory");
	buffer_free(&place->der);
	buffer_free(&place->pem);
}

static struct stores *
stores_in_parts(void)
{
	struct stores *stores = stores_new();

	stores_read_lists_in_parts(stores, 1);
	return stores;
}

static bool
is_the_list(const struct store *store, struct span file)
{
	struct digest digest = digest_of(file);

	return store->state == STORE_PRESENT && store->entry_count == 1 &&
	       store->entries[0].kind == ENTRY_CRL && store->entries[0].crl.entry_count == MANY &&
	       digest_equal(&store->digest, &digest) &&
	       crl_find(&store->entries[0].crl, span_of("\x10\x07\x01", 3), NULL) == 1 &&
	       crl_find(&store->entries[0].crl, span_of("\x10\x08\x01", 3), NULL) == 0;
}

TEST(listed_reads, "a list in parts is the store that it is as a whole, with no bytes")
{
	struct desk place;
	CLEANUP(stores_freep) struct stores *stores = stores_in_parts();
	CLEANUP(stores_freep) struct stores *others = stores_new();
	const struct store *store, *whole;

	desk_make(&place);
	store = stores_open(stores, place.world, "/list.der", LOADER_ANY);
	whole = stores_open(others, place.world, "/list.der", LOADER_ANY);
	CHECK(is_the_list(store, buffer_span(&place.der)) && store->entries[0].der.length == 0);
	CHECK(is_the_list(whole, buffer_span(&place.der)) && whole->entries[0].der.length > 0);
	CHECK(digest_equal(&store->entries[0].crl.fingerprint, &whole->entries[0].crl.fingerprint));
	CHECK_TEXT(store->format, whole->format);
	CHECK(store->defect_count == 1 && whole->defect_count == 1 &&
		store->defects[0].cause == whole->defects[0].cause);
	store = stores_open(stores, place.world, "/list.pem", LOADER_OPENSSL_FILE);
	whole = stores_open(others, place.world, "/list.pem", LOADER_OPENSSL_FILE);
	CHECK(is_the_list(store, buffer_span(&place.pem)) && store->defect_count == 0);
	CHECK_TEXT(store->format, whole->format);
	CHECK(store->loading.loads && whole->loading.loads && store->loading.crls == 1 &&
		store->loading.loaded[0]);
	CHECK(store->entries[0].line == whole->entries[0].line &&
		store->entries[0].offset == whole->entries[0].offset);
	desk_end(&place);
}

/* Of all that a reader finds out, in one text. */
static void
describe(const struct store *store, struct buffer *ret)
{
	buffer_addf(ret, "%d %s %zu %zu;", store->state, store->format, store->entry_count,
		store->defect_count);
	buffer_add(ret, store->digest.bytes, DIGEST_SIZE);
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct crl *crl = &store->entries[i].crl;

		buffer_addf(ret, "%zu %d;", crl->entry_count, crl->has_fingerprint);
		buffer_add(ret, crl->identity.bytes, DIGEST_SIZE);
		buffer_add(ret, crl->issuer.data, crl->issuer.length);
		buffer_addf(ret, " %d %d", crl_find(crl, span_of("\x10\x07\x01", 3), NULL),
			crl_find(crl, span_of("\x10\x08\x01", 3), NULL));
	}
	for (size_t i = 0; i < store->defect_count; i++)
		buffer_addf(ret, "%zu %s;", store->defects[i].offset, store->defects[i].text);
}

TEST(listed_box, "a list is read the same in the box as outside, sound or not, by whatever digests")
{
	static const char *const names[] = { "/list.der", "/list.pem" };
	static const enum crl_digests digests[] = { CRL_DIGESTS_ALL, CRL_DIGEST_SIGNED,
		CRL_DIGEST_FINGERPRINT };
	struct span serial = span_of("\x10\x07\x01", 3);
	CLEANUP(crl_wanted_freep) struct crl_wanted *wanted = crl_wanted_new(&serial, 1);
	struct desk place;

	desk_make(&place);
	for (size_t i = 0; i < COUNT_OF(names) * COUNT_OF(digests) * 4; i++) {
		CLEANUP(stores_freep) struct stores *boxed = stores_in_parts();
		CLEANUP(stores_freep) struct stores *unboxed = stores_new_unboxed();
		CLEANUP(buffer_free) struct buffer one = {}, other = {};
		const char *name = names[i / 2 % 2];

		stores_read_lists_in_parts(unboxed, 1);
		stores_digest_lists(boxed, digests[i / 4 % 3]);
		stores_digest_lists(unboxed, digests[i / 4 % 3]);
		if (i % 2 == 1) {
			stores_expect_serials(boxed, wanted);
			stores_expect_serials(unboxed, wanted);
		}
		if (i == COUNT_OF(names) * COUNT_OF(digests) * 2) {
			place.der.data[2000] ^= 0xff;
			put_file(&place, "list.der", buffer_span(&place.der));
			place.pem.data[300] = '*';
			put_file(&place, "list.pem", buffer_span(&place.pem));
		}
		describe(stores_open(boxed, place.world, name, LOADER_ANY), &one);
		describe(stores_open(unboxed, place.world, name, LOADER_ANY), &other);
		CHECK(span_equal(buffer_span(&one), buffer_span(&other)));
	}
	desk_end(&place);
}

TEST(listed_unread, "where no process can be had to read it in, it is unread, and not missing")
{
	struct desk place;
	CLEANUP(stores_freep) struct stores *stores = stores_in_parts();
	struct rlimit files, few;
	const struct store *store;

	desk_make(&place);
	must(getrlimit(RLIMIT_NOFILE, &files) == 0, "a limit");
	few = files;
	/* One more for the file, and none for a pair of sockets. */
	few.rlim_cur = (rlim_t)dup(0) + 2;
	(void)close((int)few.rlim_cur - 2);
	must(setrlimit(RLIMIT_NOFILE, &few) == 0, "a limit");
	store = stores_open(stores, place.world, "/list.der", LOADER_ANY);
	must(setrlimit(RLIMIT_NOFILE, &files) == 0, "a limit");
	CHECK(store->state == STORE_UNREAD && store->entry_count == 0 && store_is_unknown(store));
	CHECK(strstr(store->problem, "no process can be had") != NULL);
	desk_end(&place);
}

TEST(listed_damage, "a damaged one that can be read as a whole is, with all that is wrong")
{
	struct desk place;
	CLEANUP(stores_freep) struct stores *stores = stores_in_parts();
	const struct store *store;
	uint8_t *time_tag;

	desk_make(&place);
	time_tag = memmem(place.der.data + 1000, 1000, "\x17\x0d", 2);
	CHECK(time_tag != NULL);
	*time_tag = DER_IA5_STRING;
	put_file(&place, "list.der", buffer_span(&place.der));
	store = stores_open(stores, place.world, "/list.der", LOADER_ANY);
	CHECK(store->entry_count == 0 && store_is_damaged(store) && store->bytes.length > 0);
	place.pem.data[200] = '*';
	put_file(&place, "list.pem", buffer_span(&place.pem));
	store = stores_open(stores, place.world, "/list.pem", LOADER_ANY);
	CHECK(store_is_damaged(store) && store->bytes.length == place.pem.length);
	desk_end(&place);
}

TEST(listed_large, "what is too large to be read as a whole, and is no one list, is said to be so")
{
	struct desk place;
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct store *store;
	char text[64], path[128];

	desk_make(&place);
	/* Octets 0 behind the END line. */
	(void)snprintf(path, sizeof(path), "%s/list.pem", place.directory);
	must(truncate(path, STORE_MAX_SIZE + 1) == 0, "a large file");
	store = stores_open(stores, place.world, "/list.pem", LOADER_ANY);
	CHECK(store->state == STORE_TOO_LARGE && store->entry_count == 0 &&
		store->defect_count == 0);
	(void)snprintf(text, sizeof(text), "larger than 64 MiB");
	CHECK(strstr(store->problem, text) != NULL);
	(void)snprintf(text, sizeof(text), "byte %zu is not of one", place.pem.length);
	CHECK(strstr(store->problem, text) != NULL);
	/* DER that is damaged: a defect, and the digest of what is there. */
	place.der.data[8] ^= 0xff;
	put_file(&place, "list.der", buffer_span(&place.der));
	(void)snprintf(path, sizeof(path), "%s/list.der", place.directory);
	must(truncate(path, STORE_MAX_SIZE + 1) == 0, "a large file");
	store = stores_open(stores, place.world, "/list.der", LOADER_ANY);
	CHECK(store->state == STORE_PRESENT && store_is_damaged(store));
	CHECK(!digest_equal(&store->digest, &(struct digest){}));
	desk_end(&place);
}

TEST(listed_overlay, "an edit of an overlay is read as the whole that it is")
{
	struct desk place;
	CLEANUP(stores_freep) struct stores *stores = stores_in_parts();
	struct world *overlay;

	desk_make(&place);
	overlay = world_overlay(place.world);
	CHECK(is_the_list(
		stores_open(stores, overlay, "/list.der", LOADER_ANY), buffer_span(&place.der)));
	overlay_write(overlay, "/list.der", buffer_span(&place.pem));
	CHECK(stores_open(stores, overlay, "/list.der", LOADER_ANY)->bytes.length ==
		place.pem.length);
	world_free(overlay);
	desk_end(&place);
}

/* What the ledger says of the file, if anything. */
static int
ask_ledger(struct ledger *ledger, struct arena *arena, struct world *world, const char *path,
	struct known_list *known)
{
	struct err err = {};

	*known = (struct known_list){ .path = path };
	must(world_stat(world, path, &known->identity, &err) == 0, "a file");
	return ledger_list_get(ledger, arena, known, &err);
}

TEST(listed_ledger, "the ledger knows a file that has settled, and no other")
{
	struct desk place;
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct stores *stores = stores_in_parts();
	struct ledger *ledger;
	struct known_list known;
	struct err err = {};
	char state[128];

	desk_make(&place);
	(void)snprintf(state, sizeof(state), "%s/state", place.directory);
	ledger = ledger_open(state, true, &err);
	must(ledger != NULL, "a ledger");
	stores_use_ledger(stores, ledger);
	CHECK(is_the_list(stores_open(stores, place.world, "/list.pem", LOADER_ANY),
		buffer_span(&place.pem)));
	stores_free(stores);
	CHECK(ask_ledger(ledger, arena, place.world, "/list.pem", &known) == 0);
	(void)nanosleep(
		&(struct timespec){ .tv_sec = LEDGER_SETTLED_S + 1, .tv_nsec = 100'000'000 }, NULL);
	for (unsigned i = 0; i < 2; i++) {
		stores = stores_in_parts();
		stores_use_ledger(stores, ledger);
		CHECK(is_the_list(stores_open(stores, place.world, "/list.pem", LOADER_ANY),
			buffer_span(&place.pem)));
		CHECK(is_the_list(stores_open(stores, place.world, "/list.der", LOADER_ANY),
			buffer_span(&place.der)));
		stores_free(stores);
		CHECK(ask_ledger(ledger, arena, place.world, "/list.pem", &known) == 1);
		CHECK(known.record.length > 0);
	}
	/* A record that is not one is as none. */
	known.record = span_of("\0\0\0\0\0\0\0\1", 8);
	CHECK(ledger_list_put(ledger, &known, &err) == 0);
	stores = stores_in_parts();
	stores_use_ledger(stores, ledger);
	CHECK(is_the_list(stores_open(stores, place.world, "/list.pem", LOADER_ANY),
		buffer_span(&place.pem)));
	stores_free(stores);
	ledger_close(ledger);
	desk_end(&place);
}

TAP_MAIN()
