/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "stores/canonical.h"
#include "stores/damage.h"
#include "stores/openssl_match.h"
#include "stores/pem.h"

static const enum openssl_call calls[] = { OPENSSL_LOAD_CERTS_AND_CRLS, OPENSSL_LOAD_NAMES,
	OPENSSL_LOAD_CERTS };

struct bench {
	struct stores *stores;
	struct arena *arena;
	struct openssl_reader *reader;
	size_t undoubted, doubted; /* files that were asked about */
};

static void
bench_free(struct bench *bench)
{
	stores_free(bench->stores);
	arena_free(bench->arena);
	openssl_reader_free(bench->reader);
}

static struct bench
bench_new(void)
{
	damage_setup();
	return (struct bench){ stores_new(), arena_new(), openssl_reader_new(), 0, 0 };
}

static const struct store *
open_text(struct bench *bench, struct span text)
{
	static unsigned number;
	char name[32];

	(void)snprintf(name, sizeof(name), "store-%u", number++);
	return stores_open_bytes(bench->stores, name,
		span_of(arena_dup(bench->arena, text.data, text.length), text.length), LOADER_ANY);
}

/* Whether the library loads all entries of it in each of its ways. */
static bool
openssl_loads_all(struct bench *bench, const struct store *store)
{
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		bool *loaded = arena_alloc(bench->arena, store->entry_count + 1);
		struct openssl_match match = { store->entries, store->entry_count, loaded, 0, NULL,
			0 };
		struct openssl_answer answer;

		openssl_ask(bench->reader, bench->arena, calls[i], store->bytes, &match, &answer);
		if (!answer.succeeds || answer.certificates != store->entry_count)
			return false;
		for (size_t entry = 0; entry < store->entry_count; entry++)
			if (!loaded[entry])
				return false;
	}
	return true;
}

/* Where there is no doubt, the library must agree. */
static bool
holds(struct bench *bench, struct span text)
{
	const struct store *store = open_text(bench, text);

	if (canonical_doubt(store) != NULL) {
		bench->doubted++;
		return true;
	}
	bench->undoubted++;
	return openssl_loads_all(bench, store);
}

static const char *
doubt_of(struct bench *bench, struct span text)
{
	return canonical_doubt(open_text(bench, text));
}

static void
put_lines(struct buffer *out, struct span der, const char *end)
{
	struct buffer plain = {};

	pem_write(&plain, "CERTIFICATE", der);
	for (size_t i = 0; i < plain.length; i++)
		if (plain.data[i] == '\n')
			buffer_add_text(out, end);
		else
			buffer_add(out, &plain.data[i], 1);
	buffer_free(&plain);
}

TEST(plain,
	"plain files are not doubted: line ends of both kinds, comments, no end, twice the same")
{
	CLEANUP(bench_free) struct bench bench = bench_new();
	CLEANUP(buffer_free) struct buffer text = {}, crlf = {};

	buffer_add_text(&text, "# Roots\n\nfirst: the \xe9 one\n");
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		put_lines(&text, damage_ders[i], "\n");
		put_lines(&crlf, damage_ders[i], "\r\n");
	}
	put_lines(&text, damage_ders[0], "\n");
	text.length--;
	CHECK(holds(&bench, buffer_span(&text)) && holds(&bench, buffer_span(&crlf)));
	CHECK(bench.undoubted == 2);
}

TEST(doubts, "each thing that is not plain is a reason to ask")
{
	CLEANUP(bench_free) struct bench bench = bench_new();
	CLEANUP(buffer_free) struct buffer text = {};
	struct entry entry = { .kind = ENTRY_CERTIFICATE };
	const struct store empty = { .state = STORE_PRESENT }, missing = { .state = STORE_MISSING };

	CHECK_TEXT(canonical_doubt(&empty), "there is no certificate");
	CHECK_TEXT(canonical_doubt(&missing), "it is no file that can be read");
	put_lines(&text, damage_ders[0], "\n");
	buffer_add_text(&text, "-----");
	CHECK_TEXT(doubt_of(&bench, buffer_span(&text)),
		"the text between the blocks may be more than comments");
	buffer_clear(&text);
	put_lines(&text, damage_ders[0], "\n");
	pem_write(&text, "X509 CRL", damage_crl);
	CHECK_TEXT(doubt_of(&bench, buffer_span(&text)),
		"there is something else than plain certificates");
	buffer_clear(&text);
	put_lines(&text, damage_ders[0], " \n");
	CHECK_TEXT(doubt_of(&bench, buffer_span(&text)), "a block is not in lines of 64 digits");
	CHECK(canonical_cert_doubt(&entry.cert) != NULL);
}

static const struct made unusual[] = {
	{ .key = "DSA", .digest = "SHA256", .subject = "CN=a" },
	{ .key = "EC:P-256:explicit", .digest = "SHA256", .subject = "CN=a" },
	{ .key = "RSA-PSS", .digest = "SHA256", .subject = "CN=a" },
};

static const struct made usual[] = {
	{ .key = "RSA", .digest = "SHA256", .subject = "C=DE/O=Lab \xc3\xa9/+CN=a/UID=b" },
	{ .key = "RSA", .digest = "SHA1", .subject = "CN=a", .pss = true },
	{ .key = "EC:P-384", .digest = "SHA384", .subject = "CN=a" },
	{ .key = "ED25519", .subject = "CN=a" },
	{ .key = "ED448", .subject = "CN=a", .version = 1 },
};

/* What is thought of a file of this certificate alone; holds as well. */
static bool
made_is_doubted(struct bench *bench, const struct made *made, bool *ret_doubted)
{
	EVP_PKEY *key = make_key(made->key);
	X509 *cert = make_cert(made, key, NULL, NULL);
	CLEANUP(buffer_free) struct buffer text = {};
	unsigned char *der = NULL;
	int length = i2d_X509(cert, &der);
	size_t before = bench->doubted;
	bool good;

	pem_write(&text, "CERTIFICATE", span_of(der, (size_t)length));
	good = holds(bench, buffer_span(&text));
	*ret_doubted = bench->doubted > before;
	OPENSSL_free(der);
	X509_free(cert);
	EVP_PKEY_free(key);
	return good;
}

TEST(keys, "keys and signatures of the usual kinds are not doubted, others are")
{
	CLEANUP(bench_free) struct bench bench = bench_new();
	bool doubted;

	for (size_t i = 0; i < COUNT_OF(usual); i++)
		CHECK(made_is_doubted(&bench, &usual[i], &doubted) && !doubted);
	for (size_t i = 0; i < COUNT_OF(unusual); i++)
		CHECK(made_is_doubted(&bench, &unusual[i], &doubted) && doubted);
}

TEST(damages, "no kind of damage is taken for a plain file that the library does not load whole")
{
	CLEANUP(bench_free) struct bench bench = bench_new();

	for (size_t i = 0; i < COUNT_OF(damages); i++)
		for (size_t at = 0; at < DAMAGE_BLOCKS; at++) {
			CLEANUP(buffer_free) struct buffer text = {};

			damage_make(&damages[i], at, DAMAGE_BLOCKS, &text);
			CHECK(holds(&bench, buffer_span(&text)));
		}
	CHECK(bench.doubted > 0 && bench.undoubted > 0);
}

/* splitmix64 */
static size_t
next_random(uint64_t *state, size_t below)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15;

	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return (size_t)((value ^ (value >> 31)) % below);
}

TEST(texts, "whatever byte of the text is changed, taken out or put in, the library agrees")
{
	enum { ROUNDS = 4000 };
	static const char bytes[] = "\n\r\0- =:\\A\xef#";
	CLEANUP(bench_free) struct bench bench = bench_new();
	CLEANUP(buffer_free) struct buffer text = {}, changed = {};
	uint64_t seed = 1;

	buffer_add_text(&text, "# one\n");
	put_lines(&text, damage_ders[0], "\n");
	buffer_add_text(&text, "# two\n");
	put_lines(&text, damage_ders[1], "\r\n");
	for (size_t i = 0; i < ROUNDS; i++) {
		size_t at = next_random(&seed, text.length), kind = next_random(&seed, 3);
		char byte = bytes[next_random(&seed, sizeof(bytes) - 1)];

		buffer_clear(&changed);
		buffer_add(&changed, text.data, at);
		if (kind > 0)
			buffer_add(&changed, &byte, 1);
		buffer_add(&changed, text.data + at + (kind < 2), text.length - at - (kind < 2));
		CHECK(holds(&bench, buffer_span(&changed)));
	}
	CHECK(bench.doubted > ROUNDS / 2 && bench.undoubted > 0);
}

TEST(ders, "whatever byte of a certificate is changed, the library agrees")
{
	enum { ROUNDS = 8000 };
	CLEANUP(bench_free) struct bench bench = bench_new();
	CLEANUP(buffer_free) struct buffer text = {};
	uint64_t seed = 2;

	for (size_t i = 0; i < ROUNDS; i++) {
		const struct span der = damage_ders[i % DAMAGE_BLOCKS];
		uint8_t *copy = arena_dup(bench.arena, der.data, der.length);

		/* More at the front, where the structure is. */
		copy[next_random(&seed, i % 2 == 0 ? der.length : 250)] =
			(uint8_t)next_random(&seed, 256);
		buffer_clear(&text);
		pem_write(&text, "CERTIFICATE", span_of(copy, der.length));
		CHECK(holds(&bench, buffer_span(&text)));
	}
	CHECK(bench.doubted > 0 && bench.undoubted > 0);
}

TAP_MAIN()
