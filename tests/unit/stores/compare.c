/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/compare.h"

#include "bundle.h"
#include "tap.h"

static struct entry_set
set_of(struct arena *arena, const struct store *store)
{
	struct entry_set set = {};

	entry_set_add(arena, &set, store);
	return set;
}

TEST(sets, "order and copies say nothing; what one side lacks is named once")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	CLEANUP(buffer_free) struct buffer text = {}, other = {}, third = {};
	const struct pki_cert *a =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=A", .ca = true });
	const struct pki_cert *b =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=B", .ca = true });
	const struct pki_cert *c =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=C", .ca = true });
	const struct pki_cert *const ab[] = { a, b, a }, *const ba[] = { b, a },
				     *const cbc[] = { c, b, c };
	struct entry_set first = set_of(arena, bundle_of(stores, &text, ab, 3));
	struct entry_set second = set_of(arena, bundle_of(stores, &other, ba, 2));
	struct entry_set last = set_of(arena, bundle_of(stores, &third, cbc, 3));
	struct differences differences;

	entry_sets_compare(arena, &first, &second, &differences);
	CHECK(differences.count == 0 && differences.common == 2);
	entry_sets_compare(arena, &first, &last, &differences);
	CHECK(differences.count == 2 && differences.common == 1);
	CHECK(differences.list[0].kind == DIFFERENCE_ONLY_A);
	CHECK(span_equal(differences.list[0].a->der, a->der));
	CHECK(differences.list[1].kind == DIFFERENCE_ONLY_B);
	CHECK(span_equal(differences.list[1].b->der, c->der) && differences.list[1].a == NULL);
}

TEST(trust, "a mark of trust is as good as none; what is not marked, or is bound, is told apart")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct pki_cert *ca =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=A", .ca = true });
	struct entry plain = { .kind = ENTRY_CERTIFICATE, .der = ca->der, .cert = ca->cert };
	struct entry marked = plain, unmarked = plain, bound = plain, rejected = plain;
	const struct entry *one[1], *other[1];
	struct entry_set a = { one, 1, 1 }, b = { other, 1, 1 };
	struct differences differences;

	marked.role = ENTRY_IS_TRUSTED;
	unmarked.role = ENTRY_IS_UNASSIGNED;
	bound.trust = (struct trust_settings){ .present = true,
		.has_trust = true,
		.trusts_client = true,
		.bytes = { (const uint8_t *)"1", 1 } };
	rejected.trust = (struct trust_settings){ .present = true,
		.has_trust = true,
		.trusts_client = true,
		.bytes = { (const uint8_t *)"2", 1 } };
	one[0] = &plain;
	other[0] = &marked;
	entry_sets_compare(arena, &a, &b, &differences);
	CHECK(differences.count == 0);
	other[0] = &unmarked;
	entry_sets_compare(arena, &a, &b, &differences);
	CHECK(differences.count == 1 && differences.list[0].kind == DIFFERENCE_TRUST);
	CHECK(strstr(differences.list[0].text, "not marked as trusted") != NULL);
	one[0] = &bound;
	other[0] = &rejected;
	entry_sets_compare(arena, &a, &b, &differences);
	CHECK(differences.count == 1 && differences.list[0].kind == DIFFERENCE_TRUST);
}

/* X509_CERT_AUX of lists of clientAuth and serverAuth. */
#define C "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"
#define S "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
#define BYTES(text)                                       \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

TEST(settings,
	"trust settings are the same that name the same, in whatever order and with whatever name")
{
	static const struct {
		struct span a, b;
		size_t differ;
	} rows[] = {
		{ BYTES("\x30\x16\x30\x14" C S), BYTES("\x30\x16\x30\x14" S C), 0 },
		{ BYTES("\x30\x16\x30\x14" C S), BYTES("\x30\x19\x30\x14" S C "\x0c\x01n"), 0 },
		{ BYTES("\x30\x16\x30\x14" C S), BYTES("\x30\x16\x30\x14" C C), 1 },
		{ BYTES("\x30\x16\x30\x14" C S), BYTES("\x30\x0c\x30\x0a" C), 1 },
		{ BYTES("\x30\x0c\x30\x0a" C), BYTES("\x30\x18\x30\x0a" C "\xa0\x0a" S), 1 },
		{ BYTES("\x30\x0c\x30\x0a" C), BYTES("\x30\x0e\x30\x0a" C "\xa0\x00"), 1 },
		{ BYTES("\x30\x16\x30\x14" C S), BYTES("\x30\x16\x30\x14" S "\x06\x08\x2b"), 1 },
	};
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct pki_cert *ca =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=A", .ca = true });
	struct entry entries[2];
	const struct entry *one[] = { &entries[0] }, *other[] = { &entries[1] };
	struct entry_set a = { one, 1, 1 }, b = { other, 1, 1 };
	struct differences differences;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		entries[0] = (struct entry){ .kind = ENTRY_CERTIFICATE,
			.der = ca->der,
			.cert = ca->cert,
			.trust = { .present = true, .has_trust = true, .trusts_client = true } };
		entries[1] = entries[0];
		entries[0].trust.bytes = rows[i].a;
		entries[1].trust.bytes = rows[i].b;
		entry_sets_compare(arena, &a, &b, &differences);
		CHECK(differences.count == rows[i].differ);
		entry_sets_compare(arena, &b, &a, &differences);
		CHECK(differences.count == rows[i].differ);
	}
}

TAP_MAIN()
