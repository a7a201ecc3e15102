/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong in the bytes of a store: damage to its text, damaged and lost entries, the wrong
 * format, trust settings. */
#include <string.h>

#include "diagnosis/malformed.h"
#include "diagnosis/restore.h"
#include "diagnosis/twin.h"
#include "stores/generated.h"

enum mend { MEND_TEXT, MEND_LOST, MEND_BLOCK, MEND_FORMAT, MEND_TRUST, MEND_NOTHING };

/* How each kind of defect is mended, and how much it matters where no known client suffers from it.
 * Sorted by code. */
static const struct defect_rule {
	enum cause_code cause;
	enum mend mend;
	enum severity idle;
	const char *why; /* of MEND_NOTHING */
} defect_rules[] = {
	{ CAUSE_STORE_BYTE_ORDER_MARK, MEND_TEXT, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_CORRUPT_ENTRY, MEND_BLOCK, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_DOUBLE_BASE64, MEND_TEXT, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_DUPLICATE, MEND_NOTHING, SEVERITY_NOTE,
		"OpenSSL reads it all the same: remove the later copy when the store is next "
		"changed" },
	{ CAUSE_STORE_EMPTY, MEND_LOST, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_FOREIGN_OBJECT, MEND_NOTHING, SEVERITY_NOTE,
		"take it out by hand; a private key that others could read must be replaced" },
	{ CAUSE_STORE_FUSED_BLOCKS, MEND_TEXT, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_INTERLEAVED_WRITE, MEND_LOST, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_LINE_ENDINGS, MEND_TEXT, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_LITERAL_NEWLINES, MEND_TEXT, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_NUL_BYTES, MEND_TEXT, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_STRAY_TEXT, MEND_NOTHING, SEVERITY_NOTE,
		"OpenSSL reads past it: strip it in a copy for engines that do not" },
	{ CAUSE_STORE_TRUNCATED, MEND_LOST, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_TRUST_SETTINGS, MEND_TRUST, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_UTF16, MEND_TEXT, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_WRONG_CONTAINER, MEND_FORMAT, SEVERITY_WARNING, NULL },
	{ CAUSE_STORE_WRONG_FORMAT, MEND_FORMAT, SEVERITY_WARNING, NULL },
};

static const struct defect_rule *
defect_rule_of(enum cause_code cause)
{
	for (size_t i = 0; i < COUNT_OF(defect_rules); i++)
		if (defect_rules[i].cause == cause)
			return &defect_rules[i];
	return NULL;
}

static const struct remedy *
remedy_text(struct scene *scene, const struct store *store, const struct defect *defect)
{
	struct remedy *remedy = remedy_new(scene, "mend-text", defect->cause, store->path);

	remedy->damage = defect->cause;
	remedy_says(scene, remedy,
		"undo this damage to the text of %s, every certificate unchanged", store->path);
	return remedy;
}

/* The whole file as it was, or the closest that known-good material allows. */
static const struct remedy *
remedy_lost(struct scene *scene, const struct store *store, const struct defect *defect)
{
	struct remedy *remedy = remedy_new(scene, "restore-store", defect->cause, store->path);
	const struct material_file *whole = restore_whole(scene, store);

	if (whole != NULL) {
		remedy->bytes = whole->store->bytes;
		remedy_says(scene, remedy, "restore %s byte for byte from %s", store->path,
			whole->path);
		return remedy;
	}
	remedy->bytes = restore_composed(scene, store, store->path);
	remedy_says(scene, remedy,
		"rebuild %s: what is whole in it, and what was lost from known-good material",
		store->path);
	return remedy->bytes.length > 0 ? remedy : NULL;
}

static struct span
defect_bytes(struct scene *scene, const struct store *store, const struct defect *defect)
{
	struct span bytes = store->bytes;
	struct err err = { 0 };

	if (strcmp(defect->path, store->path) != 0 &&
		world_read(scene->world, defect->path, STORE_MAX_SIZE, &bytes, &err) < 0)
		return span_of(NULL, 0);
	if (defect->offset > bytes.length || defect->length > bytes.length - defect->offset)
		return span_of(NULL, 0);
	return span_of(bytes.data + defect->offset, defect->length);
}

/* One damaged block: the certificate that it was, if that can be told; else as if entries were
 * lost. */
static const struct remedy *
remedy_block(struct scene *scene, const struct store *store, const struct defect *defect)
{
	const struct entry *known = restore_block(scene, defect);
	struct remedy *remedy;

	if (known == NULL || defect->length == 0)
		return remedy_lost(scene, store, defect);
	remedy = remedy_new(scene, "restore-entry", defect->cause, defect->path);
	remedy->damaged = defect_bytes(scene, store, defect);
	remedy->bytes = known->der;
	remedy->label = known->kind == ENTRY_CRL ? "X509 CRL" : "CERTIFICATE";
	remedy_says(scene, remedy, "restore the damaged block at line %u of %s from %s",
		defect->line, defect->path, known->path);
	return remedy;
}

/* A container seldom holds all that stood in the file before it: known-good material comes first,
 * where it adds to what is there. */
static const struct remedy *
remedy_format(struct scene *scene, const struct store *store, const struct defect *defect)
{
	const struct remedy *lost = NULL;
	struct remedy *remedy;
	size_t certificates = 0, offered = 0;

	for (size_t i = 0; i < store->entry_count; i++) {
		if (!store_offers(store, &store->entries[i]))
			continue;
		offered++;
		certificates += store->entries[i].kind == ENTRY_CERTIFICATE;
	}
	if (offered == 0 || store_is_container(store))
		lost = remedy_lost(scene, store, defect);
	if (offered == 0 || lost != NULL)
		return lost;
	remedy = remedy_new(scene, "convert-format", defect->cause, store->path);
	remedy_says(scene, remedy, "write the same %zu certificates and %zu CRLs as PEM to %s",
		certificates, offered - certificates, store->path);
	return remedy;
}

static const struct entry *
entry_at(const struct store *store, const struct defect *defect)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].offset == defect->offset &&
			strcmp(store->entries[i].path, defect->path) == 0)
			return &store->entries[i];
	return NULL;
}

/* The plain certificate in the place of one with settings; a deliberate rejection is not undone
 * unasked. */
static const struct remedy *
remedy_trust(struct scene *scene, const struct store *store, const struct defect *defect)
{
	const struct entry *entry = entry_at(store, defect);
	struct remedy *remedy;

	if (entry == NULL || entry->kind != ENTRY_CERTIFICATE)
		return NULL;
	remedy = remedy_new(scene, "restore-entry", defect->cause, defect->path);
	remedy->damaged = defect_bytes(scene, store, defect);
	remedy->bytes = entry->der;
	remedy->label = "CERTIFICATE";
	remedy_says(scene, remedy, "write the plain certificate of %s without trust settings",
		scene_name(scene, &entry->cert));
	if (entry->trust.rejects_client ||
		!material_has_cert(&scene->diagnosis->material, &entry->cert)) {
		remedy->applicability = REPAIR_REVIEW;
		remedy->why =
			entry->trust.rejects_client
				? "the settings reject this CA for clients: that may be deliberate"
				: "no known-good material holds this CA without settings";
	}
	return remedy;
}

static const struct remedy *
remedy_for(
	struct scene *scene, const struct store *store, const struct defect *defect, enum mend mend)
{
	switch (mend) {
	case MEND_TEXT:
		return remedy_text(scene, store, defect);
	case MEND_LOST:
		return remedy_lost(scene, store, defect);
	case MEND_BLOCK:
		return remedy_block(scene, store, defect);
	case MEND_FORMAT:
		return remedy_format(scene, store, defect);
	case MEND_TRUST:
		return remedy_trust(scene, store, defect);
	case MEND_NOTHING:
		break;
	}
	return NULL;
}

/* What does not parse, and was issued so: no damage, and nothing that could be restored. */
static void
suspect_malformed(struct scene *scene, struct suspects *suspects, const struct store *store,
	const struct defect *defect, const struct cert *malformed)
{
	struct locus where = { .path = defect->path,
		.line = defect->line,
		.offset = defect->offset,
		.length = defect->length };
	const struct remedy *remedy =
		malformed_remedy(scene, defect, defect_bytes(scene, store, defect), malformed);
	struct suspect *suspect =
		suspect_add(scene, suspects, CAUSE_CHAIN_MALFORMED, &where, remedy);
	const char *fault = strstr(defect->text, ": ");

	suspect->certain = true;
	suspect->harmful = !defect->harmless || !store->loading.loads;
	suspect->idle = suspect->harmful ? SEVERITY_WARNING : SEVERITY_NOTE;
	suspect_subject(scene, suspect, malformed);
	suspect_evidence(scene, suspect, "%s:%u (byte %zu): the certificate of %s does not parse%s",
		defect->path, defect->line, defect->offset, scene_name(scene, malformed),
		fault != NULL ? fault : "");
	suspect_evidence(scene, suspect,
		"its signature is good: it is as its CA issued it, and not damaged");
	if (!store->loading.loads && store->loading.error != NULL)
		suspect_evidence(
			scene, suspect, "OpenSSL loads nothing from it: %s", store->loading.error);
	if (remedy == NULL)
		suspect->why = "its CA has to issue it anew: no certificate of this name and key "
			       "that can be read is known to be good";
}

static void
suspect_defect(struct scene *scene, struct suspects *suspects, const struct trust_source *source,
	const struct store *store, const struct defect *defect)
{
	const struct defect_rule *rule = defect_rule_of(defect->cause);
	struct locus where = { .path = defect->path,
		.line = defect->line,
		.offset = defect->offset,
		.length = defect->length };
	enum cause_code cause = defect->cause;
	const struct entry *entry = entry_at(store, defect);
	/* Of a directory of files, each is damaged and mended by itself. */
	const struct store *file = strcmp(defect->path, store->path) == 0
					   ? store
					   : stores_open(scene->diagnosis->stores, scene->world,
						     defect->path, LOADER_ANY);
	struct suspect *suspect;
	const struct remedy *remedy;
	struct cert malformed;

	/* Where a container stands in the place of PEM, what is wrong inside it is of no matter. */
	if (rule == NULL || (store_is_container(store) && cause != CAUSE_STORE_WRONG_CONTAINER))
		return;
	if (cause == CAUSE_STORE_CORRUPT_ENTRY && malformed_by_ca(scene, defect, &malformed)) {
		suspect_malformed(scene, suspects, store, defect, &malformed);
		return;
	}
	/* A foreign object that stands in the place of all certificates has cost them. */
	remedy = remedy_for(scene, file, defect,
		rule->mend == MEND_NOTHING && !file->loading.loads && !store->loading.loads
			? MEND_LOST
			: rule->mend);
	/* What keeps a CRL file from being one has a name of its own. */
	if (source->role == ROLE_CRLS &&
		(cause == CAUSE_STORE_WRONG_FORMAT || cause == CAUSE_STORE_WRONG_CONTAINER))
		cause = CAUSE_CRL_WRONG_FORMAT;
	suspect = suspect_add(scene, suspects, cause, &where, remedy);
	suspect->certain = true;
	suspect->harmful = !defect->harmless || !store->loading.loads;
	suspect->idle =
		defect->harmless && rule->idle == SEVERITY_WARNING && rule->mend == MEND_NOTHING
			? SEVERITY_NOTE
			: rule->idle;
	if (entry != NULL && entry->kind == ENTRY_PRIVATE_KEY)
		suspect->idle = SEVERITY_WARNING; /* whoever may read the store has it */
	suspect_evidence(scene, suspect, "%s:%u (byte %zu): %s", defect->path, defect->line,
		defect->offset, defect->text);
	if (!store->loading.loads && store->loading.error != NULL)
		suspect_evidence(
			scene, suspect, "OpenSSL loads nothing from it: %s", store->loading.error);
	else if (store->loading.certificates + store->loading.crls > 0)
		suspect_evidence(scene, suspect,
			"OpenSSL loads %zu certificates and %zu CRLs from it",
			store->loading.certificates, store->loading.crls);
	if (entry != NULL && entry->kind == ENTRY_CERTIFICATE)
		suspect_subject(scene, suspect, &entry->cert);
	if (remedy == NULL)
		suspect->why = rule->why != NULL
				       ? rule->why
				       : "nothing known-good holds what was lost: give it with "
					 "--known-good, or save a baseline while all is well";
	else
		suspect->why = remedy->why;
}

/* A file of CRLs that holds none, or of CAs that holds only CRLs: it loads, and everybody is
 * refused. */
static void
check_wrong_kind(struct scene *scene, struct suspects *suspects, const struct trust_source *source,
	const struct store *store)
{
	struct locus where = { .path = store->path, .line = 1 };
	struct defect lost = { .cause = CAUSE_CRL_WRONG_FORMAT, .path = store->path };
	const struct remedy *remedy;
	struct suspect *suspect;

	if (source->role != ROLE_CRLS || store_count(store, ENTRY_CRL) > 0 ||
		store_count(store, ENTRY_CERTIFICATE) == 0)
		return;
	remedy = remedy_lost(scene, store, &lost);
	suspect = suspect_add(scene, suspects, CAUSE_CRL_WRONG_FORMAT, &where, remedy);
	suspect->certain = suspect->harmful = true;
	suspect->idle = SEVERITY_WARNING;
	suspect_evidence(scene, suspect,
		"%s holds %zu certificates and no CRL, and the server loads it without complaint",
		store->path, store_count(store, ENTRY_CERTIFICATE));
	if (remedy == NULL)
		suspect->why = "nothing known-good holds the CRLs that belong here";
}

static void
check_wrong_store(struct scene *scene, struct suspects *suspects, const struct trust_source *source,
	const struct store *store)
{
	struct store empty = *store;
	struct locus where = { .path = store->path, .line = 1 };
	struct defect lost = { .cause = CAUSE_STORE_WRONG_STORE, .path = store->path };
	struct suspect *suspect;

	if (source->role != ROLE_ANCHORS || !store_is_servers(store))
		return;
	/*
	 * Nothing of it belongs here, so nothing of it is kept; but only where this path is known
	 * to be one of client CAs: it may be the server's own certificate, named by a directive
	 * that means something else.
	 */
	empty.entry_count = empty.defect_count = 0;
	suspect = suspect_add(scene, suspects, CAUSE_STORE_WRONG_STORE, &where,
		restore_whole(scene, &empty) != NULL ? remedy_lost(scene, &empty, &lost) : NULL);
	suspect->idle = SEVERITY_NOTE;
	suspect->certain = true;
	suspect_evidence(scene, suspect,
		"%s holds a server's certificate, as if it were the server's own chain",
		store->path);
	if (suspect->remedy == NULL)
		suspect->why = "name the file of the client CAs in the configuration: this one may "
			       "be the server's own";
	suspect->loses_client = suspect->remedy == NULL;
	for (size_t i = 0; suspect->remedy == NULL && i < scene->cell_count; i++)
		if (scene->cells[i].concerns && !scene->cells[i].accepted &&
			scene->cells[i].client->must_be_accepted)
			suspect_blame(scene, suspect, scene->cells[i].client);
}

static void
check_generated(struct scene *scene, struct suspects *suspects, const struct store *store)
{
	struct locus where = { .path = store->path, .line = 1 };
	struct arena *arena = scene->diagnosis->arena;
	struct generated generated;
	struct suspect *suspect;

	if (!store_is_generated(scene->diagnosis->stores, scene->world, store, arena, &generated))
		return;
	suspect = suspect_add(scene, suspects, CAUSE_STORE_GENERATED, &where, NULL);
	suspect->idle = SEVERITY_WARNING;
	suspect->certain = true;
	suspect->why = "what is mended here is overwritten the next time: change it at its "
		       "source as well";
	if (generated.mark != NULL) {
		suspect_evidence(
			scene, suspect, "%s says of itself: %s", store->path, generated.mark);
		return;
	}
	suspect_evidence(scene, suspect, "%s is made by %s", store->path, generated.tool);
	suspect_evidence(scene, suspect, "its source is %s%s%s", generated.sources,
		generated.run != NULL ? "; then run " : "",
		generated.run != NULL ? generated.run : "");
	if (generated.stray_count > 0)
		suspect_evidence(scene, suspect,
			"%zu of its certificates are in no source and go with the next run: the "
			"first is \"%s\"",
			generated.stray_count, name_common(arena, generated.stray->cert.subject));
}

/* One that still parses, and of which known-good material has the bytes as they were signed. */
static void
suspect_damaged(struct scene *scene, struct suspects *suspects, const struct entry *entry,
	const struct entry *known, size_t damage)
{
	struct locus where = { .path = entry->path,
		.line = entry->line,
		.offset = entry->offset,
		.length = entry->length };
	struct remedy *remedy =
		remedy_new(scene, "restore-entry", CAUSE_STORE_CORRUPT_ENTRY, entry->path);
	struct span bytes;
	struct suspect *suspect;
	struct err err = { 0 };

	if (world_read(scene->world, entry->path, STORE_MAX_SIZE, &bytes, &err) < 0 ||
		entry->offset > bytes.length || entry->length > bytes.length - entry->offset)
		return;
	remedy->damaged = span_of(bytes.data + entry->offset, entry->length);
	remedy->bytes = known->der;
	remedy->label = known->kind == ENTRY_CRL ? "X509 CRL" : "CERTIFICATE";
	remedy_says(scene, remedy, "restore the damaged block at line %u of %s from %s",
		entry->line, entry->path, known->path);
	suspect = suspect_add(scene, suspects, CAUSE_STORE_CORRUPT_ENTRY, &where, remedy);
	suspect->certain = true;
	suspect->idle = SEVERITY_WARNING;
	suspect_evidence(scene, suspect,
		"%s:%u: %zu bytes of this %s are not those of %s, and its issuer's signature does "
		"not fit: it is damaged, although it can be read",
		entry->path, entry->line, damage, known->kind == ENTRY_CRL ? "CRL" : "certificate",
		known->path);
	if (entry->kind == ENTRY_CERTIFICATE)
		suspect_subject(scene, suspect, &known->cert);
}

static void
check_damaged(struct scene *scene, struct suspects *suspects, const struct twins *twins,
	const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i], *known;
		size_t damage;

		if ((entry->kind != ENTRY_CERTIFICATE && entry->kind != ENTRY_CRL) ||
			entry->is_enclosed || entry_is_corrupt(store, entry))
			continue;
		known = twins_find(twins, entry->der, &damage);
		if (known != NULL && twin_is_sound(scene, known, entry))
			suspect_damaged(scene, suspects, entry, known, damage);
	}
}

static void
check_not_a_file(struct scene *scene, struct suspects *suspects, const struct trust_source *source)
{
	struct locus where = { .path = source->path };
	struct suspect *suspect =
		suspect_add(scene, suspects, CAUSE_STORE_WRONG_FORMAT, &where, NULL);

	suspect->certain = suspect->harmful = true;
	suspect->idle = SEVERITY_WARNING;
	suspect_evidence(scene, suspect, "%s:%u: %s names %s, which is no regular file",
		source->where.path, source->where.line, source->directive, source->path);
	suspect->why = "name the file itself in the configuration";
}

/* What engines here read past is told once for all of its places in a file. */
static bool
is_told(const struct store *store, size_t index)
{
	const struct defect *defect = &store->defects[index];
	const struct defect_rule *rule = defect_rule_of(defect->cause);

	if (rule == NULL || rule->mend != MEND_NOTHING || !defect->harmless)
		return false;
	for (size_t i = 0; i < index; i++)
		if (store->defects[i].cause == defect->cause && store->defects[i].harmless &&
			strcmp(store->defects[i].path, defect->path) == 0)
			return true;
	return false;
}

static void
store_run(struct scene *scene, struct suspects *suspects)
{
	const struct twins *twins = twins_of(scene->diagnosis);

	for (size_t i = 0; i < scene->service->verifier_count; i++)
		for (size_t j = 0; j < scene->service->verifiers[i].source_count; j++) {
			const struct trust_source *source =
				&scene->service->verifiers[i].sources[j];
			const struct store *store = stores_open(scene->diagnosis->stores,
				scene->world, source->path, source->loader);

			if (store->state == STORE_NOT_A_FILE)
				check_not_a_file(scene, suspects, source);
			if (store->state != STORE_PRESENT)
				continue;
			check_damaged(scene, suspects, twins, store);
			if (source->loader == LOADER_OPENSSL_DIRECTORY) {
				check_generated(scene, suspects, store);
				continue;
			}
			for (size_t k = 0; k < store->defect_count; k++)
				if (!is_told(store, k))
					suspect_defect(
						scene, suspects, source, store, &store->defects[k]);
			check_wrong_store(scene, suspects, source, store);
			check_generated(scene, suspects, store);
			if (store->defect_count == 0)
				check_wrong_kind(scene, suspects, source, store);
		}
}

const struct check check_store = {
	.name = "store",
	.run = store_run,
};
