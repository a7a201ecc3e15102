/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "stores/damage.h"

/* Damage that can be undone without knowing more than the text. */
static const char *const mendable[] = { "fused", "nul-before", "nul-line", "nul-inside",
	"nul-comment", "mark", "mark-below-comment", "indented", "cr-block", "cr", "double-spaced",
	"no-breaks", "literal-block", "quoted", "latin1-comment", "text-before", "text-behind",
	"utf16", "base64" };

static const struct damage *
damage_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(damages); i++)
		if (strcmp(damages[i].name, name) == 0)
			return &damages[i];
	return NULL;
}

/* All certificates there, and OpenSSL loads them all. */
static bool
is_sound(struct span text, size_t count)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct store *store = stores_open_bytes(stores, "a", text, LOADER_OPENSSL_FILE);

	if (!store->loading.loads || store->loading.certificates != count ||
		store->entry_count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!span_equal(store->entries[i].der, damage_ders[i]))
			return false;
	for (size_t i = 0; i < store->defect_count; i++)
		if (!store->defects[i].harmless)
			return false;
	return true;
}

static bool
mend_one(const char *name, size_t index, size_t count)
{
	const struct damage *damage = damage_named(name);
	CLEANUP(buffer_free) struct buffer text = {}, mended = {}, again = {};

	damage_make(damage, index, count, &text);
	if (damage->cause == CAUSE_STORE_FUSED_BLOCKS && index + 1 == count)
		return true;
	if (pem_mend_text(buffer_span(&text), (enum cause_code)damage->cause, &mended) < 0 ||
		!is_sound(buffer_span(&mended), count)) {
		printf("# %s, block %zu of %zu:\n%.*s\n", name, index, count, (int)mended.length,
			mended.data);
		return false;
	}
	/* It is not there any more, so that nothing is left to undo. */
	return pem_mend_text(buffer_span(&mended), (enum cause_code)damage->cause, &again) < 0;
}

TEST(mend_each, "each damage to the text is undone, wherever it is, and then there is none of it")
{
	bool good = true;

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(mendable); i++) {
		good &= mend_one(mendable[i], 0, 1);
		for (size_t index = 0; index < DAMAGE_BLOCKS; index++)
			good &= mend_one(mendable[i], index, DAMAGE_BLOCKS);
	}
	CHECK(good);
}

/* One block hit in one way, the next in another. */
static void
make_two(const struct damage *a, const struct damage *b, struct buffer *ret)
{
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		const struct damage *damage = i == 0 ? a : i == 1 ? b : damage_named("none");
		CLEANUP(buffer_free) struct buffer block = {};

		pem_write(&block, "CERTIFICATE", damage_ders[i]);
		if (damage->emit != NULL)
			damage->emit(ret, (const char *)block.data, damage_ders[i]);
		else
			buffer_add(ret, block.data, block.length);
	}
	if (a->finish != NULL)
		a->finish(ret);
	if (b->finish != NULL)
		b->finish(ret);
}

static bool
mend_two(struct span text, int first, int second)
{
	CLEANUP(buffer_free) struct buffer once = {}, twice = {};

	return pem_mend_text(text, (enum cause_code)first, &once) == 0 &&
	       pem_mend_text(buffer_span(&once), (enum cause_code)second, &twice) == 0 &&
	       is_sound(buffer_span(&twice), DAMAGE_BLOCKS);
}

TEST(mend_two, "two kinds of damage in one file are undone one after the other")
{
	static const char *const in_lines[] = { "fused", "nul-before", "nul-inside",
		"mark-below-comment", "indented", "cr-block", "no-breaks", "literal-block",
		"latin1-comment", "text-before" };
	bool good = true;

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(in_lines); i++)
		for (size_t k = 0; k < COUNT_OF(in_lines); k++) {
			const struct damage *a = damage_named(in_lines[i]),
					    *b = damage_named(in_lines[k]);
			CLEANUP(buffer_free) struct buffer text = {};

			/* A line end that is lost before other text is that text's damage. */
			if (a->cause == b->cause ||
				(strcmp(a->name, "fused") == 0 &&
					(b->cause == CAUSE_STORE_STRAY_TEXT ||
						strcmp(b->name, "mark-below-comment") == 0)))
				continue;
			make_two(a, b, &text);
			if (mend_two(buffer_span(&text), a->cause, b->cause) &&
				mend_two(buffer_span(&text), b->cause, a->cause))
				continue;
			printf("# %s then %s:\n%.*s", a->name, b->name, (int)text.length,
				text.data);
			good = false;
		}
	CHECK(good);
}

TEST(mend_whole, "a whole file in UTF-16 or base64 is undone first, whatever else is wrong in it")
{
	static const char *const outer[] = { "utf16", "base64" };
	static const char *const inner[] = { "fused", "indented", "cr-block", "literal-block" };

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(outer); i++)
		for (size_t k = 0; k < COUNT_OF(inner); k++) {
			const struct damage *a = damage_named(outer[i]),
					    *b = damage_named(inner[k]);
			CLEANUP(buffer_free) struct buffer text = {};

			make_two(a, b, &text);
			CHECK(mend_two(buffer_span(&text), a->cause, b->cause));
		}
}

TEST(mend_keeps, "the rest of the text stays byte for byte")
{
	CLEANUP(buffer_free) struct buffer text = {}, wanted = {}, mended = {};

	damage_setup();
	buffer_add_text(&text, "# one\r\n");
	pem_write(&text, "CERTIFICATE", damage_ders[0]);
	buffer_add(&wanted, text.data, text.length);
	text.length--;
	pem_write(&text, "CERTIFICATE", damage_ders[1]);
	pem_write(&wanted, "CERTIFICATE", damage_ders[1]);
	buffer_add_text(&text, "\n\n  # \xc3\xa9 end \t\n");
	buffer_add_text(&wanted, "\n\n  # \xc3\xa9 end \t\n");
	CHECK(pem_mend_text(buffer_span(&text), CAUSE_STORE_FUSED_BLOCKS, &mended) == 0);
	CHECK(span_equal(buffer_span(&mended), buffer_span(&wanted)));
}

TEST(mend_refuses, "where the damage is not there, or an entry would be lost, nothing is written")
{
	CLEANUP(buffer_free) struct buffer text = {}, mended = {};

	damage_setup();
	damage_make(damage_named("none"), 0, 3, &text);
	for (size_t i = 0; i < COUNT_OF(mendable); i++)
		CHECK(pem_mend_text(buffer_span(&text),
			      (enum cause_code)damage_named(mendable[i])->cause, &mended) < 0);
	buffer_clear(&text);
	damage_make(damage_named("cut"), 1, 3, &text);
	CHECK(pem_mend_text(buffer_span(&text), CAUSE_STORE_TRUNCATED, &mended) < 0);
	CHECK(pem_mend_text(span_of("", 0), CAUSE_STORE_NUL_BYTES, &mended) < 0);
	CHECK(mended.length == 0);
}

TEST(write_splice_append, "blocks are written, replaced and appended on lines of their own")
{
	CLEANUP(buffer_free) struct buffer block = {}, out = {};

	pem_write(&block, "X", span_of("abc", 3));
	CHECK_TEXT((const char *)block.data, "-----BEGIN X-----\nYWJj\n-----END X-----\n");
	pem_append(span_of("a", 1), buffer_span(&block), &out);
	CHECK_TEXT((const char *)out.data, "a\n-----BEGIN X-----\nYWJj\n-----END X-----\n");
	buffer_clear(&out);
	pem_append(span_of("", 0), span_of("b", 1), &out);
	CHECK_TEXT((const char *)out.data, "b\n");
	buffer_clear(&out);
	pem_splice(span_of("one\nTWO\nthree\n", 14), 4, 3, span_of("2\n", 2), &out);
	CHECK_TEXT((const char *)out.data, "one\n2\nthree\n");
	buffer_clear(&out);
	pem_splice(span_of("oneTWOthree", 11), 3, 3, span_of("2", 1), &out);
	CHECK_TEXT((const char *)out.data, "one\n2\nthree");
	buffer_clear(&out);
	pem_splice(span_of("one\nTWO\nthree\n", 14), 4, 4, (struct span){}, &out);
	CHECK_TEXT((const char *)out.data, "one\nthree\n");
	buffer_clear(&out);
	pem_splice(span_of("one\nTWO", 7), 4, 99, span_of("2\n", 2), &out);
	CHECK_TEXT((const char *)out.data, "one\n2\n");
}

TAP_MAIN()
