/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/crl_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "list.h"
#include "tap.h"
#include "x509/crl_window.h"

enum { MANY = 900 };

static void
put_some(struct buffer *der)
{
	CLEANUP(buffer_free) struct buffer entries = {};

	for (unsigned i = 0; i < MANY; i++) {
		CLEANUP(buffer_free) struct buffer content = {};
		uint8_t serial[3] = { 0x10, (uint8_t)(i >> 8), (uint8_t)i };

		der_put(&content, DER_INTEGER, span_of(serial, sizeof(serial)));
		buffer_add_text(&content, UTC);
		der_put(&entries, DER_SEQUENCE, buffer_span(&content));
	}
	put_list(der, &entries, (struct span){});
}

/* A file without a name that holds the bytes. */
static int
file_of(struct span bytes)
{
	char path[] = "/tmp/trustmend-unit-XXXXXX";
	int fd = mkstemp(path);

	must(fd >= 0 && unlink(path) == 0 &&
			write(fd, bytes.data, bytes.length) == (ssize_t)bytes.length,
		"a file");
	return fd;
}

static int
read_file(int fd, struct crl *ret, struct crl_list **ret_list, struct crl_fault *ret_fault)
{
	struct crl_reading reading = { crl_source_file(dup(fd)), 1024, NULL };

	return crl_list_read(&reading, ret, ret_list, ret_fault);
}

TEST(source_file, "a file is read, and what was cut, grown or rewritten since is no answer")
{
	CLEANUP(buffer_free) struct buffer der = {};
	static const uint8_t serial[] = { 0x10, 0x03, 0x99 };
	struct crl_list *list;
	struct crl_fault fault;
	struct crl crl;
	int fd;

	put_some(&der);
	for (unsigned how = 0; how < 4; how++) {
		fd = file_of(buffer_span(&der));
		CHECK(read_file(fd, &crl, &list, &fault) == 0 && crl.entry_count == MANY);
		CHECK(crl_find(&crl, span_of(serial, 3), NULL) == 0);
		CHECK(crl_find(&crl, span_of("\x10\x03\x01", 3), NULL) == 1);
		(void)usleep(20'000); /* a tick of the file system's clock */
		if (how == 0)
			CHECK(ftruncate(fd, (off_t)der.length / 2) == 0);
		if (how == 1)
			CHECK(ftruncate(fd, (off_t)der.length + 4096) == 0);
		if (how == 2)
			CHECK(pwrite(fd, "\x02", 1, 200) == 1);
		for (unsigned i = 0; i < 2 * CRL_WALKS_BEFORE_INDEX; i++)
			CHECK(crl_find(&crl, span_of("\x10\x03\x01", 3), NULL) ==
				(how < 3 ? -1 : 1));
		crl_list_free(list);
		(void)close(fd);
	}
}

TEST(source_again, "a second reader of a file wants what the first one found")
{
	CLEANUP(buffer_free) struct buffer der = {};
	CLEANUP(crl_source_freep) struct crl_source *first = NULL, *second = NULL, *late = NULL;
	struct digest wanted, found;
	int fd;

	put_some(&der);
	wanted = digest_of(buffer_span(&der));
	fd = file_of(buffer_span(&der));
	first = crl_source_file(fd);
	second = crl_source_again(first);
	CHECK(crl_source_status(second)->st_size == (off_t)der.length);
	CHECK(crl_source_digest(second, &found) == 0 && digest_equal(&found, &wanted));
	(void)usleep(20'000); /* a tick of the file system's clock */
	CHECK(pwrite(fd, "\x02", 1, 200) == 1);
	late = crl_source_again(first);
	CHECK(crl_source_digest(late, &found) == -1 && errno == EAGAIN);
}

TEST(source_file_fault, "a file that is cut in the middle is a fault with an offset, and no error")
{
	CLEANUP(buffer_free) struct buffer der = {};
	struct crl_list *list;
	struct crl_fault fault;
	struct crl crl;
	int fd;

	put_some(&der);
	fd = file_of(span_of(der.data, der.length / 2));
	CHECK(read_file(fd, &crl, &list, &fault) == -1 && list == NULL && fault.sys == 0);
	CHECK_TEXT(fault.text, "the data ends in the middle of an element");
	CHECK(fault.offset < der.length / 2 && fault.offset > der.length / 2 - 64);
	(void)close(fd);
}

/* Lines of this length that end so. */
static void
put_pem(struct buffer *out, struct span der, size_t width, const char *end)
{
	CLEANUP(buffer_free) struct buffer lines = {};
	size_t column = 0;

	base64_encode_lines(der, &lines);
	buffer_addf(out, "-----BEGIN X509 CRL-----%s", end);
	for (size_t i = 0; i < lines.length; i++) {
		if (lines.data[i] == '\n')
			continue;
		buffer_add(out, &lines.data[i], 1);
		if (++column % width == 0)
			buffer_add_text(out, end);
	}
	if (column % width != 0)
		buffer_add_text(out, end);
	buffer_addf(out, "-----END X509 CRL-----%s", end);
}

static bool
pem_reads(struct span text, size_t block, struct crl *ret, struct crl_list **ret_list,
	struct crl_fault *ret_fault)
{
	struct crl_reading reading = { crl_source_pem(crl_source_bytes(text)), block, NULL };

	return crl_list_read(&reading, ret, ret_list, ret_fault) == 0;
}

TEST(source_pem, "PEM is read as the DER in it, whatever its lines and the text before it")
{
	static const size_t widths[] = { 4, 64, 72, 76 };
	CLEANUP(buffer_free) struct buffer der = {};
	struct crl whole, parts;
	struct crl_list *list;
	struct crl_fault fault;
	const char *text;
	size_t offset;

	put_some(&der);
	CHECK(crl_read(buffer_span(&der), &whole, &text, &offset) == 0);
	for (size_t i = 0; i < 2 * COUNT_OF(widths); i++) {
		CLEANUP(buffer_free) struct buffer pem = {};

		if (i >= COUNT_OF(widths))
			buffer_add_text(&pem, "# the list of today\n\n");
		put_pem(&pem, buffer_span(&der), widths[i % COUNT_OF(widths)],
			i % 2 == 0 ? "\n" : "\r\n");
		CHECK(pem_reads(buffer_span(&pem), 100 + i, &parts, &list, &fault));
		CHECK(same_fields(&whole, &parts) && same_entries(&whole, &parts, 50));
		crl_list_free(list);
	}
}

TEST(source_pem_padding, "all lengths of the last line are read")
{
	for (size_t more = 0; more < 60; more++) {
		CLEANUP(buffer_free) struct buffer pem = {}, content = {}, entries = {}, der = {};
		struct crl crl;
		struct crl_list *list;
		struct crl_fault fault;
		uint8_t serial[64] = { 1 };

		der_put(&content, DER_INTEGER, span_of(serial, more + 1));
		buffer_add_text(&content, UTC);
		der_put(&entries, DER_SEQUENCE, buffer_span(&content));
		put_list(&der, &entries, (struct span){});
		put_pem(&pem, buffer_span(&der), 64, "\n");
		CHECK(pem_reads(buffer_span(&pem), 16, &crl, &list, &fault));
		CHECK(crl_list_size(list) == der.length && crl.entry_count == 1);
		crl_list_free(list);
	}
}

TEST(source_pem_odd, "what is not plain PEM is left to the readers of whole files")
{
	CLEANUP(buffer_free) struct buffer der = {}, pem = {};
	struct crl crl;
	struct crl_list *list;
	struct crl_fault fault;
	size_t end;

	put_some(&der);
	put_pem(&pem, buffer_span(&der), 64, "\n");
	end = span_find(buffer_span(&pem), "-----END", 0);
	for (size_t length = 0; length + 1 < pem.length; length += 61)
		CHECK(!pem_reads(span_of(pem.data, length), 64, &crl, &list, &fault));
	for (size_t at = 30; at < pem.length - 1; at += 97) {
		uint8_t old = pem.data[at];

		pem.data[at] = '*';
		CHECK(!pem_reads(buffer_span(&pem), 256, &crl, &list, &fault));
		CHECK(fault.sys == EBADMSG && fault.text != NULL);
		pem.data[at] = old;
	}
	CHECK(pem_reads(buffer_span(&pem), 64, &crl, &list, &fault));
	crl_list_free(list);
	buffer_add_text(&pem, "-----BEGIN CERTIFICATE-----\n");
	CHECK(!pem_reads(buffer_span(&pem), 64, &crl, &list, &fault) && fault.sys == EBADMSG);
	pem.data[end + 5] = 'e';
	CHECK(!pem_reads(buffer_span(&pem), 64, &crl, &list, &fault));
}

TEST(source_form, "the form of a file shows at its beginning")
{
	static const struct {
		const char *text;
		size_t length;
		enum crl_form form;
	} rows[] = { { "", 0, CRL_FORM_OTHER }, { "\x30\x82\x01\x00\x30\x10", 6, CRL_FORM_DER },
		{ "\x30\x82\x01\x00\x02\x01", 6, CRL_FORM_OTHER },
		{ "text\n-----BEGIN X509 CRL-----\n", 30, CRL_FORM_PEM },
		{ "-----BEGIN CERTIFICATE-----\n-----BEGIN X509 CRL-----\n", 53, CRL_FORM_OTHER } };

	size_t offset;
	unsigned line;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(crl_source_freep)
		struct crl_source *source = crl_source_bytes(span_of(rows[i].text, rows[i].length));

		CHECK(crl_source_form(source, &offset, &line) == rows[i].form);
		CHECK(rows[i].form != CRL_FORM_PEM || (offset == 5 && line == 2));
	}
}

TAP_MAIN()
