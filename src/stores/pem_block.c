/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/pem_block.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "stores/pem_decode.h"
#include "stores/pkcs7.h"

struct label_meaning {
	const char *label;
	enum entry_kind kind;
	bool has_trust;
};

/* The labels of pem.h of OpenSSL that a store may hold. */
static const struct label_meaning meanings[] = {
	{ "CERTIFICATE", ENTRY_CERTIFICATE, false },
	{ "X509 CERTIFICATE", ENTRY_CERTIFICATE, false },
	{ "TRUSTED CERTIFICATE", ENTRY_CERTIFICATE, true },
	{ "X509 CRL", ENTRY_CRL, false },
	{ "CERTIFICATE REQUEST", ENTRY_REQUEST, false },
	{ "NEW CERTIFICATE REQUEST", ENTRY_REQUEST, false },
	{ "PRIVATE KEY", ENTRY_PRIVATE_KEY, false },
	{ "RSA PRIVATE KEY", ENTRY_PRIVATE_KEY, false },
	{ "EC PRIVATE KEY", ENTRY_PRIVATE_KEY, false },
	{ "ENCRYPTED PRIVATE KEY", ENTRY_PRIVATE_KEY, false },
};

static bool
label_is(struct span label, const char *text)
{
	return label.length == strlen(text) && memcmp(label.data, text, label.length) == 0;
}

static struct label_meaning
label_meaning(struct arena *arena, struct span label)
{
	static const char key[] = "PRIVATE KEY";
	struct label_meaning other = { .kind = ENTRY_OTHER };

	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (label_is(label, meanings[i].label))
			return meanings[i];
	if (span_find(label, key, 0) != SIZE_MAX)
		other.kind = ENTRY_PRIVATE_KEY;
	other.label = text_sanitize(arena, (const char *)label.data, label.length);
	return other;
}

void
pem_stretch_add(struct pem_stretch *stretch, size_t from, size_t to)
{
	if (!stretch->found || from < stretch->from)
		stretch->from = from;
	if (!stretch->found || to > stretch->to)
		stretch->to = to;
	stretch->found = true;
}

struct defect *
pem_defect(struct pem_reading *reading, enum cause_code cause, size_t from, size_t to,
	const char *text)
{
	size_t offset = pem_views_offset(&reading->views, from);
	size_t end = pem_views_end(&reading->views, to);

	return builder_defect(
		reading->builder, cause, offset, end > offset ? end - offset : 0, "%s", text);
}

/* Comments belong to the block below them, up to an empty line or the block above. */
static size_t
comment_start(const struct pem_reading *reading, size_t offset)
{
	const uint8_t *text = reading->text.data;
	size_t start = offset, at = offset;

	while (at > reading->block_end) {
		size_t line = at - 1;

		while (line > reading->block_end && text[line - 1] != '\n')
			line--;
		if (line == reading->block_end && line > 0)
			return start;
		for (size_t i = line; i < at; i++)
			if (text[i] > ' ')
				start = line;
		if (start != line)
			return start;
		at = line;
	}
	return start;
}

static struct place
block_place(struct pem_reading *reading, const struct pem_block *block)
{
	struct place place = { .text_offset = comment_start(reading, block->from) };

	place.text_offset = pem_views_offset(&reading->views, place.text_offset);
	place.offset = pem_views_offset(&reading->views, block->from);
	place.length = pem_views_end(&reading->views, block->to);
	place.length = place.length > place.offset ? place.length - place.offset : 0;
	return place;
}

/* An object whose bytes are not looked at. */
static void
entry_plain(struct pem_reading *reading, const struct label_meaning *meaning,
	const struct place *place, struct span der)
{
	struct entry *entry = builder_entry(reading->builder);

	if (entry == NULL)
		return;
	entry->kind = meaning->kind;
	entry->label = meaning->label;
	entry->der = der;
	entry->offset = place->offset;
	entry->length = place->length;
	entry->text_offset = place->text_offset;
	entry->line = builder_line(reading->builder, place->offset);
}

static bool
der_is_complete(struct span der)
{
	struct der cursor = der_of(der);

	(void)der_next(&cursor);
	return cursor.fault == NULL;
}

/* Whether the library's reader gets through the block's lines. */
static bool
openssl_reads_block(const struct pem_reading *reading, const struct pem_block *block)
{
	BIO *bio =
		BIO_new_mem_buf(reading->text.data + block->from, (int)(block->to - block->from));
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long length = 0;
	bool reads;

	ERR_set_mark();
	reads = PEM_read_bio(bio, &name, &header, &data, &length) == 1;
	ERR_pop_to_mark();
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(data, (size_t)length);
	BIO_free(bio);
	return reads;
}

/* What is wrong with the block's frame or base64, or NULL. */
static const char *
block_damage(struct pem_reading *reading, const struct pem_block *block,
	const struct pem_body *body, enum cause_code *ret_cause)
{
	*ret_cause = CAUSE_STORE_CORRUPT_ENTRY;
	switch (block->frame) {
	case PEM_FRAME_NO_END:
		*ret_cause = CAUSE_STORE_TRUNCATED;
		return block->to == reading->text.length
			       ? "the file ends within this block"
			       : "this block is cut off: another one begins before its END line";
	case PEM_FRAME_INTERLEAVED:
		*ret_cause = CAUSE_STORE_INTERLEAVED_WRITE;
		return "another block begins within this one: two writers wrote at once";
	case PEM_FRAME_NO_BEGIN:
		return "the BEGIN line of this block is missing";
	case PEM_FRAME_WHOLE:
		break;
	}
	if ((block->begin->flaws | block->end->flaws) & PEM_FLAW_DASHES)
		return "the BEGIN or END line of this block is damaged";
	if (!span_equal(block->begin->label, block->end->label))
		return "the END line of this block names something else than its BEGIN line";
	if (body->fault != SIZE_MAX)
		return "a character in this block is not base64";
	return body->is_cut ? "characters are missing in this block's base64" : NULL;
}

/* The marker lines' other flaws, which hide the block from a reader by lines. */
static void
block_note_flaws(
	struct pem_reading *reading, const struct pem_block *block, const struct pem_body *body)
{
	const unsigned hiding = PEM_FLAW_INDENT | PEM_FLAW_CR | PEM_FLAW_NO_BREAK;
	unsigned flaws = (block->begin == NULL ? 0 : block->begin->flaws) |
			 (block->end == NULL ? 0 : block->end->flaws);

	if (flaws & PEM_FLAW_LITERAL || body->has_literal)
		pem_stretch_add(&reading->literal, block->from, block->to);
	if (flaws & hiding)
		pem_stretch_add(&reading->hidden, block->from, block->to);
	else if (flaws == 0 && body->has_empty_line && block->frame == PEM_FRAME_WHOLE &&
		 body->fault == SIZE_MAX && !openssl_reads_block(reading, block))
		pem_stretch_add(&reading->hidden, block->from, block->to);
}

/* What stands below a label that no engine knows: a certificate or CRL is one all the same. */
static enum entry_kind
kind_of(struct span der)
{
	struct der cursor = der_of(der);
	struct cert cert;
	struct crl crl;
	const char *fault;
	size_t offset;

	der = der_next(&cursor).whole; /* trust settings may follow it */
	if (cert_read(der, &cert, &fault, &offset) == 0)
		return ENTRY_CERTIFICATE;
	return crl_read(der, &crl, &fault, &offset) == 0 ? ENTRY_CRL : ENTRY_OTHER;
}

static void
block_object(struct pem_reading *reading, const struct label_meaning *meaning,
	const struct place *place, struct span der, bool is_damaged)
{
	struct object object = { meaning->kind, meaning->has_trust, der };

	if (meaning->kind == ENTRY_OTHER && !is_damaged)
		object.kind = kind_of(der);
	if (object.kind != ENTRY_CERTIFICATE && object.kind != ENTRY_CRL) {
		if (!is_damaged)
			entry_plain(reading, meaning, place, der);
		return;
	}
	/* Cut off by base64 already: the bytes that are there tell nothing new. */
	if (is_damaged && !der_is_complete(der))
		return;
	(void)builder_object(reading->builder, &object, place, meaning->label);
}

/* A container among the blocks: what it holds are entries too, which no reader of PEM loads. */
static void
block_container(struct pem_reading *reading, struct span der, struct place place, bool is_damaged)
{
	place.is_enclosing = true;
	if (is_damaged)
		builder_salvage(reading->builder, der, &place);
	else
		pkcs7_read_block(reading->builder, der, &place);
}

/* Keys are not in the pool. */
static void
show_decoded(struct pem_reading *reading)
{
	struct decoding *decoding = reading->builder->decoding;

	if (decoding == NULL ||
		(decoding->bytes.data != NULL && decoding->bytes.data != reading->pool))
		return;
	decoding->bytes = span_of(reading->pool, reading->pool_used);
	decoding->shown += decoding->show(
		span_of(reading->pool + decoding->shown, reading->pool_used - decoding->shown));
}

static struct pem_body
block_decode(struct pem_reading *reading, const struct pem_block *block, bool keeps,
	struct span *ret_der)
{
	struct span body =
		span_of(reading->text.data + block->body_from, block->body_to - block->body_from);
	struct pem_body result;

	pem_decode(body, keeps ? reading->pool + reading->pool_used : NULL, &result);
	*ret_der = keeps ? span_of(reading->pool + reading->pool_used, result.length)
			 : (struct span){};
	reading->pool_used += keeps ? result.length : 0;
	show_decoded(reading);
	return result;
}

void
pem_block_read(struct pem_reading *reading, const struct pem_block *block)
{
	struct span label = block->begin != NULL ? block->begin->label : block->end->label;
	struct label_meaning meaning = label_meaning(reading->builder->arena, label);
	struct place place = block_place(reading, block);
	enum cause_code cause;
	struct span der;
	struct pem_body body =
		block_decode(reading, block, meaning.kind != ENTRY_PRIVATE_KEY, &der);
	const char *damage = block_damage(reading, block, &body, &cause);

	if (damage != NULL) {
		struct defect *defect = builder_defect(
			reading->builder, cause, place.offset, place.length, "%s", damage);

		if (defect != NULL) {
			defect->salvage = der;
			defect->is_block = block->begin != NULL;
		}
	}
	block_object(reading, &meaning, &place, der, damage != NULL);
	if (pkcs7_is_label(label))
		block_container(reading, der, place, damage != NULL);
	block_note_flaws(reading, block, &body);
	reading->block_end = block->to;
}

/* Whether base64 decodes to text, from one of the four places in a group where its first byte may
 * begin: base64 of PEM, as a member of a Secret is, and what held it is lost. */
static bool
holds_text(struct span digits)
{
	enum { PHASES = 4, LOOKED_AT = 64 };

	for (size_t phase = 0; phase < PHASES && phase < digits.length; phase++) {
		uint32_t bits = 0;
		size_t count = 0, bytes = 0;
		bool is_text = true;

		for (size_t i = phase; i < digits.length && bytes < LOOKED_AT && is_text; i++) {
			int value = base64_value(digits.data[i]);

			if (value < 0)
				continue;
			bits = bits << 6 | (uint32_t)value;
			if (++count % 4 == 1)
				continue;
			const uint8_t byte = (uint8_t)(bits >> (6 - 2 * ((count - 1) % 4)));

			is_text = byte == '\n' || byte == '\r' || (byte >= ' ' && byte < 0x7f);
			bytes++;
		}
		if (is_text && bytes == LOOKED_AT)
			return true;
	}
	return false;
}

bool
pem_block_read_bare(struct pem_reading *reading, size_t from, size_t to)
{
	struct pem_block block = { .from = from, .to = to, .body_from = from, .body_to = to };
	struct place place = block_place(reading, &block);
	struct label_meaning meaning = meanings[0];
	struct span der;
	struct pem_body body = block_decode(reading, &block, true, &der);
	struct defect *defect;

	if (body.fault != SIZE_MAX || der.length < 4 || der.data[0] != DER_SEQUENCE ||
		(der.data[1] & 0x80) == 0) {
		if (holds_text(span_of(reading->text.data + from, to - from)))
			(void)builder_defect(reading->builder, CAUSE_STORE_CORRUPT_ENTRY,
				place.offset, place.length,
				"base64 of text stands here, and belongs to no block");
		return false;
	}
	defect = builder_defect(reading->builder, CAUSE_STORE_CORRUPT_ENTRY, place.offset,
		place.length, "base64 stands here without BEGIN and END lines");
	if (defect != NULL)
		defect->salvage = der;
	if (der_is_complete(der)) {
		struct cert cert;
		const char *fault;
		size_t offset;

		if (cert_read(der, &cert, &fault, &offset) == 0)
			block_object(reading, &meaning, &place, der, true);
	}
	reading->block_end = to;
	return true;
}
