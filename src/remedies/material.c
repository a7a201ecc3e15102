/* SPDX-License-Identifier: Apache-2.0 */
#include "remedies/material.h"

#include <errno.h>

static bool
material_knows_cert(const struct material *material, const struct cert *cert)
{
	for (size_t i = 0; i < material->cert_count; i++)
		if (cert_same(material->certs[i].cert, cert))
			return true;
	return false;
}

static bool
material_knows_crl(const struct material *material, const struct crl *crl)
{
	for (size_t i = 0; i < material->crl_count; i++)
		if (digest_equal(&material->crls[i].crl->fingerprint, &crl->fingerprint))
			return true;
	return false;
}

static void
material_add_entry(struct arena *arena, enum material_source source, const struct store *store,
	const struct entry *entry, struct material *material)
{
	if (entry->kind == ENTRY_CERTIFICATE && !material_knows_cert(material, &entry->cert)) {
		material->certs = arena_grow(arena, material->certs, material->cert_count,
			&material->cert_capacity, sizeof(*material->certs));
		material->certs[material->cert_count++] = (struct material_cert){
			.source = source, .cert = &entry->cert, .entry = entry, .store = store
		};
	}
	if (entry->kind == ENTRY_CRL && !material_knows_crl(material, &entry->crl)) {
		material->crls = arena_grow(arena, material->crls, material->crl_count,
			&material->crl_capacity, sizeof(*material->crls));
		material->crls[material->crl_count++] = (struct material_crl){
			.source = source, .crl = &entry->crl, .entry = entry, .store = store
		};
	}
}

static void
material_add_store(struct arena *arena, enum material_source source, const struct store *store,
	const struct file_version *version, struct material *material)
{
	if (store->state != STORE_PRESENT)
		return;
	for (size_t i = 0; i < store->entry_count; i++)
		material_add_entry(arena, source, store, &store->entries[i], material);
	material->files = arena_grow(arena, material->files, material->file_count,
		&material->file_capacity, sizeof(*material->files));
	material->files[material->file_count++] = (struct material_file){
		.source = source, .path = store->path, .store = store, .version = version
	};
}

/* A walk over known-good directories: bounded in depth and in files. */
struct walk {
	struct arena *arena;
	struct stores *stores;
	struct world *host;
	struct material *material;
	size_t files;
};

static int
walk_path(struct walk *walk, const char *path, unsigned depth, struct err *err)
{
	struct file_identity identity;
	const char *const *names;
	size_t count;

	TRY(world_stat(walk->host, path, &identity, err));
	if (identity.type == FILE_REGULAR) {
		const struct store *store = stores_open(walk->stores, walk->host, path, LOADER_ANY);

		if (++walk->files > MATERIAL_MAX_FILES)
			return err_set(err, ERR_LIMIT, "known-good %s: more than %d files", path,
				MATERIAL_MAX_FILES);
		material_add_store(walk->arena, MATERIAL_KNOWN_GOOD, store, NULL, walk->material);
		return 0;
	}
	if (identity.type != FILE_DIRECTORY || depth >= MATERIAL_MAX_DEPTH)
		return 0;
	TRY(world_list(walk->host, path, &names, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct err ignored = { 0 };

		/* A dangling link or an unreadable file among known-good ones vouches for nothing.
		 */
		if (walk_path(walk, path_join(walk->arena, path, names[i]), depth + 1, &ignored) <
				0 &&
			ignored.code == ERR_LIMIT) {
			*err = ignored;
			return -1;
		}
	}
	return 0;
}

int
material_add_path(struct arena *arena, struct stores *stores, struct world *host, const char *path,
	struct material *material, struct err *err)
{
	struct walk walk = { .arena = arena, .stores = stores, .host = host, .material = material };

	if (walk_path(&walk, path, 0, err) < 0)
		return err_prefix(err, "known-good %s", path);
	return 0;
}

static int
material_add_version(struct arena *arena, struct stores *stores, struct ledger *ledger,
	enum material_source source, const struct file_version *version, struct material *material,
	struct err *err)
{
	struct file_version *kept = arena_dup(arena, version, sizeof(*version));
	struct span bytes;
	int found;

	if (!version->exists || version->link_target != NULL)
		return 0;
	found = ledger_get(ledger, arena, &version->digest, &bytes, err);
	if (found <= 0)
		return found;
	material_add_store(arena, source, stores_open_bytes(stores, kept->path, bytes, LOADER_ANY),
		kept, material);
	return 0;
}

int
material_add_ledger(struct arena *arena, struct stores *stores, struct ledger *ledger,
	const char *service, const char *const *paths, size_t path_count, struct material *material,
	struct err *err)
{
	struct baseline *baselines;
	size_t count;

	if (ledger == NULL)
		return 0;
	TRY(ledger_baselines(ledger, arena, service, &baselines, &count, err));
	for (size_t i = 0; count > 0 && i < baselines[0].file_count; i++)
		TRY(material_add_version(arena, stores, ledger, MATERIAL_BASELINE,
			&baselines[0].files[i], material, err));
	for (size_t i = 0; i < path_count; i++) {
		struct file_version *versions;
		size_t version_count;

		TRY(ledger_versions(ledger, arena, paths[i], &versions, &version_count, err));
		for (size_t j = 0; j < version_count; j++)
			if (versions[j].is_sound)
				TRY(material_add_version(arena, stores, ledger, MATERIAL_LEDGER,
					&versions[j], material, err));
	}
	return 0;
}

bool
material_has_cert(const struct material *material, const struct cert *cert)
{
	return material_knows_cert(material, cert);
}

const struct material_cert *
material_issuer(
	const struct material *material, struct judge *judge, const struct cert *subject, size_t n)
{
	for (size_t i = 0; i < material->cert_count; i++) {
		const struct material_cert *candidate = &material->certs[i];

		if (name_equal(candidate->cert->subject, subject->issuer) &&
			judge_issued(judge, candidate->cert, subject) && n-- == 0)
			return candidate;
	}
	return NULL;
}

static bool
crl_is_newer(const struct crl *crl, const struct crl *than)
{
	if (crl->has_number && than->has_number)
		return crl_number_compare(crl->number, than->number) > 0;
	return crl->this_update > than->this_update;
}

const struct material_crl *
material_crl_for(
	const struct material *material, struct judge *judge, const struct cert *ca, int64_t at)
{
	const struct material_crl *best = NULL;

	for (size_t i = 0; i < material->crl_count; i++) {
		const struct crl *crl = material->crls[i].crl;

		if (crl->is_delta || crl->scope.present || crl->unknown_critical.length > 0 ||
			!name_equal(crl->issuer, ca->subject))
			continue;
		if (crl->this_update > at || crl->next_update < at ||
			(best != NULL && !crl_is_newer(crl, best->crl)))
			continue;
		if (signature_crl(judge_signatures(judge), crl, ca->spki) == SIGNATURE_GOOD)
			best = &material->crls[i];
	}
	return best;
}
