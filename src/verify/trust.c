/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "verify/verify.h"
#include "world/access.h"

enum { COMPANY_MAX = 64 }; /* entries of one file, of which each is compared with each */

struct loader {
	struct arena *arena;
	struct stores *stores;
	struct world *world;
	const struct verifier *verifier;
	const struct readers *readers;
	struct trust *trust;
	size_t anchor_capacity, crl_capacity, crl_entry_capacity;
};

/* One file of a directory store and whether it may be read; entries of one file stand together. */
struct file_access {
	const char *path;
	bool granted;
};

/* The first failure is the one that the server reports. */
static void
fail_load(struct loader *loader, const struct trust_source *source, const struct store *store,
	const char *error)
{
	struct trust *trust = loader->trust;

	if (!trust->loads)
		return;
	trust->loads = false;
	trust->failed = source;
	trust->failed_store = store;
	trust->error = error;
}

bool
trust_is_unknown(const struct trust *trust)
{
	return !trust->loads && trust->failed_store != NULL &&
	       store_is_unknown(trust->failed_store);
}

/* Why it may not be read at this time, or NULL. */
static const char *
access_denied(struct loader *loader, const char *path, const struct credentials *credentials)
{
	struct access access;

	if (credentials == NULL)
		return NULL;
	access = world_may_read(loader->world, path, credentials);
	return access.stop == ACCESS_GRANTED ? NULL : access.text;
}

static bool
is_directory_loader(enum store_loader kind)
{
	return kind == LOADER_OPENSSL_DIRECTORY || kind == LOADER_HAPROXY_DIRECTORY;
}

/* Why the source may not be read by whom it must be, or NULL. */
static const char *
source_denied(struct loader *loader, const struct trust_source *source, const char *path)
{
	const struct readers *readers = loader->readers;
	const char *denied = NULL;

	if (readers == NULL)
		return NULL;
	if ((source->read_times & READ_AT_LOAD) != 0)
		denied = access_denied(loader, path, readers->at_load);
	/* A directory is only passed through at handshakes, never listed: its files tell. */
	if (denied == NULL && (source->read_times & READ_AT_HANDSHAKE) != 0 &&
		!(is_directory_loader(source->loader) && strcmp(path, source->path) == 0))
		denied = access_denied(loader, path, readers->at_handshake);
	return denied;
}

static void
add_anchor(struct loader *loader, const struct store *store, const struct entry *entry)
{
	struct trust *trust = loader->trust;

	trust->anchors = arena_grow(loader->arena, trust->anchors, trust->anchor_count,
		&loader->anchor_capacity, sizeof(trust->anchors[0]));
	trust->anchors[trust->anchor_count++] = (struct trusted){
		.cert = &entry->cert,
		.settings = entry->trust,
		.store = store,
		.entry = entry,
	};
}

static void
add_crl(struct loader *loader, const struct entry *entry)
{
	struct trust *trust = loader->trust;

	trust->crls = arena_grow(loader->arena, trust->crls, trust->crl_count,
		&loader->crl_capacity, sizeof(trust->crls[0]));
	trust->crl_entries = arena_grow(loader->arena, trust->crl_entries, trust->crl_count,
		&loader->crl_entry_capacity, sizeof(trust->crl_entries[0]));
	trust->crls[trust->crl_count] = &entry->crl;
	trust->crl_entries[trust->crl_count++] = entry;
}

/* Each file of a directory has an owner and a mode of its own. */
static bool
file_is_readable(struct loader *loader, const struct trust_source *source,
	const struct entry *entry, struct file_access *last)
{
	if (!is_directory_loader(source->loader) || entry->path == NULL)
		return true;
	if (last->path == NULL || strcmp(last->path, entry->path) != 0) {
		last->path = entry->path;
		last->granted = source_denied(loader, source, entry->path) == NULL;
	}
	return last->granted;
}

static bool
is_linked(const struct entry *entry)
{
	return entry->link != NULL;
}

/* A certificate of the trust says that the second name stands right above the first. */
static bool
is_above(const struct trust *trust, struct span name, struct span above)
{
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (name_equal(trust->anchors[i].cert->subject, name) &&
			name_equal(trust->anchors[i].cert->issuer, above))
			return true;
	return false;
}

/* When the first has been looked up, the other is asked for next. */
static bool
leads_to(const struct loader *loader, const struct entry *found, const struct entry *next)
{
	if (found->kind != next->kind)
		return false;
	if (next->kind == ENTRY_CERTIFICATE)
		return name_equal(found->cert.issuer, next->cert.subject);
	return next->kind == ENTRY_CRL && loader->verifier->crl_check == CRL_CHECK_CHAIN &&
	       is_above(loader->trust, found->crl.issuer, next->crl.issuer);
}

/* The entries first to end - 1 stand in one file. */
static void
add_company_of_file(
	struct loader *loader, const struct store *store, const size_t first, const size_t end)
{
	bool found[COMPANY_MAX] = {};
	bool more = true;

	for (size_t i = first; i < end; i++)
		found[i - first] = is_linked(&store->entries[i]);
	while (more) {
		more = false;
		for (size_t i = first; i < end; i++)
			for (size_t j = first; j < end && !found[i - first]; j++) {
				if (!found[j - first] ||
					!leads_to(loader, &store->entries[j], &store->entries[i]))
					continue;
				found[i - first] = more = true;
				if (store->entries[i].kind == ENTRY_CRL)
					add_crl(loader, &store->entries[i]);
				else
					add_anchor(loader, store, &store->entries[i]);
			}
	}
}

/*
 * A file that a hash link leads to is read whole, and what stands in it beside the one that was
 * looked for is in the cache by then (by_dir.c; X509_STORE_CTX_get_by_subject looks there first).
 * So the issuer of a certificate is found in that certificate's own file without a link.
 */
static void
add_company(struct loader *loader, const struct trust_source *source, const struct store *store)
{
	struct file_access last = {};
	size_t end;

	if (source->loader != LOADER_OPENSSL_DIRECTORY)
		return;
	for (size_t first = 0; first < store->entry_count; first = end) {
		for (end = first + 1;
			end < store->entry_count &&
			strcmp(store->entries[end].path, store->entries[first].path) == 0;)
			end++;
		if (end - first > 1 && end - first <= COMPANY_MAX &&
			file_is_readable(loader, source, &store->entries[first], &last))
			add_company_of_file(loader, store, first, end);
	}
}

/*
 * X509_load_cert_crl_file takes certificates and CRLs alike, whichever directive names the file: a
 * CRL in a CA file is used, and a CA in a CRL file is trusted.
 */
static void
add_entries(struct loader *loader, const struct trust_source *source, const struct store *store)
{
	struct file_access last = {};

	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (store->loading.loaded != NULL && !store->loading.loaded[i])
			continue;
		if (!file_is_readable(loader, source, entry, &last))
			continue;
		if (entry->kind == ENTRY_CERTIFICATE && !source->crls_only)
			add_anchor(loader, store, entry);
		if (entry->kind == ENTRY_CRL)
			add_crl(loader, entry);
	}
}

static const char *
load_error(struct loader *loader, const struct store *store)
{
	if (store->loading.error != NULL)
		return store->loading.error;
	return store->problem != NULL
		       ? store->problem
		       : arena_printf(loader->arena, "%s cannot be loaded", store->path);
}

/* nginx and Apache read the names that they send from the store once more, with another function,
 * and do not start where it finds none. */
static void
check_names(struct loader *loader, const struct trust_source *source)
{
	const struct store *names;

	if (!loader->verifier->names_required || is_directory_loader(source->loader) ||
		(source->role != ROLE_NAMES && source->role != ROLE_ANCHORS))
		return;
	names = stores_open_early(
		loader->stores, loader->world, source->path, LOADER_OPENSSL_NAMES);
	if (!names->loading.loads)
		fail_load(loader, source, names, load_error(loader, names));
}

static void
load_source(struct loader *loader, size_t index)
{
	const struct trust_source *source = &loader->verifier->sources[index];
	const struct store *store =
		stores_open_early(loader->stores, loader->world, source->path, source->loader);
	bool at_load = (source->read_times & READ_AT_LOAD) != 0;
	const char *denied = source_denied(loader, source, source->path);

	loader->trust->stores[index] = store;
	if (denied != NULL || store->state != STORE_PRESENT || !store->loading.loads) {
		/* A directory that is read at handshakes never stops the start; but of one that
		 * nobody can tell of, nobody can say whom it lets in. */
		if (at_load || (denied == NULL && store_is_unknown(store)))
			fail_load(loader, source, store,
				denied != NULL ? denied : load_error(loader, store));
		if (denied != NULL || store->state != STORE_PRESENT || at_load)
			return;
	}
	check_names(loader, source);
	if (source->role != ROLE_NAMES)
		add_entries(loader, source, store);
}

/* SSLOCSPResponderCertificateFile: they answer for any CA, and are no anchors. */
static void
load_ocsp_signers(struct loader *loader)
{
	const char *path = loader->verifier->ocsp.signers;
	struct trust *trust = loader->trust;
	const struct store *store;
	size_t capacity = 0;

	if (path == NULL)
		return;
	store = stores_open_early(loader->stores, loader->world, path, LOADER_OPENSSL_FILE);
	for (size_t i = 0; store->state == STORE_PRESENT && i < store->entry_count; i++) {
		if (store->entries[i].kind != ENTRY_CERTIFICATE)
			continue;
		trust->ocsp_signers = arena_grow(loader->arena, trust->ocsp_signers,
			trust->ocsp_signer_count, &capacity, sizeof(trust->ocsp_signers[0]));
		trust->ocsp_signers[trust->ocsp_signer_count++] = &store->entries[i].cert;
	}
}

struct trust *
trust_load(struct arena *arena, struct stores *stores, struct world *world,
	const struct verifier *verifier, const struct readers *readers)
{
	struct trust *trust = arena_alloc(arena, sizeof(*trust));
	struct loader loader = {
		.arena = arena,
		.stores = stores,
		.world = world,
		.verifier = verifier,
		.readers = readers,
		.trust = trust,
	};

	trust->loads = true;
	trust->stores = arena_alloc(arena, (verifier->source_count + 1) * sizeof(trust->stores[0]));
	for (size_t i = 0; i < verifier->source_count; i++)
		load_source(&loader, i);
	load_ocsp_signers(&loader);
	/* Certificates first, for they say whose CRL is asked for next. */
	for (size_t i = 0; i < verifier->source_count; i++)
		if (trust->stores[i] != NULL && trust->stores[i]->state == STORE_PRESENT &&
			verifier->sources[i].role != ROLE_NAMES)
			add_company(&loader, &verifier->sources[i], trust->stores[i]);
	trust_seal(trust);
	return trust;
}
