/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/signature_memory.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "make.h"
#include "tap.h"
#include "x509/signature.h"
#include "x509/signature_batch.h"

enum { MANY = SIGNATURE_MEMORY_WORTH + 1 };

struct place {
	char directory[32], inner[48], path[64];
};

static struct place
place_new(void)
{
	struct place place = { "/tmp/memory-XXXXXX", "", "" };

	must(mkdtemp(place.directory) != NULL, "a directory");
	(void)snprintf(place.inner, sizeof(place.inner), "%s/state", place.directory);
	(void)snprintf(place.path, sizeof(place.path), "%s/state/known", place.directory);
	return place;
}

static void
place_end(struct place *place)
{
	(void)unlink(place->path);
	(void)rmdir(place->inner);
	(void)rmdir(place->directory);
}

static struct digest
digest_number(unsigned number)
{
	return digest_of(span_of(&number, sizeof(number)));
}

static struct signature_memory *
memory_of(const struct place *place)
{
	struct signature_memory *memory = signature_memory_new(place->path);

	signature_memory_read(memory);
	return memory;
}

static void
add_numbers(struct signature_memory *memory, unsigned from, unsigned to)
{
	for (; from < to; from++) {
		struct digest digest = digest_number(from);

		signature_memory_add(memory, &digest);
	}
}

static bool
has_numbers(const struct signature_memory *memory, unsigned from, unsigned to)
{
	for (; from < to; from++) {
		struct digest digest = digest_number(from);

		if (!signature_memory_has(memory, &digest))
			return false;
	}
	return true;
}

TEST(kept, "what was added is there the next time, and what was there before it")
{
	CLEANUP(place_end) struct place place = place_new();
	struct err err = {};
	struct stat status;

	for (unsigned round = 0; round < 3; round++) {
		CLEANUP(signature_memory_freep) struct signature_memory *memory = memory_of(&place);

		CHECK(has_numbers(memory, 0, round * MANY));
		CHECK(!has_numbers(memory, round * MANY, round * MANY + 1));
		add_numbers(memory, 0, (round + 1) * MANY);
		CHECK(has_numbers(memory, 0, (round + 1) * MANY));
		CHECK(signature_memory_save(memory, &err) == 0);
	}
	CHECK(stat(place.path, &status) == 0 && (status.st_mode & 0777) == 0600);
	CHECK(status.st_size > (off_t)(3 * MANY * sizeof(struct digest)) &&
		status.st_size < (off_t)(3 * MANY * sizeof(struct digest) + 64));
}

TEST(worth, "a few are not written, nor is anything read before it is asked for")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(signature_memory_freep) struct signature_memory *memory = memory_of(&place);
	CLEANUP(signature_memory_freep)
	struct signature_memory *unread = signature_memory_new(place.path);
	struct err err = {};

	add_numbers(unread, 0, MANY);
	CHECK(!has_numbers(unread, 0, 1) && signature_memory_save(unread, &err) == 0);
	add_numbers(memory, 0, MANY - 2);
	CHECK(signature_memory_save(memory, &err) == 0 && access(place.path, F_OK) < 0);
	add_numbers(memory, 0, MANY);
	CHECK(signature_memory_save(memory, &err) == 0 && access(place.path, F_OK) == 0);
}

TEST(spoilt, "a file of another kind is empty; one cut short holds what is whole in it")
{
	CLEANUP(place_end) struct place place = place_new();
	CLEANUP(buffer_free) struct buffer file = {};
	struct err err = {};

	{
		CLEANUP(signature_memory_freep) struct signature_memory *memory = memory_of(&place);

		add_numbers(memory, 0, MANY);
		CHECK(signature_memory_save(memory, &err) == 0);
		CHECK(file_read(place.path, 1 << 20, &file, &err) == 0);
	}
	file.length -= sizeof(struct digest) / 2;
	CHECK(file_replace(place.path, buffer_span(&file), 0600, &err) == 0);
	{
		CLEANUP(signature_memory_freep) struct signature_memory *memory = memory_of(&place);

		CHECK(has_numbers(memory, 0, MANY - 1) && !has_numbers(memory, MANY - 1, MANY));
	}
	file.data[3] ^= 1;
	CHECK(file_replace(place.path, buffer_span(&file), 0600, &err) == 0);
	{
		CLEANUP(signature_memory_freep) struct signature_memory *memory = memory_of(&place);

		CHECK(!has_numbers(memory, 0, 1));
	}
}

TEST(bounded, "no more is kept than the bound says, and of that the latest")
{
	enum { ALL = SIGNATURE_MEMORY_MAX + MANY };
	CLEANUP(place_end) struct place place = place_new();
	struct err err = {};

	for (unsigned half = 0; half < 2; half++) {
		CLEANUP(signature_memory_freep) struct signature_memory *memory = memory_of(&place);

		add_numbers(memory, half * (ALL / 2), (half + 1) * (ALL / 2));
		CHECK(signature_memory_save(memory, &err) == 0);
	}
	{
		CLEANUP(signature_memory_freep) struct signature_memory *memory = memory_of(&place);

		CHECK(has_numbers(memory, ALL / 2, ALL / 2 * 2));
		CHECK(!has_numbers(memory, 0, ALL / 2));
	}
}

/* Copies of one certificate, of which each has a fingerprint of its own, as if they were others. */
static struct cert *
make_certs(struct span der)
{
	struct cert *certs = mem_zalloc(MANY * sizeof(*certs));
	const char *fault;
	size_t offset;

	for (unsigned i = 0; i < MANY; i++) {
		must(cert_read(der, &certs[i], &fault, &offset) == 0, "a certificate");
		if (i > 0)
			certs[i].fingerprint = digest_number(i);
	}
	return certs;
}

static bool
all_are(struct signature_cache *cache, const struct cert *certs, enum signature_result result)
{
	const struct cert *list[MANY];
	struct signature_batch *batch;

	for (size_t i = 0; i < MANY; i++)
		list[i] = &certs[i];
	batch = signature_batch_new(cache, list, MANY);
	signature_batch_free(batch);
	for (size_t i = 0; i < MANY; i++)
		if (signature_cert(cache, &certs[i], certs[i].spki) != result)
			return false;
	return true;
}

static bool
check_in_turn(const struct place *place, const struct cert *certs, enum signature_result result)
{
	CLEANUP(signature_memory_freep)
	struct signature_memory *memory = signature_memory_new(place->path);
	CLEANUP(signature_cache_freep) struct signature_cache *cache = signature_cache_new();
	struct err err = {};

	signature_cache_use_memory(cache, memory);
	return all_are(cache, certs, result) && signature_memory_save(memory, &err) == 0 &&
	       signature_cache_has_failed(cache) == (result != SIGNATURE_GOOD);
}

TEST(batches, "good signatures are remembered, bad ones are not, and no other certificate is good "
	      "for it")
{
	static const struct made made = {
		.key = "EC:P-256", .digest = "SHA256", .subject = "CN=a"
	};
	CLEANUP(place_end) struct place place = place_new();
	EVP_PKEY *key = make_key(made.key), *other = make_key(made.key);
	X509 *good = make_cert(&made, key, NULL, NULL), *bad = make_cert(&made, key, NULL, other);
	struct cert *good_certs = make_certs(made_der(good)),
		    *bad_certs = make_certs(made_der(bad));

	CHECK(check_in_turn(&place, bad_certs, SIGNATURE_BAD));
	CHECK(access(place.path, F_OK) < 0);
	CHECK(check_in_turn(&place, good_certs, SIGNATURE_GOOD));
	CHECK(access(place.path, F_OK) == 0);
	/* A signature that does not hold, under remembered fingerprints: it is not checked again.
	 */
	for (size_t i = 0; i < MANY; i++)
		bad_certs[i].fingerprint = good_certs[i].fingerprint;
	CHECK(check_in_turn(&place, bad_certs, SIGNATURE_GOOD));
	for (size_t i = 0; i < MANY; i++)
		bad_certs[i].fingerprint.bytes[0] ^= 1;
	CHECK(check_in_turn(&place, bad_certs, SIGNATURE_BAD));
	made_free(good_certs[0].der);
	made_free(bad_certs[0].der);
	mem_free(good_certs);
	mem_free(bad_certs);
	X509_free(good);
	X509_free(bad);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

TAP_MAIN()
