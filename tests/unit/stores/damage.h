/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A corpus of damaged stores: each kind of damage done to one block of a file of certificates, at
 * any place in it.
 */
#pragma once

#include <openssl/pem.h>
#include <stdlib.h>

#include "stores/stores.h"
#include "x509/make.h"

enum { DAMAGE_BLOCKS = 3 };

struct damage {
	const char *name;
	int cause;    /* that must be named; -1: no defect at all */
	bool is_lost; /* the entry that is hit is no longer whole */
	void (*emit)(
		struct buffer *, const char *block, struct span der); /* instead of the block */
	void (*finish)(struct buffer *);                              /* over the whole text */
};

static struct span damage_ders[DAMAGE_BLOCKS];
static char *damage_key, *damage_encrypted_key;
static struct span damage_crl;

/* Where line number n of the block begins; negative counts from the end (-1: the END line). */
static inline const char *
block_line(const char *block, int n)
{
	int lines = 0;

	for (const char *at = block; *at != '\0'; at++)
		lines += *at == '\n';
	if (n < 0)
		n += lines;
	for (; n > 0; n--)
		block = strchr(block, '\n') + 1;
	return block;
}

static inline void
emit_fused(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, block, strlen(block) - 1);
}

static inline void
emit_cut(struct buffer *out, const char *block, struct span)
{
	const char *middle = block_line(block, 4);

	buffer_add(out, block, (size_t)(middle - block));
}

static inline void
emit_no_end(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, block, (size_t)(block_line(block, -1) - block));
}

static inline void
emit_no_begin(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, block_line(block, 1));
}

static inline void
emit_bare(struct buffer *out, const char *block, struct span)
{
	const char *from = block_line(block, 1);

	buffer_add(out, from, (size_t)(block_line(block, -1) - from));
}

static inline void
emit_bad_base64(struct buffer *out, const char *block, struct span)
{
	const char *at = block_line(block, 3) + 10;

	buffer_add(out, block, (size_t)(at - block));
	buffer_add_text(out, "*");
	buffer_add_text(out, at + 1);
}

static inline void
emit_missing_character(struct buffer *out, const char *block, struct span)
{
	const char *at = block_line(block, 3) + 10;

	buffer_add(out, block, (size_t)(at - block));
	buffer_add_text(out, at + 1);
}

static inline void
emit_missing_line(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, block, (size_t)(block_line(block, 3) - block));
	buffer_add_text(out, block_line(block, 4));
}

static inline void
emit_changed(struct buffer *out, struct span der, size_t at, uint8_t bits)
{
	uint8_t *copy = mem_dup(der.data, der.length);

	copy[at] ^= bits;
	pem_write(out, "CERTIFICATE", span_of(copy, der.length));
	mem_free(copy);
}

static inline void
emit_bad_der(struct buffer *out, const char *, struct span der)
{
	emit_changed(out, der, 6, 0x20); /* the length of the TBS */
}

static inline void
emit_bit_flip(struct buffer *out, const char *, struct span der)
{
	emit_changed(out, der, der.length - 3, 1); /* in the signature */
}

static inline void
emit_surplus(struct buffer *out, const char *, struct span der)
{
	CLEANUP(buffer_free) struct buffer more = {};

	buffer_add(&more, der.data, der.length);
	buffer_add(&more, "\0\0\0", 3);
	pem_write(out, "CERTIFICATE", buffer_span(&more));
}

static inline void
emit_nul_before(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, "\0\0\0\0\0\0\0\0", 8);
	buffer_add_text(out, block);
}

static inline void
emit_nul_line(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, "\0\n", 2);
	buffer_add_text(out, block);
}

static inline void
emit_nul_inside(struct buffer *out, const char *block, struct span)
{
	const char *at = block_line(block, 3) + 10;

	buffer_add(out, block, (size_t)(at - block));
	buffer_add(out, "\0\0", 2);
	buffer_add_text(out, at);
}

static inline void
emit_nul_comment(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, "a comm\0ent\n", 11);
	buffer_add_text(out, block);
}

static inline void
emit_mark(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, "\xef\xbb\xbf");
	buffer_add_text(out, block);
}

static inline void
emit_mark_below_comment(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, "a comment\n\xef\xbb\xbf");
	buffer_add_text(out, block);
}

static inline void
emit_lines(struct buffer *out, const char *block, const char *before, const char *after)
{
	for (const char *at = block; *at != '\0';) {
		const char *end = strchr(at, '\n');

		buffer_add_text(out, before);
		buffer_add(out, at, (size_t)(end - at));
		buffer_add_text(out, after);
		at = end + 1;
	}
}

static inline void
emit_indented(struct buffer *out, const char *block, struct span)
{
	emit_lines(out, block, "    ", "\n");
}

static inline void
emit_crlf(struct buffer *out, const char *block, struct span)
{
	emit_lines(out, block, "", "\r\n");
}

static inline void
emit_cr(struct buffer *out, const char *block, struct span)
{
	emit_lines(out, block, "", "\r");
}

static inline void
emit_trailing_blanks(struct buffer *out, const char *block, struct span)
{
	emit_lines(out, block, "", " \t\n");
}

static inline void
emit_double_spaced(struct buffer *out, const char *block, struct span)
{
	emit_lines(out, block, "", "\n\n");
}

static inline void
emit_no_breaks(struct buffer *out, const char *block, struct span)
{
	emit_lines(out, block, "", "");
	buffer_add_text(out, "\n");
}

static inline void
emit_literal(struct buffer *out, const char *block, struct span)
{
	emit_lines(out, block, "", "\\n");
}

static inline void
emit_long_line(struct buffer *out, const char *block, struct span)
{
	const char *from = block_line(block, 1), *to = block_line(block, -1);

	buffer_add(out, block, (size_t)(from - block));
	for (; from < to; from++)
		if (*from != '\n')
			buffer_add(out, from, 1);
	buffer_add_text(out, "\n");
	buffer_add_text(out, to);
}

static inline void
emit_twice(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, block);
	buffer_add_text(out, block);
}

static inline void
emit_old_label(struct buffer *out, const char *, struct span der)
{
	pem_write(out, "X509 CERTIFICATE", der);
}

static inline void
emit_trusted(struct buffer *out, struct span der, const char *trust, const char *reject)
{
	const unsigned char *at = der.data;
	unsigned char *bytes = NULL;
	X509 *cert = d2i_X509(NULL, &at, (long)der.length);
	int length;

	if (trust != NULL)
		must(X509_add1_trust_object(cert, OBJ_txt2obj(trust, 0)) == 1, "trust");
	if (reject != NULL)
		must(X509_add1_reject_object(cert, OBJ_txt2obj(reject, 0)) == 1, "reject");
	length = i2d_X509_AUX(cert, &bytes);
	pem_write(out, "TRUSTED CERTIFICATE", span_of(bytes, (size_t)length));
	OPENSSL_free(bytes);
	X509_free(cert);
}

static inline void
emit_trusted_server(struct buffer *out, const char *, struct span der)
{
	emit_trusted(out, der, "serverAuth", NULL);
}

static inline void
emit_trusted_client(struct buffer *out, const char *, struct span der)
{
	emit_trusted(out, der, "clientAuth", "emailProtection");
}

static inline void
emit_trusted_reject(struct buffer *out, const char *, struct span der)
{
	emit_trusted(out, der, NULL, "clientAuth");
}

static inline void
emit_other_end(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, block, (size_t)(block_line(block, -1) - block));
	buffer_add_text(out, "-----END X509 CRL-----\n");
}

static inline void
emit_four_dashes(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, block + 1);
}

static inline void
emit_four_dashes_at_end(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, block, strlen(block) - 2);
	buffer_add_text(out, "\n");
}

static inline void
emit_key_before(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, damage_key);
	buffer_add_text(out, block);
}

static inline void
emit_encrypted_key_before(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, damage_encrypted_key);
	buffer_add_text(out, block);
}

static inline void
emit_request_before(struct buffer *out, const char *block, struct span)
{
	pem_write(out, "CERTIFICATE REQUEST", span_of("\x30\x00", 2));
	buffer_add_text(out, block);
}

static inline void
emit_bad_other_before(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out,
		"-----BEGIN PGP MESSAGE-----\n\nmQENB*xyz\n=ab12\n-----END PGP MESSAGE-----\n");
	buffer_add_text(out, block);
}

static inline void
emit_crl_before(struct buffer *out, const char *block, struct span)
{
	pem_write(out, "X509 CRL", damage_crl);
	buffer_add_text(out, block);
}

static inline void
emit_comment(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, "\n# Example Root \xc3\xa9\n===============\n");
	buffer_add_text(out, block);
}

static inline void
emit_latin1_comment(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, "# Soci\xe9t\xe9\n");
	buffer_add_text(out, block);
}

static inline void
emit_text_before(struct buffer *out, const char *block, struct span)
{
	buffer_add_text(out, "ca = ");
	buffer_add_text(out, block);
}

static inline void
emit_text_behind(struct buffer *out, const char *block, struct span)
{
	buffer_add(out, block, strlen(block) - 1);
	buffer_add_text(out, " # the end\n");
}

static inline void
emit_nested(struct buffer *out, const char *block, struct span)
{
	const char *middle = block_line(block, 4);

	buffer_add(out, block, (size_t)(middle - block));
	pem_write(out, "CERTIFICATE", span_of("\x30\x03\x02\x01\x05", 5));
	buffer_add_text(out, middle);
}

static inline void
finish_utf16(struct buffer *text)
{
	struct buffer wide = {};

	buffer_add(&wide, "\xff\xfe", 2);
	for (size_t i = 0; i < text->length; i++) {
		buffer_add(&wide, &text->data[i], 1);
		buffer_add(&wide, "", 1);
	}
	buffer_free(text);
	*text = wide;
}

static inline void
finish_base64(struct buffer *text)
{
	struct buffer again = {};

	base64_encode_lines(buffer_span(text), &again);
	buffer_free(text);
	*text = again;
}

static inline void
finish_quoted(struct buffer *text)
{
	struct buffer line = {};

	buffer_add_text(&line, "{\"ca\": \"");
	emit_lines(&line, (const char *)text->data, "", "\\n");
	buffer_add_text(&line, "\"}\n");
	buffer_free(text);
	*text = line;
}

static inline void
finish_cr(struct buffer *text)
{
	for (size_t i = 0; i < text->length; i++)
		if (text->data[i] == '\n')
			text->data[i] = '\r';
}

static inline void
finish_no_newline(struct buffer *text)
{
	text->length--;
}

static inline void
finish_half_end(struct buffer *text)
{
	text->length -= 9;
}

#define LOST     .is_lost = true
#define CAUSE(c) .cause = CAUSE_STORE_##c
static const struct damage damages[] = {
	{ "none", -1 },
	{ "fused", CAUSE(FUSED_BLOCKS), .emit = emit_fused },
	{ "cut", CAUSE(TRUNCATED), LOST, .emit = emit_cut },
	{ "no-end", CAUSE(TRUNCATED), .emit = emit_no_end },
	{ "half-end", CAUSE(TRUNCATED), .finish = finish_half_end },
	{ "no-begin", CAUSE(CORRUPT_ENTRY), .emit = emit_no_begin },
	{ "bare", CAUSE(CORRUPT_ENTRY), .emit = emit_bare },
	{ "bad-base64", CAUSE(CORRUPT_ENTRY), LOST, .emit = emit_bad_base64 },
	{ "missing-character", CAUSE(CORRUPT_ENTRY), LOST, .emit = emit_missing_character },
	{ "missing-line", CAUSE(CORRUPT_ENTRY), LOST, .emit = emit_missing_line },
	{ "bad-der", CAUSE(CORRUPT_ENTRY), LOST, .emit = emit_bad_der },
	{ "surplus", CAUSE(CORRUPT_ENTRY), .emit = emit_surplus },
	{ "nul-before", CAUSE(NUL_BYTES), .emit = emit_nul_before },
	{ "nul-line", CAUSE(NUL_BYTES), .emit = emit_nul_line },
	{ "nul-inside", CAUSE(NUL_BYTES), .emit = emit_nul_inside },
	{ "nul-comment", CAUSE(NUL_BYTES), .emit = emit_nul_comment },
	{ "mark", CAUSE(BYTE_ORDER_MARK), .emit = emit_mark },
	{ "mark-below-comment", CAUSE(BYTE_ORDER_MARK), .emit = emit_mark_below_comment },
	{ "indented", CAUSE(LINE_ENDINGS), .emit = emit_indented },
	{ "crlf", -1, .emit = emit_crlf },
	{ "cr-block", CAUSE(LINE_ENDINGS), .emit = emit_cr },
	{ "cr", CAUSE(LINE_ENDINGS), .finish = finish_cr },
	{ "trailing-blanks", -1, .emit = emit_trailing_blanks },
	{ "double-spaced", CAUSE(LINE_ENDINGS), .emit = emit_double_spaced },
	{ "no-breaks", CAUSE(LINE_ENDINGS), .emit = emit_no_breaks },
	{ "literal-block", CAUSE(LITERAL_NEWLINES), .emit = emit_literal },
	{ "quoted", CAUSE(LITERAL_NEWLINES), .finish = finish_quoted },
	{ "long-line", -1, .emit = emit_long_line },
	{ "no-newline", -1, .finish = finish_no_newline },
	{ "old-label", -1, .emit = emit_old_label },
	{ "comment", -1, .emit = emit_comment },
	{ "trusted-client", -1, .emit = emit_trusted_client },
	{ "trusted-server", CAUSE(TRUST_SETTINGS), .emit = emit_trusted_server },
	{ "trusted-reject", CAUSE(TRUST_SETTINGS), .emit = emit_trusted_reject },
	{ "other-end", CAUSE(CORRUPT_ENTRY), .emit = emit_other_end },
	{ "four-dashes", CAUSE(CORRUPT_ENTRY), .emit = emit_four_dashes },
	{ "four-dashes-at-end", CAUSE(CORRUPT_ENTRY), .emit = emit_four_dashes_at_end },
	{ "key", CAUSE(FOREIGN_OBJECT), .emit = emit_key_before },
	{ "encrypted-key", CAUSE(FOREIGN_OBJECT), .emit = emit_encrypted_key_before },
	{ "request", CAUSE(FOREIGN_OBJECT), .emit = emit_request_before },
	{ "bad-other", CAUSE(CORRUPT_ENTRY), .emit = emit_bad_other_before },
	{ "crl", -1, .emit = emit_crl_before },
	{ "latin1-comment", CAUSE(STRAY_TEXT), .emit = emit_latin1_comment },
	{ "text-before", CAUSE(STRAY_TEXT), .emit = emit_text_before },
	{ "text-behind", CAUSE(STRAY_TEXT), .emit = emit_text_behind },
	{ "nested", CAUSE(INTERLEAVED_WRITE), LOST, .emit = emit_nested },
	{ "utf16", CAUSE(UTF16), .finish = finish_utf16 },
	{ "base64", CAUSE(DOUBLE_BASE64), .finish = finish_base64 },
};
#undef LOST
#undef CAUSE

/* The text of count certificates, the one at index hit. */
static inline void
damage_make(const struct damage *damage, size_t index, size_t count, struct buffer *ret)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(buffer_free) struct buffer block = {};

		pem_write(&block, "CERTIFICATE", damage_ders[i]);
		if (i == index && damage->emit != NULL)
			damage->emit(ret, (const char *)block.data, damage_ders[i]);
		else
			buffer_add(ret, block.data, block.length);
	}
	if (damage->finish != NULL)
		damage->finish(ret);
}

enum { DAMAGE_KEY_SIZE = 8192 };

/* Into a buffer that lives as long as the program. */
static inline char *
damage_key_text(EVP_PKEY *key, const EVP_CIPHER *cipher, char copy[static DAMAGE_KEY_SIZE])
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long length;

	must(PEM_write_bio_PrivateKey_traditional(bio, key, cipher, (const unsigned char *)"secret",
		     cipher == NULL ? 0 : 6, NULL, NULL) == 1,
		"a key");
	length = BIO_get_mem_data(bio, &text);
	must(length < DAMAGE_KEY_SIZE, "a key that fits");
	memcpy(copy, text, (size_t)length);
	copy[length] = '\0';
	BIO_free(bio);
	return copy;
}

static inline void
damage_make_crl(X509 *issuer, EVP_PKEY *key)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = ASN1_TIME_set(NULL, 1'700'000'000),
		  *later = ASN1_TIME_set(NULL, 2'000'000'000);
	static unsigned char bytes[DAMAGE_KEY_SIZE];
	unsigned char *end = bytes;
	int length;

	must(X509_CRL_set_version(crl, 1) == 1 &&
			X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1 &&
			X509_CRL_set1_lastUpdate(crl, now) == 1 &&
			X509_CRL_set1_nextUpdate(crl, later) == 1 &&
			X509_CRL_sign(crl, key, EVP_sha256()) > 0,
		"a CRL");
	length = i2d_X509_CRL(crl, NULL);
	must(length > 0 && length <= DAMAGE_KEY_SIZE && i2d_X509_CRL(crl, &end) == length,
		"a CRL that fits");
	damage_crl = span_of(bytes, (size_t)length);
	ASN1_TIME_free(now);
	ASN1_TIME_free(later);
	X509_CRL_free(crl);
}

static inline void
damage_setup(void)
{
	static char plain[DAMAGE_KEY_SIZE], encrypted[DAMAGE_KEY_SIZE];
	static const char *const subjects[] = { "O=Lab/CN=Root one", "O=Lab/CN=Root two",
		"O=Lab/CN=Root three" };
	EVP_PKEY *rsa;

	if (damage_ders[0].length > 0)
		return;
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		struct made made = {
			.subject = subjects[i],
			.digest = "SHA256",
			.extensions = { { "basicConstraints", "critical,CA:TRUE" },
				{ "keyUsage", "critical,keyCertSign,cRLSign" },
				{ "subjectKeyIdentifier", "hash" } },
		};
		EVP_PKEY *key = make_key("EC:P-256");
		X509 *cert = make_cert(&made, key, NULL, NULL);

		damage_ders[i] = made_der(cert);
		if (i == 0)
			damage_make_crl(cert, key);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
	rsa = make_key("RSA");
	damage_key = damage_key_text(rsa, NULL, plain);
	damage_encrypted_key = damage_key_text(rsa, EVP_aes_128_cbc(), encrypted);
	EVP_PKEY_free(rsa);
}
