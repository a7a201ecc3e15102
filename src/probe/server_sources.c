/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/server_sources.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "probe/words.h"

struct sources {
	struct arena *arena;
	struct world *world;
	const struct verifier *verifier;
	SSL_CTX *context;
	struct transcript *transcript;
};

static void
bio_end(BIO **bio)
{
	BIO_free(*bio);
}

static void
x509_end(X509 **cert)
{
	X509_free(*cert);
}

static void
infos_end(STACK_OF(X509_INFO) * *infos)
{
	sk_X509_INFO_pop_free(*infos, X509_INFO_free);
}

static bool
is_directory_loader(enum store_loader loader)
{
	return loader == LOADER_OPENSSL_DIRECTORY || loader == LOADER_HAPROXY_DIRECTORY;
}

static bool
has_known_suffix(const char *name)
{
	static const char *const suffixes[] = { ".pem", ".crt", ".cer", ".crl" };

	for (size_t i = 0; name[0] != '.' && i < COUNT_OF(suffixes); i++)
		if (text_ends(name, suffixes[i]))
			return true;
	return false;
}

static void
add_first_certificate(struct sources *sources, const char *host_path)
{
	CLEANUP(bio_end) BIO *bio = BIO_new_file(host_path, "r");
	CLEANUP(x509_end)
	X509 *cert = bio != NULL ? PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL) : NULL;

	if (cert != NULL)
		(void)X509_STORE_add_cert(SSL_CTX_get_cert_store(sources->context), cert);
}

/* HAProxy's ca-file directory (src/ssl_ckch.c, ssl_store_load_locations_file): of each file the
 * first certificate; what cannot be read costs a warning. */
static int
load_haproxy_directory(struct sources *sources, const char *path)
{
	const char *const *names;
	size_t count;
	struct err err = {};

	if (world_list(sources->world, path, &names, &count, &err) < 0)
		return -1;
	for (size_t i = 0; i < count && i < STORE_MAX_FILES; i++) {
		const char *host_path = has_known_suffix(names[i])
						? world_host_path(sources->world,
							  path_join(sources->arena, path, names[i]))
						: NULL;

		if (host_path != NULL)
			add_first_certificate(sources, host_path);
	}
	return 0;
}

/* HAProxy's crl-file: certificates beside the CRLs are dropped (src/ssl_sock.c,
 * ssl_set_cert_crl_file). */
static int
load_crls_alone(struct sources *sources, const char *host_path)
{
	CLEANUP(bio_end) BIO *bio = BIO_new_file(host_path, "r");
	CLEANUP(infos_end)
	STACK_OF(X509_INFO) *infos =
		bio != NULL ? PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL) : NULL;
	int added = 0;

	for (int i = 0; infos != NULL && i < sk_X509_INFO_num(infos); i++) {
		X509_CRL *crl = sk_X509_INFO_value(infos, i)->crl;

		if (crl != NULL)
			added += X509_STORE_add_crl(SSL_CTX_get_cert_store(sources->context), crl);
	}
	return added > 0 ? 0 : -1;
}

/* nginx and Apache give a CRL file to the same reader as a CA file: certificates in it are trusted,
 * and CRLs in a CA file are used. */
static int
load_into_store(struct sources *sources, const struct trust_source *source, const char *host_path)
{
	if (source->crls_only && !is_directory_loader(source->loader))
		return load_crls_alone(sources, host_path);
	if (source->loader == LOADER_HAPROXY_DIRECTORY)
		return load_haproxy_directory(sources, source->path);
	return SSL_CTX_load_verify_locations(sources->context,
		       is_directory_loader(source->loader) ? NULL : host_path,
		       is_directory_loader(source->loader) ? host_path : NULL) == 1
		       ? 0
		       : -1;
}

/* The names of CertificateRequest are read once more, by another function. */
static int
load_names(struct sources *sources, const struct trust_source *source, const char *host_path)
{
	STACK_OF(X509_NAME) * names;

	if (is_directory_loader(source->loader) ||
		(source->role != ROLE_ANCHORS && source->role != ROLE_NAMES))
		return 0;
	names = SSL_load_client_CA_file(host_path);
	if (names == NULL)
		return sources->verifier->names_required || source->role == ROLE_NAMES ? -1 : 0;
	SSL_CTX_set_client_CA_list(sources->context, names);
	return 0;
}

/* Bounded as everywhere else: the library itself reads files of any size. */
static const char *
size_problem(struct sources *sources, const struct trust_source *source)
{
	struct file_identity identity;
	struct err err = {};

	if (world_stat(sources->world, source->path, &identity, &err) < 0)
		return arena_strdup(sources->arena, err.message);
	if (identity.type == FILE_REGULAR && identity.size > STORE_MAX_SIZE)
		return "it is larger than is read here";
	return NULL;
}

/* Why it does not load, or NULL. */
static const char *
source_problem(struct sources *sources, const struct trust_source *source)
{
	const char *host_path = world_host_path(sources->world, source->path);
	const char *problem;

	if (host_path == NULL)
		return "no such file or directory";
	problem = size_problem(sources, source);
	if (problem != NULL)
		return problem;
	ERR_clear_error();
	if (source->role != ROLE_NAMES && load_into_store(sources, source, host_path) < 0)
		return words_first(sources->arena);
	if (load_names(sources, source, host_path) < 0)
		return arena_printf(sources->arena, "no names of CAs can be read from it: %s",
			words_first(sources->arena));
	return NULL;
}

/* What is opened at handshakes alone never stops the start. */
static bool
stops_the_start(const struct trust_source *source)
{
	return (source->read_times & READ_AT_LOAD) != 0;
}

int
server_sources_load(struct arena *arena, struct world *world, const struct verifier *verifier,
	SSL_CTX *context, struct transcript *transcript, const char **ret_problem)
{
	struct sources sources = { arena, world, verifier, context, transcript };

	for (size_t i = 0; i < verifier->source_count; i++) {
		const struct trust_source *source = &verifier->sources[i];
		const char *problem = source_problem(&sources, source);
		const char *directive = source->directive != NULL ? source->directive : "source";

		transcript_add(transcript, "%s %s: %s", directive, source->path,
			problem != NULL ? problem : "loaded");
		if (problem == NULL || !stops_the_start(source))
			continue;
		*ret_problem = arena_printf(arena, "the server would not start: %s %s: %s",
			directive, source->path, problem);
		return -1;
	}
	ERR_clear_error();
	return 0;
}
