/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/client.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_SUFFIX     ".pem"
#define CLIENT_KEY_SUFFIX ".key"

/* What is gathered of one file. */
struct reading {
	struct arena *arena;
	struct client *client;
	struct cert chain[CLIENT_MAX_CHAIN];
	EVP_PKEY *key; /* for the comparison only; ended with the reading */
	bool has_key;
};

static void
reading_end(struct reading *reading)
{
	EVP_PKEY_free(reading->key);
}

static void
bio_end(BIO **bio)
{
	BIO_free(*bio);
}

/* The file may hold a private key. */
static void
wiped_buffer_free(struct buffer *buffer)
{
	if (buffer->data != NULL)
		secret_wipe(buffer->data, buffer->capacity);
	buffer_free(buffer);
}

static bool
is_certificate_label(const char *label)
{
	return strcmp(label, PEM_STRING_X509) == 0 || strcmp(label, PEM_STRING_X509_OLD) == 0 ||
	       strcmp(label, PEM_STRING_X509_TRUSTED) == 0;
}

/* Trust settings may stand behind the certificate of a TRUSTED block. */
static struct span
certificate_alone(struct span block)
{
	struct der der = der_of(block);
	struct der_element element = der_expect(&der, DER_SEQUENCE);

	return element.tag != 0 ? element.whole : block;
}

static void
add_certificate(struct reading *reading, struct span block)
{
	struct client *client = reading->client;
	struct span der = certificate_alone(block);
	const char *fault;
	size_t offset;

	if (client->problem != NULL)
		return;
	if (client->chain_length >= CLIENT_MAX_CHAIN) {
		client->problem = arena_printf(
			reading->arena, "it holds more than %d certificates", CLIENT_MAX_CHAIN);
		return;
	}
	der = span_of(arena_dup(reading->arena, der.data, der.length), der.length);
	if (cert_read(der, &reading->chain[client->chain_length], &fault, &offset) < 0)
		client->problem =
			arena_printf(reading->arena, "certificate %zu is damaged at octet %zu: %s",
				client->chain_length + 1, offset, fault);
	else
		client->chain_length++;
}

/* Never asks: a key that is encrypted is there, and nothing more is known of it. */
static int
no_password(char *, int, int, void *)
{
	return -1;
}

static EVP_PKEY *
decode_key(struct span text)
{
	CLEANUP(bio_end) BIO *bio = BIO_new_mem_buf(text.data, (int)text.length);

	return bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
}

/* Certificates in order, and whether there is a key. */
static void
read_blocks(struct reading *reading, struct span text)
{
	CLEANUP(bio_end) BIO *bio = BIO_new_mem_buf(text.data, (int)text.length);
	char *label, *header;
	unsigned char *data;
	long length;

	while (bio != NULL && PEM_read_bio(bio, &label, &header, &data, &length) == 1) {
		if (is_certificate_label(label))
			add_certificate(reading, span_of(data, (size_t)length));
		if (text_ends(label, "PRIVATE KEY"))
			reading->has_key = true;
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)length);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE &&
		reading->client->problem == NULL)
		reading->client->problem =
			arena_printf(reading->arena, "a PEM block is damaged: %s",
				ERR_reason_error_string(ERR_peek_last_error()));
}

static void
read_content(struct reading *reading, struct span text)
{
	(void)ERR_set_mark();
	if (text.length > 0 && text.data[0] == DER_SEQUENCE)
		add_certificate(reading, text);
	else
		read_blocks(reading, text);
	if (reading->has_key) {
		reading->key = decode_key(text);
		reading->client->key_path = reading->client->path;
	}
	(void)ERR_pop_to_mark();
	if (reading->client->chain_length == 0 && reading->client->problem == NULL)
		reading->client->problem = "it holds no certificate";
}

/* NAME.key beside NAME.pem, where the file holds no key itself. */
static void
read_key_beside(struct reading *reading)
{
	CLEANUP(wiped_buffer_free) struct buffer text = {};
	const char *path = reading->client->path;
	size_t stem = strlen(path);
	struct err ignored;
	char *key_path;

	if (text_ends(path, CLIENT_SUFFIX))
		stem -= strlen(CLIENT_SUFFIX);
	key_path = arena_printf(reading->arena, "%.*s%s", (int)stem, path, CLIENT_KEY_SUFFIX);
	if (access(key_path, F_OK) < 0)
		return;
	reading->client->key_path = key_path;
	if (file_read(key_path, CLIENT_MAX_FILE, &text, &ignored) < 0)
		return;
	(void)ERR_set_mark();
	reading->key = decode_key(buffer_span(&text));
	(void)ERR_pop_to_mark();
}

static bool
key_fits(const struct cert *leaf, const EVP_PKEY *key)
{
	const unsigned char *at = leaf->spki.data;
	EVP_PKEY *public_key;
	bool fits;

	(void)ERR_set_mark();
	public_key = d2i_PUBKEY(NULL, &at, (long)leaf->spki.length);
	/* A key that libcrypto cannot read cannot be said to be another one. */
	fits = public_key == NULL || EVP_PKEY_eq(public_key, key) == 1;
	EVP_PKEY_free(public_key);
	(void)ERR_pop_to_mark();
	return fits;
}

static void
finish(struct reading *reading)
{
	struct client *client = reading->client;

	if (client->problem != NULL) {
		client->chain_length = 0;
		return;
	}
	client->chain = arena_dup(
		reading->arena, reading->chain, client->chain_length * sizeof(reading->chain[0]));
	if (reading->key != NULL)
		client->key_mismatch = !key_fits(&client->chain[0], reading->key);
}

static struct client *
add_client(struct arena *arena, struct clients *clients)
{
	clients->list = arena_grow(
		arena, clients->list, clients->count, &clients->capacity, sizeof(clients->list[0]));
	clients->list[clients->count] = (struct client){};
	return &clients->list[clients->count++];
}

int
clients_read_one(struct arena *arena, const char *path, bool must_be_accepted, const char *name,
	struct clients *clients, struct err *err)
{
	CLEANUP(wiped_buffer_free) struct buffer text = {};
	CLEANUP(reading_end) struct reading reading = { .arena = arena };

	if (clients->count >= CLIENT_MAX)
		return err_set(err, ERR_LIMIT, "more than %d clients", CLIENT_MAX);
	TRY(file_read(path, CLIENT_MAX_FILE, &text, err));
	reading.client = add_client(arena, clients);
	reading.client->name = arena_strdup(arena, name != NULL ? name : path_base(path));
	reading.client->path = arena_strdup(arena, path);
	reading.client->must_be_accepted = must_be_accepted;
	read_content(&reading, buffer_span(&text));
	if (!reading.has_key)
		read_key_beside(&reading);
	finish(&reading);
	return 0;
}

static int
is_client_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_ends(entry->d_name, CLIENT_SUFFIX);
}

static int
compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
free_names(struct dirent **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free((void *)names);
}

/* 1 where the directory is there, 0 where not. */
static int
read_directory(struct arena *arena, const char *parent, const char *child, bool must_be_accepted,
	struct clients *clients, struct err *err)
{
	const char *directory = path_join(arena, parent, child);
	struct dirent **names = NULL;
	int count = scandir(directory, &names, is_client_file, compare_names), result = 1;

	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return err_sys(err, ERR_NO_INPUT, "read directory %s", directory);
	for (int i = 0; i < count && result > 0; i++) {
		const char *path = path_join(arena, directory, names[i]->d_name);
		const char *name = arena_printf(arena, "%s/%s", child,
			text_sanitize(arena, names[i]->d_name, strlen(names[i]->d_name)));

		if (clients_read_one(arena, path, must_be_accepted, name, clients, err) < 0)
			result = -1;
	}
	free_names(names, count);
	return result;
}

int
clients_read(struct arena *arena, const char *directory, struct clients *clients, struct err *err)
{
	int accept = read_directory(arena, directory, "accept", true, clients, err);
	int reject;

	TRY(accept);
	reject = read_directory(arena, directory, "reject", false, clients, err);
	TRY(reject);
	if (accept == 0 && reject == 0)
		return err_set(err, ERR_NO_INPUT, "%s has neither accept/ nor reject/", directory);
	return 0;
}

void
clients_suppose(struct arena *arena, const struct cert *issuer, const struct cert *sent,
	size_t sent_count, struct clients *clients)
{
	struct client *client = add_client(arena, clients);

	client->name = arena_printf(arena, "any client of %s", name_text(arena, issuer->subject));
	client->must_be_accepted = true;
	client->supposed_issuer = issuer;
	client->chain = sent;
	client->chain_length = sent_count;
}
