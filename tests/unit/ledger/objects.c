/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "ledger/book.h"
#include "ledger/database.h"
#include "pki.h"
#include "tap.h"

static int64_t
count_objects(struct book *book)
{
	struct err err = { 0 };
	CLEANUP(statement_endp)
	sqlite3_stmt *row = database_prepare(book->ledger, "SELECT count(*) FROM object", &err);

	return row != NULL && database_step(book->ledger, row, &err) > 0
		       ? sqlite3_column_int64(row, 0)
		       : -1;
}

/* The error of putting these bytes, ERR_NONE where they are taken. */
static enum err_code
put_code(struct book *book, struct span bytes)
{
	struct digest digest;
	struct err err = { 0 };

	return ledger_put(book->ledger, bytes, &digest, &err) == 0 ? ERR_NONE : err.code;
}

TEST(by_digest, "content is had back by its SHA-256, byte for byte, and after a restart")
{
	static const uint8_t bytes[] = { 0, 1, '\n', 0xff, 0, '\'' };
	struct span content = span_of(bytes, sizeof(bytes)), found;
	struct digest digest, expected = digest_of(content);
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_put(book.ledger, content, &digest, &err) == 0);
	CHECK(digest_equal(&digest, &expected));
	book_reopen(&book);
	CHECK(ledger_get(book.ledger, book.arena, &digest, &found, &err) == 1);
	CHECK(span_equal(found, content));
}

TEST(once, "the same content is kept once, whoever puts it; other content beside it")
{
	BOOK;

	CHECK(put_code(&book, text_span("a")) == ERR_NONE);
	CHECK(put_code(&book, text_span("a")) == ERR_NONE);
	CHECK(count_objects(&book) == 1);
	CHECK(put_code(&book, text_span("b")) == ERR_NONE);
	CHECK(count_objects(&book) == 2);
}

TEST(nothing, "empty content is content; content that was never put is not there")
{
	struct span found;
	struct digest digest, other = digest_of(text_span("never"));
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_put(book.ledger, text_span(""), &digest, &err) == 0);
	CHECK(ledger_get(book.ledger, book.arena, &digest, &found, &err) == 1);
	CHECK(found.length == 0);
	CHECK(ledger_get(book.ledger, book.arena, &other, &found, &err) == 0);
}

TEST(damaged_object, "content that is not what its digest says is an error, never handed out")
{
	struct span found;
	struct digest digest;
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_put(book.ledger, text_span("good"), &digest, &err) == 0);
	CHECK(database_run(book.ledger, "UPDATE object SET bytes = x'62616421'", &err) == 0);
	CHECK(ledger_get(book.ledger, book.arena, &digest, &found, &err) == -1);
	CHECK(err.code == ERR_DATA);
}

TEST(pem_keys, "a private key of any PEM label is refused wherever it stands, and nothing is kept")
{
	static const char *const labels[] = { "PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
		"RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY",
		"ANY PRIVATE KEY" };
	BOOK;

	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		const char *text = arena_printf(book.arena,
			"# bundle\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
			"-----BEGIN %s-----\r\nMAA=\r\n-----END %s-----\r\n",
			labels[i], labels[i]);

		CHECK(put_code(&book, text_span(text)) == ERR_DATA);
	}
	CHECK(count_objects(&book) == 0);
}

TEST(hurt_keys, "a key whose label lines are damaged is a key all the same")
{
	static const char *const texts[] = {
		"-----BEGIN PRIVATE KEY----\nMAA=\n-----END PRIVATE KEY-----\n",
		"----BEGIN PRIVATE KEY-----\nMAA=\n",
		"MAA=\n-----END EC PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY\nMAA=\n",
		"x-----BEGIN PRIVATE KEY----- MAA= -----END PRIVATE KEY-----",
	};
	BOOK;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		CHECK(put_code(&book, text_span(texts[i])) == ERR_DATA);
	CHECK(count_objects(&book) == 0);
}

/* The text as UTF-16, as an editor writes it. */
static struct span
utf16(struct arena *arena, const char *text, bool big)
{
	size_t length = strlen(text);
	uint8_t *bytes = arena_alloc(arena, 2 * length + 2);

	memcpy(bytes, big ? "\xfe\xff" : "\xff\xfe", 2);
	for (size_t i = 0; i < length; i++)
		bytes[2 + 2 * i + big] = (uint8_t)text[i];
	return span_of(bytes, 2 * length + 2);
}

TEST(disguised_keys, "a key in UTF-16, or in base64 of its PEM, is refused too")
{
	static const char key[] = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
	CLEANUP(buffer_free) struct buffer twice = { 0 };
	CLEANUP(buffer_free) struct buffer spaced = { 0 };
	BOOK;

	CHECK(put_code(&book, utf16(book.arena, key, false)) == ERR_DATA);
	CHECK(put_code(&book, utf16(book.arena, key, true)) == ERR_DATA);
	base64_encode_lines(text_span(key), &twice);
	CHECK(put_code(&book, buffer_span(&twice)) == ERR_DATA);
	buffer_add_text(&spaced, "\n  ");
	buffer_add(&spaced, twice.data, twice.length);
	CHECK(put_code(&book, buffer_span(&spaced)) == ERR_DATA);
	CHECK(count_objects(&book) == 0);
}

TEST(binary_keys, "DER keys, bare base64 of them, PKCS#12 and Java keystores are refused")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	const struct pki_cert *cert = pki_issue(pki, &(struct pki_spec){ .subject = "CN=a" });
	const struct pki_cert *rsa =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=b", .key = PKI_RSA_2048 });
	PKCS12 *box = PKCS12_create("x", "a", cert->key, cert->x509, NULL, 0, 0, 0, 0, 0);
	uint8_t *der[3] = { NULL };
	int length[3];
	BOOK;

	length[0] = i2d_PrivateKey(cert->key, &der[0]);
	length[1] = i2d_PrivateKey(rsa->key, &der[1]);
	length[2] = i2d_PKCS12(box, &der[2]);
	PKCS12_free(box);
	for (size_t i = 0; i < 3; i++) {
		CHECK(length[i] > 0);
		CHECK(put_code(&book, span_of(der[i], (size_t)length[i])) == ERR_DATA);
		OPENSSL_free(der[i]);
	}
	{
		CLEANUP(buffer_free) struct buffer bare = { 0 };

		base64_encode_lines(
			span_of("\x30\x0a\x02\x01\0\x30\x05\x06\x03\x2b\x65\x70", 12), &bare);
		CHECK(put_code(&book, buffer_span(&bare)) == ERR_DATA);
	}
	CHECK(put_code(&book, span_of("\xfe\xed\xfe\xed\0\0\0\2", 8)) == ERR_DATA);
	CHECK(put_code(&book, span_of("\xce\xce\xce\xce\0\0\0\2", 8)) == ERR_DATA);
	CHECK(count_objects(&book) == 0);
}

TEST(no_keys, "certificates, CRLs and text that only speaks of keys are taken")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	const struct pki_cert *root =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	const struct crl *crl = pki_crl(pki, &(struct pki_crl_spec){ .issuer = root });
	static const char *const texts[] = {
		"# the private key is on the other machine\n",
		"# PRIVATE KEY of this CA: in the vault\n",
		"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
		"-----BEGIN CERTIFICATE",
		"0",
		"0\x82",
	};
	BOOK;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		CHECK(put_code(&book, text_span(texts[i])) == ERR_NONE);
	CHECK(put_code(&book, root->der) == ERR_NONE);
	CHECK(put_code(&book, crl->der) == ERR_NONE);
	CHECK(count_objects(&book) == (int64_t)COUNT_OF(texts) + 2);
}

TEST(too_large, "more than 64 MiB of one file is not kept")
{
	const size_t size = ((size_t)64 << 20) + 1;
	CLEANUP(mem_freep) void *bytes = mem_zalloc(size);
	BOOK;

	CHECK(put_code(&book, span_of(bytes, size)) == ERR_LIMIT);
	CHECK(count_objects(&book) == 0);
}

TAP_MAIN()
