/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps an engine from finding certificates and CRLs in a directory: missing, old, dangling
 * and misnumbered hash links. */
#include <string.h>

#include "diagnosis/restore.h"
#include "stores/pem.h"

static const struct remedy *
remedy_links(struct scene *scene, const struct store *store, enum cause_code cause)
{
	struct remedy *remedy = remedy_new(scene, "hash-links", cause, store->path);

	remedy_says(scene, remedy, "create the missing hash links in %s; links that are there stay",
		store->path);
	return remedy;
}

static const struct remedy *
remedy_split(struct scene *scene, const struct store *store, const struct defect *defect)
{
	struct remedy *remedy = remedy_new(scene, "split-file", defect->cause, store->path);

	remedy->target = path_base(defect->path);
	remedy->makes_links = store->loader == LOADER_OPENSSL_DIRECTORY;
	remedy_says(scene, remedy, "give each certificate of %s a file%s of its own", defect->path,
		remedy->makes_links ? " and link" : "");
	return remedy;
}

/* The known-good object that a hash link's name stands for. */
static const struct entry *
entry_by_link(struct scene *scene, const char *link)
{
	const struct material *material = &scene->diagnosis->material;
	bool is_crl = strstr(link, ".r") != NULL;

	for (size_t i = 0; i < material->cert_count + material->crl_count; i++) {
		const struct entry *entry =
			i < material->cert_count ? material->certs[i].entry
						 : material->crls[i - material->cert_count].entry;
		struct span name =
			entry->kind == ENTRY_CRL ? entry->crl.issuer : entry->cert.subject;
		char hash[NAME_HASH_TEXT_SIZE];

		if ((entry->kind == ENTRY_CRL) == is_crl && name_openssl_hash(name, hash) == 0 &&
			text_starts(link, hash))
			return entry;
	}
	return NULL;
}

/* Puts back the file that a dangling link leads to. */
static const struct remedy *
remedy_target(struct scene *scene, const struct defect *defect)
{
	struct arena *arena = scene->diagnosis->arena;
	const struct entry *known = entry_by_link(scene, path_base(defect->path));
	struct buffer content = { 0 };
	struct remedy *remedy;
	const char *target;
	struct err err = { 0 };

	if (known == NULL || world_readlink(scene->world, defect->path, &target, &err) < 0)
		return NULL;
	remedy = remedy_new(scene, "restore-store", defect->cause,
		path_join(arena, path_parent(arena, defect->path), target));
	pem_write(&content, known->kind == ENTRY_CRL ? "X509 CRL" : "CERTIFICATE", known->der);
	remedy->bytes = span_of(arena_dup(arena, content.data, content.length), content.length);
	buffer_free(&content);
	remedy_says(scene, remedy, "restore %s, which the link %s leads to, from %s", remedy->path,
		path_base(defect->path), known->path);
	return remedy;
}

static const struct remedy *
remedy_damaged(struct scene *scene, const struct defect *defect)
{
	const struct entry *known = restore_block(scene, defect);
	struct remedy *remedy;
	struct span bytes;
	struct err err = { 0 };

	if (known == NULL ||
		world_read(scene->world, defect->path, STORE_MAX_SIZE, &bytes, &err) < 0 ||
		defect->offset + defect->length > bytes.length)
		return NULL;
	remedy = remedy_new(scene, "restore-entry", defect->cause, defect->path);
	remedy->damaged = span_of(bytes.data + defect->offset, defect->length);
	remedy->bytes = known->der;
	remedy->label = known->kind == ENTRY_CRL ? "X509 CRL" : "CERTIFICATE";
	remedy_says(scene, remedy, "restore the damaged block of %s from %s", defect->path,
		known->path);
	return remedy;
}

static const struct remedy *
remedy_for(struct scene *scene, const struct store *store, const struct defect *defect)
{
	switch (defect->cause) {
	case CAUSE_STORE_NOT_REHASHED:
	case CAUSE_STORE_OLD_HASH_LINKS:
	case CAUSE_STORE_HASH_COLLISION:
	case CAUSE_CRL_FIRST_ONLY:
		return remedy_links(scene, store, defect->cause);
	case CAUSE_STORE_MULTI_CERT_LINK:
	case CAUSE_STORE_FIRST_BLOCK_ONLY:
		return remedy_split(scene, store, defect);
	case CAUSE_STORE_DANGLING_LINK:
		return remedy_target(scene, defect);
	case CAUSE_STORE_CORRUPT_ENTRY:
	case CAUSE_STORE_TRUNCATED:
		return remedy_damaged(scene, defect);
	default:
		return NULL;
	}
}

static void
suspect_defect(struct scene *scene, struct suspects *suspects, const struct store *store,
	const struct defect *defect)
{
	struct locus where = { .path = defect->path,
		.line = defect->line,
		.offset = defect->offset,
		.length = defect->length };
	/* What is found in another way needs no mending. */
	const struct remedy *remedy = defect->harmless ? NULL : remedy_for(scene, store, defect);
	struct suspect *suspect = suspect_add(scene, suspects, defect->cause, &where, remedy);

	suspect->certain = true;
	suspect->harmful = !defect->harmless;
	suspect->idle = defect->harmless ? SEVERITY_NOTE : SEVERITY_WARNING;
	suspect_evidence(scene, suspect, "%s: %s", defect->path, defect->text);
	if (remedy == NULL)
		suspect->why = defect->harmless
				       ? "all that stands there is found: nothing needs to be done"
				       : "nothing known-good holds what belongs here";
}

/* It stands so in the files, and is not what a mend that is tried leaves behind. */
static bool
is_on_disk(struct scene *scene, const struct trust_source *source, const struct defect *defect)
{
	const struct store *store = stores_open(
		scene->diagnosis->stores, scene->original->world, source->path, source->loader);

	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == defect->cause &&
			store->defects[i].harmless == defect->harmless &&
			strcmp(store->defects[i].path, defect->path) == 0)
			return true;
	return false;
}

/* HAProxy's directories are judged file by file, as bytes, but for this. */
static bool
is_of_directory(const struct trust_source *source, const struct defect *defect)
{
	return source->loader == LOADER_OPENSSL_DIRECTORY ||
	       (source->loader == LOADER_HAPROXY_DIRECTORY &&
		       defect->cause == CAUSE_STORE_FIRST_BLOCK_ONLY);
}

static void
directory_run(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->service->verifier_count; i++)
		for (size_t j = 0; j < scene->service->verifiers[i].source_count; j++) {
			const struct trust_source *source =
				&scene->service->verifiers[i].sources[j];
			const struct store *store = stores_open(scene->diagnosis->stores,
				scene->world, source->path, source->loader);

			if (store->state != STORE_PRESENT)
				continue;
			for (size_t k = 0; k < store->defect_count; k++)
				if (is_of_directory(source, &store->defects[k]) &&
					(!store->defects[k].harmless ||
						is_on_disk(scene, source, &store->defects[k])))
					suspect_defect(scene, suspects, store, &store->defects[k]);
		}
}

const struct check check_directory = {
	.name = "directory",
	.run = directory_run,
};
