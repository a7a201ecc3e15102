/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/restore.h"

#include <string.h>

#include "diagnosis/completion.h"
#include "diagnosis/concerns.h"
#include "diagnosis/twin.h"
#include "stores/pem.h"

enum {
	RESTORE_MIN_SALVAGE = 24
}; /* bytes that must agree before a block is taken for a certificate */

const struct trust_source *
scene_source(const struct scene *scene, const char *path, size_t *ret_verifier)
{
	for (size_t i = 0; i < scene->service->verifier_count; i++) {
		const struct verifier *verifier = &scene->service->verifiers[i];

		for (size_t j = 0; j < verifier->source_count; j++)
			if (strcmp(verifier->sources[j].path, path) == 0) {
				if (ret_verifier != NULL)
					*ret_verifier = i;
				return &verifier->sources[j];
			}
	}
	return NULL;
}

static bool
is_object(const struct entry *entry)
{
	return entry->kind == ENTRY_CERTIFICATE || entry->kind == ENTRY_CRL;
}

static bool
is_sound(const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (!store->defects[i].harmless)
			return false;
	return store->entry_count > 0;
}

static bool
holds_all_of(const struct store *whole, const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (!is_object(entry))
			continue;
		/* A corrupt entry is not one to be kept. */
		if (remedy_find_entry(whole, entry->der) == NULL && !entry_is_corrupt(store, entry))
			return false;
	}
	return true;
}

bool
entry_is_corrupt(const struct store *store, const struct entry *entry)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == CAUSE_STORE_CORRUPT_ENTRY &&
			store->defects[i].offset == entry->offset &&
			strcmp(store->defects[i].path, entry->path) == 0)
			return true;
	return false;
}

const struct material_file *
restore_whole(struct scene *scene, const struct store *store)
{
	const struct material *material = &scene->diagnosis->material;
	const char *real = world_resolve(scene->world, store->path);

	for (int exact = 1; exact >= 0; exact--)
		for (size_t i = 0; i < material->file_count; i++) {
			const struct material_file *file = &material->files[i];
			bool same_path = strcmp(file->path, store->path) == 0 ||
					 (real != NULL && strcmp(file->path, real) == 0);
			bool same_name =
				strcmp(path_base(file->path), path_base(store->path)) == 0 &&
				(file->source != MATERIAL_KNOWN_GOOD ||
					concerns_file(scene->diagnosis, file, store->path));

			if ((exact ? same_path && file->version != NULL : same_name) &&
				is_sound(file->store) && strcmp(file->store->format, "pem") == 0 &&
				holds_all_of(file->store, store))
				return file;
		}
	return NULL;
}

/* How many bytes two objects agree in from their start. */
static size_t
common_prefix(struct span a, struct span b)
{
	size_t length = a.length < b.length ? a.length : b.length, i = 0;

	while (i < length && a.data[i] == b.data[i])
		i++;
	return i;
}

static bool
resembles(const struct entry *known, const struct defect *defect)
{
	size_t common = common_prefix(known->der, defect->salvage);

	if (defect->salvage.length < RESTORE_MIN_SALVAGE)
		return false;
	/* Of a block with one changed byte in its middle, all before it agrees; past the serial
	 * number nothing agrees by chance. */
	return common == defect->salvage.length || common >= 48;
}

const struct entry *
restore_block(struct scene *scene, const struct defect *defect)
{
	const struct material *material = &scene->diagnosis->material;
	const struct entry *best;
	size_t best_common = 0, rivals = 0, damage;

	best = twins_find(twins_of(scene->diagnosis), defect->salvage, &damage);
	if (best != NULL)
		return best;
	for (size_t i = 0; i < material->cert_count + material->crl_count; i++) {
		const struct entry *known =
			i < material->cert_count ? material->certs[i].entry
						 : material->crls[i - material->cert_count].entry;
		size_t common = common_prefix(known->der, defect->salvage);

		if (!resembles(known, defect) || common < best_common)
			continue;
		rivals = common == best_common ? rivals + 1 : 0;
		best_common = common;
		best = known;
	}
	return rivals == 0 ? best : NULL;
}

static bool
already_written(const struct span *written, size_t count, struct span der)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(written[i], der))
			return true;
	return false;
}

/* What is written into a composed store, each object once. */
struct composition {
	struct arena *arena;
	struct buffer content;
	struct span *written;
	size_t count, capacity;
	size_t new_objects;
	bool lost_nothing; /* each damaged block still has all of its object */
};

static void
compose_add(struct composition *composition, const struct entry *entry, bool is_new)
{
	if (!is_object(entry) ||
		already_written(composition->written, composition->count, entry->der))
		return;
	composition->written = arena_grow(composition->arena, composition->written,
		composition->count, &composition->capacity, sizeof(struct span));
	composition->written[composition->count++] = entry->der;
	composition->new_objects += is_new;
	pem_write(&composition->content, entry->kind == ENTRY_CRL ? "X509 CRL" : "CERTIFICATE",
		entry->der);
}

/* The certificates that clients expected at the verifiers of this path need and no store gives
 * them. */
static void
compose_needed(struct scene *scene, struct composition *composition, const char *path)
{
	for (size_t i = 0; i < scene->cell_count; i++) {
		const struct cell *cell = &scene->cells[i];
		size_t verifier = (size_t)(cell->verifier - scene->service->verifiers);
		struct completion completion;
		bool reads = false;

		for (size_t j = 0; j < cell->verifier->source_count; j++)
			reads = reads || (strcmp(cell->verifier->sources[j].path, path) == 0 &&
						 cell->verifier->sources[j].role != ROLE_CRLS);
		if (!reads || !cell->concerns || cell->accepted || !cell->client->must_be_accepted)
			continue;
		if (!completion_find(scene, verifier, cell->client, &completion))
			continue;
		for (size_t j = completion.length; j-- > 0;)
			if (completion.added[j] != NULL)
				compose_add(composition, completion.added[j]->entry, true);
	}
}

/* Known-good CRLs of the CAs whose CRLs a lost CRL store must have held: those of every CA in the
 * verifier's trust. */
static void
compose_crls(struct scene *scene, struct composition *composition, size_t verifier)
{
	const struct material *material = &scene->diagnosis->material;
	const struct trust *trust = scene->trusts[verifier];

	for (size_t i = 0; i < trust->anchor_count; i++) {
		const struct material_crl *best = material_crl_for(material,
			scene->diagnosis->judge, trust->anchors[i].cert, scene->request->at);

		if (best != NULL)
			compose_add(composition, best->entry, true);
	}
}

static bool
is_whole_at(const struct store *store, const struct defect *defect)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].offset == defect->offset && is_object(&store->entries[i]))
			return !entry_is_corrupt(store, &store->entries[i]);
	return false;
}

struct span
restore_composed(struct scene *scene, const struct store *store, const char *path)
{
	struct composition composition = { .arena = scene->diagnosis->arena,
		.lost_nothing = store->defect_count > 0 };
	struct span result = { 0 };
	size_t verifier = 0;
	const struct trust_source *source = scene_source(scene, path, &verifier);

	for (size_t i = 0; i < store->entry_count; i++)
		if (!entry_is_corrupt(store, &store->entries[i]) &&
			store_offers(store, &store->entries[i]))
			compose_add(&composition, &store->entries[i], false);
	for (size_t i = 0; i < store->defect_count; i++) {
		const struct defect *defect = &store->defects[i];
		const struct entry *known = defect->is_block ? restore_block(scene, defect) : NULL;

		if (known != NULL)
			compose_add(&composition, known, true);
		composition.lost_nothing =
			composition.lost_nothing && defect->is_block && is_whole_at(store, defect);
	}
	if (source != NULL && source->role == ROLE_CRLS)
		compose_crls(scene, &composition, verifier);
	else
		compose_needed(scene, &composition, path);
	if (composition.new_objects > 0 || (composition.lost_nothing && composition.count > 0))
		result = span_of(arena_dup(scene->diagnosis->arena, composition.content.data,
					 composition.content.length),
			composition.content.length);
	buffer_free(&composition.content);
	return result;
}

static const struct material_cert *
better_certificate(const struct scene *scene, const struct cert *bad)
{
	const struct material *material = &scene->diagnosis->material;

	for (size_t i = 0; i < material->cert_count; i++) {
		const struct cert *cert = material->certs[i].cert;

		if (cert_same(cert, bad) || !name_equal(cert->subject, bad->subject) ||
			!digest_equal(&cert->key_digest, &bad->key_digest))
			continue;
		if (cert->not_before <= scene->request->at && scene->request->at <= cert->not_after)
			return &material->certs[i];
	}
	return NULL;
}

const struct remedy *
remedy_better_ca(
	struct scene *scene, size_t verifier, enum cause_code cause, const struct cert *bad)
{
	const struct material_cert *better = better_certificate(scene, bad);
	const struct verifier *where = &scene->service->verifiers[verifier];
	const struct trust *trust = scene->trusts[verifier];
	const struct trusted *stored = NULL;
	struct remedy *remedy;

	for (size_t i = 0; i < trust->anchor_count && stored == NULL; i++)
		if (cert_same(trust->anchors[i].cert, bad))
			stored = &trust->anchors[i];
	if (better == NULL || where->source_count == 0)
		return NULL;
	remedy = remedy_new(scene, stored != NULL ? "replace-entry" : "add-entry", cause,
		stored != NULL ? stored->entry->path : where->sources[0].path);
	remedy->bytes = better->cert->der;
	remedy->label = "CERTIFICATE";
	if (stored != NULL) {
		remedy->damaged = stored->cert->der;
		remedy_says(scene, remedy,
			"put the good certificate of %s (same key, from %s) in the place of the "
			"one at line %u of %s",
			scene_name(scene, better->cert), better->entry->path, stored->entry->line,
			stored->entry->path);
	} else {
		remedy_says(scene, remedy,
			"add the good certificate of %s (same key, from %s) to %s",
			scene_name(scene, better->cert), better->entry->path, remedy->path);
	}
	return remedy;
}

bool
is_cross_certificate(const struct scene *scene, const struct cert *cert)
{
	const struct material *material = &scene->diagnosis->material;

	if (cert_is_self_issued(cert))
		return false;
	for (size_t i = 0; i < material->cert_count; i++) {
		const struct cert *other = material->certs[i].cert;

		if (digest_equal(&other->key_digest, &cert->key_digest) &&
			name_equal(other->subject, cert->subject) &&
			!name_equal(other->issuer, cert->issuer))
			return true;
	}
	return false;
}

bool
store_is_servers(const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct cert *cert = &store->entries[i].cert;

		if (store->entries[i].kind == ENTRY_CERTIFICATE && !cert->is_ca &&
			cert->has_extended_key_usage &&
			(cert->extended_key_usage & EKU_SERVER_AUTH) != 0 &&
			(cert->extended_key_usage & EKU_CLIENT_AUTH) == 0)
			return true;
	}
	return false;
}
