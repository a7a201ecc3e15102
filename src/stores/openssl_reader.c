/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/openssl_reader.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "stores/openssl_match.h"

/*
 * d2i_X509 decodes each public key by the way, with providers' decoders, and that takes four fifths
 * of its time; it makes no difference to what is read, for a key that cannot be decoded is no error
 * (crypto/x509/x_pubkey.c, x509_pubkey_ex_d2i_ex). In a library context whose only provider is
 * "null" there is nothing to decode with. Private keys are decoded for good, so that a file that
 * holds one, or is encrypted, is read in the default context.
 */
struct openssl_reader {
	OSSL_LIB_CTX *bare;
	OSSL_PROVIDER *null;
	BIO_METHOD *lines;
};

struct openssl_reader *
openssl_reader_new(void)
{
	return mem_zalloc(sizeof(struct openssl_reader));
}

/* Made when it is first wanted; NULL where it cannot be had. */
static OSSL_LIB_CTX *
bare_context(struct openssl_reader *reader)
{
	if (reader->bare == NULL)
		reader->bare = OSSL_LIB_CTX_new();
	if (reader->bare != NULL && reader->null == NULL)
		reader->null = OSSL_PROVIDER_load(reader->bare, "null");
	return reader->null != NULL ? reader->bare : NULL;
}

void
openssl_reader_free(struct openssl_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->null != NULL)
		(void)OSSL_PROVIDER_unload(reader->null);
	OSSL_LIB_CTX_free(reader->bare);
	BIO_meth_free(reader->lines);
	mem_free(reader);
}

struct lines {
	struct span bytes;
	size_t at;
};

/*
 * A file BIO reads lines with fgets(3) and takes strlen(3) of them (crypto/bio/bss_file.c,
 * file_gets): a NUL byte ends the line, and one at its start looks like the end of the file. A
 * memory BIO does neither.
 */
static int
lines_gets(BIO *bio, char *buffer, int size)
{
	struct lines *lines = BIO_get_data(bio);
	size_t left = lines->bytes.length - lines->at;
	size_t length = size > 0 ? (size_t)size - 1 : 0;
	const uint8_t *start, *end;

	if (left == 0 || length == 0)
		return 0;
	start = lines->bytes.data + lines->at;
	if (length > left)
		length = left;
	end = memchr(start, '\n', length);
	if (end != NULL)
		length = (size_t)(end - start) + 1;
	memcpy(buffer, start, length);
	buffer[length] = '\0';
	lines->at += length;
	return (int)strlen(buffer);
}

static long
lines_ctrl(BIO *, int command, long, void *)
{
	return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static BIO *
lines_open(struct openssl_reader *reader, struct lines *lines)
{
	BIO *bio;

	if (reader->lines == NULL) {
		reader->lines = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "lines");
		if (reader->lines == NULL)
			return NULL;
		(void)BIO_meth_set_gets(reader->lines, lines_gets);
		(void)BIO_meth_set_ctrl(reader->lines, lines_ctrl);
	}
	bio = BIO_new(reader->lines);
	if (bio == NULL)
		return NULL;
	BIO_set_data(bio, lines);
	BIO_set_init(bio, 1);
	return bio;
}

static void
bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

struct asking {
	struct arena *arena;
	BIO *bio;
	OSSL_LIB_CTX *context;
	struct openssl_match *match;
	struct openssl_answer *answer;
};

static void
take(const struct asking *asking, enum entry_kind kind, unsigned char *der, int length)
{
	if (length > 0)
		openssl_match_take(
			asking->arena, asking->match, kind, span_of(der, (size_t)length));
	OPENSSL_free(der);
}

static void
take_cert(const struct asking *asking, X509 *cert)
{
	unsigned char *der = NULL;
	int length = i2d_X509(cert, &der);

	take(asking, ENTRY_CERTIFICATE, der, length);
	asking->answer->certificates++;
}

static void
take_crl(const struct asking *asking, X509_CRL *crl)
{
	unsigned char *der = NULL;
	int length = i2d_X509_CRL(crl, &der);

	take(asking, ENTRY_CRL, der, length);
	asking->answer->crls++;
}

static void
info_free_all(STACK_OF(X509_INFO) * *infos)
{
	sk_X509_INFO_pop_free(*infos, X509_INFO_free);
}

/* crypto/x509/by_file.c, X509_load_cert_crl_file_ex: nothing is kept unless all could be read. */
static void
ask_all(const struct asking *asking)
{
	char no_password[] = "";
	CLEANUP(info_free_all)
	STACK_OF(X509_INFO) *infos = PEM_X509_INFO_read_bio_ex(
		asking->bio, NULL, NULL, no_password, asking->context, NULL);

	if (infos == NULL) {
		ERR_raise(ERR_LIB_X509, ERR_R_PEM_LIB);
		return;
	}
	for (int i = 0; i < sk_X509_INFO_num(infos); i++) {
		const X509_INFO *info = sk_X509_INFO_value(infos, i);

		if (info->x509 != NULL)
			take_cert(asking, info->x509);
		if (info->crl != NULL)
			take_crl(asking, info->crl);
	}
	if (asking->answer->certificates + asking->answer->crls == 0)
		ERR_raise(ERR_LIB_X509, X509_R_NO_CERTIFICATE_OR_CRL_FOUND);
	else
		asking->answer->succeeds = true;
}

/* Nobody is asked for a password: a daemon has no terminal either. */
static int
no_password_callback(char *, int, int, void *)
{
	return -1;
}

/* ssl/ssl_cert.c, SSL_load_client_CA_file_ex: reads up to the first thing it cannot read, and is
 * content with one name. "TRUSTED CERTIFICATE" blocks are passed over. */
static void
ask_names(const struct asking *asking)
{
	X509 *cert = X509_new_ex(asking->context, NULL);

	while (cert != NULL && PEM_read_bio_X509(asking->bio, &cert, no_password_callback, NULL))
		take_cert(asking, cert);
	X509_free(cert);
	asking->answer->succeeds = asking->answer->certificates > 0;
}

static bool
ended_well(size_t count)
{
	return count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/* crypto/x509/by_file.c, X509_load_cert_file_ex: each certificate is kept as soon as it is read. */
static void
ask_certs(const struct asking *asking, bool one)
{
	char no_password[] = "";
	bool more = true;

	while (more) {
		X509 *cert = X509_new_ex(asking->context, NULL);

		more = PEM_read_bio_X509_AUX(asking->bio, &cert, NULL, no_password) != NULL;
		if (more)
			take_cert(asking, cert);
		X509_free(cert);
		if (one)
			break;
	}
	asking->answer->succeeds =
		one ? asking->answer->certificates > 0 : ended_well(asking->answer->certificates);
}

static void
ask_crls(const struct asking *asking)
{
	char no_password[] = "";
	X509_CRL *crl;

	while ((crl = PEM_read_bio_X509_CRL(asking->bio, NULL, NULL, no_password)) != NULL) {
		take_crl(asking, crl);
		X509_CRL_free(crl);
	}
	asking->answer->succeeds = ended_well(asking->answer->crls);
}

static bool
needs_providers(struct span bytes)
{
	return span_find(bytes, "PRIVATE KEY", 0) != SIZE_MAX ||
	       span_find(bytes, "Proc-Type", 0) != SIZE_MAX ||
	       span_find(bytes, "DEK-Info", 0) != SIZE_MAX;
}

/* What HAProxy shows, and what nginx shows first: the reason of the oldest error. */
static const char *
first_reason(struct arena *arena)
{
	unsigned long error = ERR_peek_error();
	const char *reason = ERR_reason_error_string(error);

	if (error == 0)
		return "unknown error";
	return reason != NULL ? reason
			      : arena_printf(arena, "error %d", (int)ERR_GET_REASON(error));
}

void
openssl_ask(struct openssl_reader *reader, struct arena *arena, enum openssl_call call,
	struct span bytes, struct openssl_match *match, struct openssl_answer *ret)
{
	struct lines lines = { .bytes = bytes };
	CLEANUP(bio_freep)
	BIO *bio = call == OPENSSL_LOAD_CERTS_OF_MEMORY
			   ? BIO_new_mem_buf(bytes.length > 0 ? bytes.data : (const uint8_t *)"",
				     (int)bytes.length)
			   : lines_open(reader, &lines);
	struct asking asking = { arena, bio, NULL, match, ret };

	*ret = (struct openssl_answer){};
	ERR_clear_error();
	if (bio == NULL)
		return;
	if (!needs_providers(bytes))
		asking.context = bare_context(reader);
	switch (call) {
	case OPENSSL_LOAD_CERTS_AND_CRLS:
		ask_all(&asking);
		break;
	case OPENSSL_LOAD_NAMES:
		ask_names(&asking);
		break;
	case OPENSSL_LOAD_CERTS:
	case OPENSSL_LOAD_CERTS_OF_MEMORY:
	case OPENSSL_READ_ONE:
		ask_certs(&asking, call == OPENSSL_READ_ONE);
		break;
	case OPENSSL_LOAD_CRLS:
		ask_crls(&asking);
		break;
	}
	if (!ret->succeeds)
		ret->error = first_reason(arena);
	ERR_clear_error();
}
