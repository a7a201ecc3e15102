/* SPDX-License-Identifier: Apache-2.0 */
#include "remedies/material.h"

#include <string.h>

/* Open addressing by the first bytes of a SHA-256: as good a hash as any. */
enum { SLOTS_FIRST = 256 };

static size_t
slot_of(const struct material *material, const struct digest *digest)
{
	uint64_t hash;

	memcpy(&hash, digest->bytes, sizeof(hash));
	return (size_t)hash & (material->slot_count - 1);
}

/* True where the digest is new, and then it is kept; knows only looks. */
static bool
material_note(struct material *material, const struct digest *digest, bool keep)
{
	size_t slot;

	if (material->slot_count == 0)
		return !keep;
	for (slot = slot_of(material, digest); material->slots[slot] != NULL;
		slot = (slot + 1) & (material->slot_count - 1))
		if (digest_equal(material->slots[slot], digest))
			return false;
	if (keep) {
		material->slots[slot] = digest;
		material->slots_used++;
	}
	return true;
}

static void
material_make_room(struct material *material)
{
	const struct digest **old = material->slots;
	size_t count = material->slot_count;

	if (material->slots_used * 2 < count)
		return;
	material->slot_count = count == 0 ? SLOTS_FIRST : count * 2;
	material->slots =
		arena_alloc(material->arena, material->slot_count * sizeof(*material->slots));
	material->slots_used = 0;
	for (size_t i = 0; i < count; i++)
		if (old[i] != NULL)
			(void)material_note(material, old[i], true);
}

static bool
material_is_new(struct material *material, const struct digest *digest)
{
	material_make_room(material);
	return material_note(material, digest, true);
}

static void
material_add_entry(struct material *material, enum material_source source,
	const struct store *store, const struct entry *entry)
{
	if (entry->kind == ENTRY_CERTIFICATE &&
		material_is_new(material, &entry->cert.fingerprint)) {
		material->certs = arena_grow(material->arena, material->certs, material->cert_count,
			&material->cert_capacity, sizeof(*material->certs));
		material->certs[material->cert_count++] = (struct material_cert){
			.source = source, .cert = &entry->cert, .entry = entry, .store = store
		};
	}
	if (entry->kind == ENTRY_CRL && material_is_new(material, &entry->crl.fingerprint)) {
		material->crls = arena_grow(material->arena, material->crls, material->crl_count,
			&material->crl_capacity, sizeof(*material->crls));
		material->crls[material->crl_count++] = (struct material_crl){
			.source = source, .crl = &entry->crl, .entry = entry, .store = store
		};
	}
}

/* A bit flip in a self-signed certificate parses, and vouches for nothing. */
static bool
is_damaged(const struct store *store, const struct entry *entry)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == CAUSE_STORE_CORRUPT_ENTRY &&
			store->defects[i].offset == entry->offset &&
			strcmp(store->defects[i].path, entry->path) == 0)
			return true;
	return false;
}

/* Who vouches for a store vouches for what it says: that this root is not trusted, too. */
static bool
is_disowned(const struct store *store, const struct entry *entry)
{
	return entry->kind == ENTRY_CERTIFICATE && store_leaves_untrusted(store, entry) &&
	       (entry->trust.rejects_client || cert_is_self_issued(&entry->cert));
}

static void
material_add_store(struct material *material, enum material_source source,
	const struct store *store, const struct file_version *version)
{
	if (store->state != STORE_PRESENT)
		return;
	for (size_t i = 0; i < store->entry_count; i++)
		if (!is_damaged(store, &store->entries[i]) &&
			!is_disowned(store, &store->entries[i]))
			material_add_entry(material, source, store, &store->entries[i]);
	material->files = arena_grow(material->arena, material->files, material->file_count,
		&material->file_capacity, sizeof(*material->files));
	material->files[material->file_count++] = (struct material_file){
		.source = source, .path = store->path, .store = store, .version = version
	};
}

/* A walk over known-good directories: bounded in depth and in files. */
struct walk {
	struct world *host;
	struct material *material;
	size_t files;
};

static int
walk_path(struct walk *walk, const char *path, unsigned depth, struct err *err)
{
	struct material *material = walk->material;
	struct file_identity identity;
	const char *const *names;
	size_t count;

	TRY(world_stat(walk->host, path, &identity, err));
	if (identity.type == FILE_REGULAR) {
		if (++walk->files > MATERIAL_MAX_FILES)
			return err_set(err, ERR_LIMIT, "known-good %s: more than %d files", path,
				MATERIAL_MAX_FILES);
		material_add_store(material, MATERIAL_KNOWN_GOOD,
			stores_open(material->stores, walk->host, path, LOADER_ANY), NULL);
		return 0;
	}
	if (identity.type != FILE_DIRECTORY || depth >= MATERIAL_MAX_DEPTH)
		return 0;
	TRY(world_list(walk->host, path, &names, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct err ignored = { 0 };

		/* A dangling link or an unreadable file among known-good ones vouches for nothing.
		 */
		if (walk_path(walk, path_join(material->arena, path, names[i]), depth + 1,
			    &ignored) < 0 &&
			ignored.code == ERR_LIMIT) {
			*err = ignored;
			return -1;
		}
	}
	return 0;
}

static bool
is_archive(struct span bytes)
{
	static const struct {
		size_t offset;
		const char *mark;
	} marks[] = { { 0, "\x1f\x8b" }, { 0, "PK\x03\x04" }, { 0, "BZh" },
		{ 0, "\xfd"
		     "7zXZ" },
		{ 0, "\x28\xb5\x2f\xfd" }, { 257, "ustar" } };

	for (size_t i = 0; i < COUNT_OF(marks); i++) {
		size_t length = strlen(marks[i].mark);

		if (bytes.length >= marks[i].offset + length &&
			memcmp(bytes.data + marks[i].offset, marks[i].mark, length) == 0)
			return true;
	}
	return false;
}

/* A single file that was named, and of which nothing can be used, is a mistake worth a word. */
static int
check_named(struct walk *walk, const char *path, struct err *err)
{
	struct file_identity identity;
	const struct store *store;

	TRY(world_stat(walk->host, path, &identity, err));
	if (identity.type == FILE_DIRECTORY)
		return 0;
	if (identity.type != FILE_REGULAR)
		return err_set(err, ERR_NO_INPUT, "it is neither a file nor a directory");
	store = stores_open(walk->material->stores, walk->host, path, LOADER_ANY);
	if (store->state != STORE_PRESENT)
		return err_set(err, ERR_NO_INPUT, "%s",
			store->problem != NULL ? store->problem : "it cannot be read");
	if (store_count(store, ENTRY_CERTIFICATE) + store_count(store, ENTRY_CRL) > 0)
		return 0;
	return err_set(err, ERR_DATA, "%s",
		is_archive(store->bytes) ? "it is an archive: unpack it, and give the directory"
					 : "no certificate and no CRL can be read from it");
}

int
material_add_path(struct material *material, struct world *host, const char *path, struct err *err)
{
	struct walk walk = { .host = host, .material = material };

	if (check_named(&walk, path, err) < 0 || walk_path(&walk, path, 0, err) < 0)
		return err_prefix(err, "known-good %s", path);
	return 0;
}

static int
material_add_version(struct material *material, struct ledger *ledger, enum material_source source,
	const struct file_version *version, struct err *err)
{
	struct file_version *kept = arena_dup(material->arena, version, sizeof(*version));
	struct span bytes;
	int found;

	if (!version->exists || version->link_target != NULL)
		return 0;
	found = ledger_get(ledger, material->arena, &version->digest, &bytes, err);
	if (found <= 0)
		return found;
	material_add_store(material, source,
		stores_open_bytes(material->stores, kept->path, bytes, LOADER_ANY), kept);
	return 0;
}

int
material_add_ledger(struct material *material, struct ledger *ledger, const char *service,
	const char *const *paths, size_t path_count, struct err *err)
{
	struct baseline *baselines;
	size_t count;

	if (ledger == NULL)
		return 0;
	TRY(ledger_baselines(ledger, material->arena, service, &baselines, &count, err));
	for (size_t i = 0; count > 0 && i < baselines[0].file_count; i++)
		TRY(material_add_version(
			material, ledger, MATERIAL_BASELINE, &baselines[0].files[i], err));
	for (size_t i = 0; i < path_count; i++) {
		struct file_version *versions;
		size_t version_count;

		TRY(ledger_versions(
			ledger, material->arena, paths[i], &versions, &version_count, err));
		for (size_t j = 0; j < version_count; j++)
			if (versions[j].is_sound)
				TRY(material_add_version(
					material, ledger, MATERIAL_LEDGER, &versions[j], err));
	}
	return 0;
}

bool
material_has_cert(const struct material *material, const struct cert *cert)
{
	return material->slot_count > 0 &&
	       !material_note((struct material *)(uintptr_t)material, &cert->fingerprint, false);
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
