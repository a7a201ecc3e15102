/* SPDX-License-Identifier: Apache-2.0 */
/* Reading clients: what each file of accept/ and reject/ becomes. */
#include "verify/client.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "pki.h"
#include "tap.h"

/* A directory of clients that goes with the test. */
struct folder {
	struct pki *pki;
	struct arena *arena;
	char path[64];
};

static inline void
folder_end(struct folder *folder)
{
	const char *command = arena_printf(folder->arena, "rm -r '%s'", folder->path);

	if (system(command) != 0)
		printf("# %s\n", command);
	arena_free(folder->arena);
	pki_free(folder->pki);
}

static inline struct folder
folder_begin(void)
{
	struct folder folder = {
		.pki = pki_new(), .arena = arena_new(), .path = "/tmp/clients-XXXXXX"
	};

	if (mkdtemp(folder.path) == NULL)
		abort();
	return folder;
}

#define FOLDER CLEANUP(folder_end) struct folder folder = folder_begin()

static const char *
in(struct folder *folder, const char *name)
{
	return arena_printf(folder->arena, "%s/%s", folder->path, name);
}

static void
make_directory(struct folder *folder, const char *name)
{
	if (mkdir(in(folder, name), 0700) < 0)
		abort();
}

static void
write_text(struct folder *folder, const char *name, const char *text)
{
	struct err err;

	if (file_replace(in(folder, name), span_of(text, strlen(text)), 0600, &err) < 0)
		abort();
}

static const char *
cert_text(struct folder *folder, const struct pki_cert *cert)
{
	char *text = pki_pem("CERTIFICATE", cert->der);
	const char *kept = arena_strdup(folder->arena, text);

	mem_free(text);
	return kept;
}

static const char *
key_text(struct folder *folder, const struct pki_cert *cert)
{
	char *text = pki_key_pem(cert);
	const char *kept = arena_strdup(folder->arena, text);

	mem_free(text);
	return kept;
}

static const char *
joined(struct folder *folder, const char *a, const char *b, const char *c)
{
	return arena_printf(folder->arena, "%s%s%s", a, b, c);
}

TEST(directories, "accept and reject are read in order of names")
{
	FOLDER;
	struct clients clients = {};
	struct err err;
	const struct pki_cert *ca =
		pki_issue(folder.pki, &(struct pki_spec){ .subject = "CN=CA", .ca = true });
	const struct pki_cert *leaf =
		pki_issue(folder.pki, &(struct pki_spec){ .subject = "CN=a", .issuer = ca });

	make_directory(&folder, "accept");
	make_directory(&folder, "reject");
	write_text(&folder, "accept/bob.pem", cert_text(&folder, leaf));
	write_text(&folder, "accept/alice.pem",
		joined(&folder, cert_text(&folder, leaf), cert_text(&folder, ca),
			key_text(&folder, leaf)));
	write_text(&folder, "accept/notes.txt", "not a client");
	write_text(&folder, "reject/mallory.pem", cert_text(&folder, leaf));
	CHECK(clients_read(folder.arena, folder.path, &clients, &err) == 0);
	CHECK(clients.count == 3);
	CHECK_TEXT(clients.list[0].name, "accept/alice.pem");
	CHECK_TEXT(clients.list[1].name, "accept/bob.pem");
	CHECK_TEXT(clients.list[2].name, "reject/mallory.pem");
	CHECK(clients.list[0].must_be_accepted && !clients.list[2].must_be_accepted);
	CHECK(clients.list[0].chain_length == 2 && clients.list[1].chain_length == 1);
	CHECK(cert_same(&clients.list[0].chain[0], &leaf->cert));
	CHECK(cert_same(&clients.list[0].chain[1], &ca->cert));
	CHECK_TEXT(clients.list[0].key_path, clients.list[0].path);
	CHECK(!clients.list[0].key_mismatch && clients.list[0].problem == NULL);
	CHECK(clients.list[1].key_path == NULL);
}

TEST(missing_directory, "a directory without accept and reject is an error")
{
	FOLDER;
	struct clients clients = {};
	struct err err;

	CHECK(clients_read(folder.arena, folder.path, &clients, &err) == -1);
	CHECK(err.code == ERR_NO_INPUT);
	make_directory(&folder, "reject");
	CHECK(clients_read(folder.arena, folder.path, &clients, &err) == 0);
	CHECK(clients.count == 0);
}

TEST(key_beside, "NAME.key beside NAME.pem is the key; another one's key is a mismatch")
{
	FOLDER;
	struct clients clients = {};
	struct err err;
	const struct pki_cert *a = pki_issue(folder.pki, &(struct pki_spec){ .subject = "CN=a" });
	const struct pki_cert *b =
		pki_issue(folder.pki, &(struct pki_spec){ .subject = "CN=b", .key = PKI_RSA_2048 });

	write_text(&folder, "a.pem", cert_text(&folder, a));
	write_text(&folder, "a.key", key_text(&folder, a));
	write_text(&folder, "b.pem", cert_text(&folder, b));
	write_text(&folder, "b.key", key_text(&folder, a));
	CHECK(clients_read_one(folder.arena, in(&folder, "a.pem"), true, NULL, &clients, &err) ==
		0);
	CHECK(clients_read_one(folder.arena, in(&folder, "b.pem"), true, "b", &clients, &err) == 0);
	CHECK_TEXT(clients.list[0].name, "a.pem");
	CHECK_TEXT(clients.list[0].key_path, in(&folder, "a.key"));
	CHECK(!clients.list[0].key_mismatch);
	CHECK_TEXT(clients.list[1].name, "b");
	CHECK(clients.list[1].key_mismatch);
}

TEST(problems, "damage, no certificate and too many certificates are problems, not errors")
{
	FOLDER;
	struct clients clients = {};
	struct err err;
	const struct pki_cert *a = pki_issue(folder.pki, &(struct pki_spec){ .subject = "CN=a" });
	const char *text = cert_text(&folder, a);
	CLEANUP(buffer_free) struct buffer many = {};

	for (unsigned i = 0; i <= CLIENT_MAX_CHAIN; i++)
		buffer_add_text(&many, text);
	write_text(&folder, "empty.pem", "");
	write_text(&folder, "key.pem", key_text(&folder, a));
	write_text(&folder, "cut.pem", arena_strndup(folder.arena, text, strlen(text) / 2));
	write_text(&folder, "half.pem",
		joined(&folder, text, arena_strndup(folder.arena, text, strlen(text) / 2), ""));
	write_text(&folder, "many.pem", (const char *)many.data);
	write_text(&folder, "body.pem",
		"-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n");
	static const char *const names[] = { "empty.pem", "key.pem", "cut.pem", "half.pem",
		"many.pem", "body.pem" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CHECK(clients_read_one(folder.arena, in(&folder, names[i]), true, NULL, &clients,
			      &err) == 0);
		CHECK(clients.list[i].problem != NULL);
		CHECK(clients.list[i].chain_length == 0);
	}
	CHECK(clients_read_one(folder.arena, in(&folder, "none.pem"), true, NULL, &clients, &err) ==
		-1);
	CHECK(err.code == ERR_NO_INPUT);
}

TEST(forms, "DER, comments, TRUSTED blocks and encrypted keys")
{
	FOLDER;
	struct clients clients = {};
	struct err err;
	const struct pki_cert *a = pki_issue(folder.pki, &(struct pki_spec){ .subject = "CN=a" });
	char *trusted = pki_pem("TRUSTED CERTIFICATE", a->der);

	CHECK(file_replace(in(&folder, "a.pem"), a->der, 0600, &err) == 0);
	write_text(&folder, "b.pem", joined(&folder, "subject=a\n\n", trusted, "bye\n"));
	mem_free(trusted);
	write_text(&folder, "c.pem",
		joined(&folder, cert_text(&folder, a),
			"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAMCAQE=\n-----END ENCRYPTED "
			"PRIVATE "
			"KEY-----\n",
			""));
	CHECK(clients_read_one(folder.arena, in(&folder, "a.pem"), true, NULL, &clients, &err) ==
		0);
	CHECK(clients_read_one(folder.arena, in(&folder, "b.pem"), true, NULL, &clients, &err) ==
		0);
	CHECK(clients_read_one(folder.arena, in(&folder, "c.pem"), true, NULL, &clients, &err) ==
		0);
	for (size_t i = 0; i < clients.count; i++) {
		CHECK(clients.list[i].problem == NULL && clients.list[i].chain_length == 1);
		CHECK(cert_same(&clients.list[i].chain[0], &a->cert));
	}
	CHECK(clients.list[2].key_path != NULL && !clients.list[2].key_mismatch);
}

TEST(suppose, "a supposed client is named after its CA")
{
	FOLDER;
	struct clients clients = {};
	const struct pki_cert *ca =
		pki_issue(folder.pki, &(struct pki_spec){ .subject = "CN=Issuing CA", .ca = true });

	clients_suppose(folder.arena, &ca->cert, NULL, 0, &clients);
	CHECK(clients.count == 1);
	CHECK_TEXT(clients.list[0].name, "any client of CN=Issuing CA");
	CHECK(clients.list[0].supposed_issuer == &ca->cert && clients.list[0].must_be_accepted);
	CHECK(clients.list[0].path == NULL && clients.list[0].chain_length == 0);
}

TAP_MAIN()
