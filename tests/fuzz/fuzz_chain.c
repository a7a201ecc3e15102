/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as a small graph of certificates, four bytes each: whose name, whose key, who signed, what
 * it may do, and whether the client sends it or a store holds it. All are real, and libcrypto
 * judges them as well: whom it accepts, for him we must have a path without fault; and whom the
 * standard accepts has a path whose every step holds.
 */
#include <openssl/evp.h>
#include <string.h>

#include "fuzz.h"
#include "verify/issued.h"
#include "verify/verify.h"

enum {
	NAMES = 8,
	KEYS = 8,
	CERTS_MAX = 10,
	CERT_BYTES = 4,
	MADE_MAX = 1 << 14, /* certificates that are kept, from run to run; a power of two */
	CERT_SIZE_MAX = 512,
	JUDGE_RUNS = 500,
	KEY_SIZE = 32,
	SIGNATURE_SIZE = 64,
	AT = 1'780'272'000, /* 2026-06-01 */
};

#define ED25519 "\x30\x05\x06\x03\x2b\x65\x70"
#define VALID              \
	"\x30\x1e\x17\x0d" \
	"250101000000Z"    \
	"\x17\x0d"         \
	"300101000000Z"
#define EXPIRED            \
	"\x30\x1e\x17\x0d" \
	"200101000000Z"    \
	"\x17\x0d"         \
	"210101000000Z"
#define OID_BASIC_CONSTRAINTS "\x55\x1d\x13"
#define OID_KEY_USAGE         "\x55\x1d\x0f"
#define OID_SUBJECT_KEY_ID    "\x55\x1d\x0e"
#define OID_AUTHORITY_KEY_ID  "\x55\x1d\x23"
#define TEXT(literal)         span_of(literal, sizeof(literal) - 1)

static EVP_PKEY *keys[KEYS];
static uint8_t public_keys[KEYS][KEY_SIZE];

static void
make_keys(void)
{
	for (unsigned i = 0; i < KEYS && keys[i] == NULL; i++) {
		uint8_t private_key[KEY_SIZE] = { (uint8_t)(i + 1) };
		size_t size = KEY_SIZE;

		keys[i] =
			EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, KEY_SIZE);
		fuzz_require(keys[i] != NULL &&
			     EVP_PKEY_get_raw_public_key(keys[i], public_keys[i], &size) == 1);
	}
}

/* SEQUENCE { SET { SEQUENCE { CN, "A" } } } */
static void
put_name(struct buffer *out, unsigned number)
{
	uint8_t name[] = "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
			 "A";

	name[sizeof(name) - 2] = (uint8_t)('A' + number);
	buffer_add(out, name, sizeof(name) - 1);
}

static void
put_key(struct buffer *out, unsigned number)
{
	CLEANUP(buffer_free) struct buffer content = {};
	CLEANUP(buffer_free) struct buffer bits = {};

	buffer_add(&content, ED25519, sizeof(ED25519) - 1);
	buffer_add(&bits, "", 1);
	buffer_add(&bits, public_keys[number], KEY_SIZE);
	der_put(&content, DER_BIT_STRING, buffer_span(&bits));
	der_put(out, DER_SEQUENCE, buffer_span(&content));
}

static void
put_extension(struct buffer *out, struct span oid, struct span value)
{
	CLEANUP(buffer_free) struct buffer content = {};

	der_put(&content, DER_OID, oid);
	der_put(&content, DER_OCTET_STRING, value);
	der_put(out, DER_SEQUENCE, buffer_span(&content));
}

/* One certificate's four bytes. */
struct plan {
	unsigned subject, key, issuer, signer, authority;
	bool broken, has_authority, is_ca, has_length, expired, has_usage, may_sign, has_key_id,
		sent, stored;
	uint8_t length;
};

static struct plan
plan_of(const uint8_t *bytes)
{
	return (struct plan){
		.subject = bytes[0] & 7,
		.key = bytes[0] >> 3 & 7,
		.sent = (bytes[0] & 0x40) != 0,
		.stored = (bytes[0] & 0x80) != 0,
		.issuer = bytes[1] & 7,
		.signer = bytes[1] >> 3 & 7,
		.broken = (bytes[1] & 0xc0) == 0xc0,
		.is_ca = (bytes[2] & 1) == 0,
		.has_length = (bytes[2] & 0x06) == 0x06,
		.length = bytes[2] >> 3 & 3,
		.expired = (bytes[2] & 0xe0) == 0xe0,
		.has_usage = (bytes[3] & 1) != 0,
		.may_sign = (bytes[3] & 0x0e) != 0,
		.has_key_id = (bytes[3] & 0x10) != 0,
		.has_authority = (bytes[3] & 0x20) != 0,
		.authority = (bytes[3] & 0xc0) == 0xc0 ? bytes[3] >> 1 & 7 : bytes[1] >> 3 & 7,
	};
}

static void
put_extensions(struct buffer *out, const struct plan *plan)
{
	static const uint8_t ca[] = { 0x30, 0x03, 0x01, 0x01, 0xff };
	uint8_t limited[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, plan->length };
	uint8_t usage[] = { 0x03, 0x02, 0x02, plan->may_sign ? 0x84 : 0x80 };
	uint8_t own[] = { 0x04, 0x01, (uint8_t)plan->key };
	uint8_t authority[] = { 0x30, 0x03, 0x80, 0x01, (uint8_t)plan->authority };

	if (plan->is_ca)
		put_extension(out, TEXT(OID_BASIC_CONSTRAINTS),
			plan->has_length ? span_of(limited, sizeof(limited))
					 : span_of(ca, sizeof(ca)));
	if (plan->has_usage)
		put_extension(out, TEXT(OID_KEY_USAGE), span_of(usage, sizeof(usage)));
	if (plan->has_key_id)
		put_extension(out, TEXT(OID_SUBJECT_KEY_ID), span_of(own, sizeof(own)));
	if (plan->has_authority)
		put_extension(
			out, TEXT(OID_AUTHORITY_KEY_ID), span_of(authority, sizeof(authority)));
}

static void
put_tbs(struct buffer *out, const struct plan *plan, uint8_t serial)
{
	CLEANUP(buffer_free) struct buffer content = {};
	CLEANUP(buffer_free) struct buffer rows = {};
	CLEANUP(buffer_free) struct buffer extensions = {};

	buffer_add(&content, "\xa0\x03\x02\x01\x02", 5);
	der_put(&content, DER_INTEGER, span_of(&serial, 1));
	buffer_add(&content, ED25519, sizeof(ED25519) - 1);
	put_name(&content, plan->issuer);
	buffer_add(&content, plan->expired ? EXPIRED : VALID, sizeof(VALID) - 1);
	put_name(&content, plan->subject);
	put_key(&content, plan->key);
	put_extensions(&rows, plan);
	if (rows.length > 0) {
		der_put(&extensions, DER_SEQUENCE, buffer_span(&rows));
		der_put(&content, DER_CONTEXT_CONSTRUCTED(3), buffer_span(&extensions));
	}
	der_put(out, DER_SEQUENCE, buffer_span(&content));
}

static void
make_cert(const struct plan *plan, uint8_t serial, struct buffer *ret)
{
	CLEANUP(buffer_free) struct buffer content = {};
	uint8_t bits[1 + SIGNATURE_SIZE] = {};
	size_t size = SIGNATURE_SIZE;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	put_tbs(&content, plan, serial);
	fuzz_require(EVP_DigestSignInit(context, NULL, NULL, NULL, keys[plan->signer]) == 1 &&
		     EVP_DigestSign(context, bits + 1, &size, content.data, content.length) == 1);
	EVP_MD_CTX_free(context);
	bits[1] ^= plan->broken;
	buffer_add(&content, ED25519, sizeof(ED25519) - 1);
	der_put(&content, DER_BIT_STRING, span_of(bits, sizeof(bits)));
	der_put(ret, DER_SEQUENCE, buffer_span(&content));
}

/* The same bytes at the same place are the same certificate, so most have been signed before. */
static struct span
cert_of(const uint8_t bytes[static CERT_BYTES], uint8_t serial)
{
	static struct {
		uint8_t bytes[CERT_BYTES], serial;
		uint16_t length;
		uint8_t der[CERT_SIZE_MAX];
	} made[MADE_MAX];
	CLEANUP(buffer_free) struct buffer der = {};
	struct plan plan = plan_of(bytes);
	uint32_t hash = serial;

	for (unsigned i = 0; i < CERT_BYTES; i++)
		hash = (hash ^ bytes[i]) * UINT32_C(0x9e3779b1);
	hash = (hash >> 16 ^ hash) % MADE_MAX;
	if (made[hash].serial != serial || memcmp(made[hash].bytes, bytes, CERT_BYTES) != 0) {
		make_cert(&plan, serial, &der);
		fuzz_require(der.length <= CERT_SIZE_MAX);
		made[hash].serial = serial;
		made[hash].length = (uint16_t)der.length;
		(void)memcpy(made[hash].bytes, bytes, CERT_BYTES);
		(void)memcpy(made[hash].der, der.data, der.length);
	}
	return span_of(made[hash].der, made[hash].length);
}

struct graph_of_bytes {
	struct cert certs[CERTS_MAX], sent[CERTS_MAX];
	struct trusted stored[CERTS_MAX];
	size_t sent_count, stored_count;
};

/* The first is the leaf. */
static void
make_graph(struct arena *arena, struct span bytes, struct graph_of_bytes *ret)
{
	const char *fault;
	size_t offset;

	for (unsigned i = 0; i < CERTS_MAX && (i + 1) * CERT_BYTES <= bytes.length; i++) {
		const uint8_t *own = bytes.data + i * CERT_BYTES;
		struct plan plan = plan_of(own);
		struct span der = cert_of(own, (uint8_t)(i + 1));

		/* Another one of this run may take its place. */
		der.data = arena_dup(arena, der.data, der.length);
		fuzz_require(cert_read(der, &ret->certs[i], &fault, &offset) == 0);
		if (plan.sent || i == 0)
			ret->sent[ret->sent_count++] = ret->certs[i];
		if (plan.stored)
			ret->stored[ret->stored_count++].cert = &ret->certs[i];
	}
}

/* An anchor, and each step below the first one by name and signature. What the client sends beyond
 * an anchor that is no root carries nothing. */
static void
check_path(struct judge *judge, const struct path *path)
{
	unsigned anchor = 0;

	fuzz_require(path->length > 0 && path->ends_in_anchor);
	while (anchor < path->length && path->anchors[anchor] == NULL)
		anchor++;
	fuzz_require(anchor < path->length);
	for (unsigned i = 0; i < anchor; i++) {
		fuzz_require(name_equal(path->certs[i]->issuer, path->certs[i + 1]->subject));
		fuzz_require(signature_cert(judge_signatures(judge), path->certs[i],
				     path->certs[i + 1]->spki) == SIGNATURE_GOOD);
	}
}

static void
judge_graph(struct judge *judge, struct arena *arena, const struct graph_of_bytes *graph,
	unsigned manner)
{
	struct verifier verifier = { .name = "fuzz",
		.mode = MODE_REQUIRED,
		.engine = "openssl",
		.depth.value = -1,
		.security_level = 1,
		.purpose = PURPOSE_ANY,
		.by_standard = (manner & 1) != 0,
		.partial_chain = (manner & 2) != 0 };
	struct trust trust = { .loads = true,
		.anchors = (struct trusted *)(uintptr_t)graph->stored,
		.anchor_count = graph->stored_count };
	struct client client = {
		.name = "fuzz", .chain = graph->sent, .chain_length = graph->sent_count
	};
	const struct verdict *verdict;

	trust_seal(&trust);
	verdict = judge_client(judge, arena, &verifier, &trust, &client, AT);
	fuzz_require(verdict->path_count <= PATH_MAX_PATHS);
	for (size_t i = 0; i < verdict->path_count; i++)
		fuzz_require(verdict->paths[i].length <= PATH_MAX_DEPTH &&
			     verdict->paths[i].failure_count <= PATH_MAX_FAILURES);
	if (!verdict->accepted)
		return;
	fuzz_require(verdict->path_count > 0);
	/* Ours explains what the library accepts: a path that it cannot be blamed for is there. */
	fuzz_require(verdict->difference == NULL);
	check_path(judge, &verdict->paths[0]);
}

/* One for many runs: to libcrypto it takes longer to read a certificate and its key than to judge.
 */
static struct judge *
judge_of_runs(void)
{
	static struct judge *judge;
	static unsigned runs;

	if (runs++ % JUDGE_RUNS == 0) {
		judge_free(judge);
		judge = judge_new();
	}
	return judge;
}

static void
use(struct span bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct judge *judge = judge_of_runs();
	struct graph_of_bytes graph = {};

	/* What is longer says nothing more, and mutations would be spent on it. */
	if (bytes.length > CERTS_MAX * CERT_BYTES)
		return;
	make_keys();
	make_graph(arena, bytes, &graph);
	for (unsigned manner = 0; graph.sent_count > 0 && manner < 4; manner++)
		judge_graph(judge, arena, &graph, manner);
}

FUZZ(use(bytes))
