/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/guard.h"

#include <string.h>
#include <sys/stat.h>

struct guard {
	const char *name;
	const char *(*check)(const struct change *);
};

static const char *
same_verifiers(const struct change *change)
{
	if (change->before->verifier_count != change->after->verifier_count)
		return "the number of verifiers would change";
	return NULL;
}

static const char *
no_looser_mode(const struct change *change)
{
	for (size_t i = 0; i < change->before->verifier_count; i++)
		if (change->after->verifiers[i].mode != change->before->verifiers[i].mode)
			return "the verify mode would change";
	return NULL;
}

/* A server's certificate, or one for code, is no client's. */
static const char *
no_other_purpose(const struct change *change)
{
	for (size_t i = 0; i < change->before->verifier_count; i++)
		if (change->after->verifiers[i].purpose != change->before->verifiers[i].purpose)
			return "the purpose that is asked of certificates would change";
	return NULL;
}

static const char *
no_dropped_crl_check(const struct change *change)
{
	for (size_t i = 0; i < change->before->verifier_count; i++) {
		const struct verifier *before = &change->before->verifiers[i],
				      *after = &change->after->verifiers[i];

		if (after->crl_check != before->crl_check ||
			after->crl_missing_ok != before->crl_missing_ok)
			return "the checking of CRLs would change";
	}
	return NULL;
}

/* Answers are signed by the CA or whom it told to, so it does not matter who hands them out, as
 * long as the signatures are looked at. */
static bool
is_same_responder(const struct ocsp_policy *a, const struct ocsp_policy *b)
{
	if (!a->signer_unchecked && b->responder != NULL)
		return a->responder == NULL || a->responder_overrides == b->responder_overrides;
	return (a->responder == NULL) == (b->responder == NULL) &&
	       (a->responder == NULL || strcmp(a->responder, b->responder) == 0) &&
	       a->responder_overrides == b->responder_overrides;
}

static bool
is_same_ocsp(const struct ocsp_policy *a, const struct ocsp_policy *b)
{
	return a->check == b->check && is_same_responder(a, b) &&
	       a->nonce_demanded == b->nonce_demanded && a->no_url_ok == b->no_url_ok &&
	       a->missing_ok == b->missing_ok && a->signer_unchecked == b->signer_unchecked &&
	       a->has_skew == b->has_skew && a->skew == b->skew &&
	       a->has_max_age == b->has_max_age && a->max_age == b->max_age;
}

static const char *
no_changed_ocsp(const struct change *change)
{
	for (size_t i = 0; i < change->before->verifier_count; i++)
		if (!is_same_ocsp(
			    &change->before->verifiers[i].ocsp, &change->after->verifiers[i].ocsp))
			return "the asking of OCSP responders would change";
	return NULL;
}

static const char *
no_ignored_errors(const struct change *change)
{
	for (size_t i = 0; i < change->before->verifier_count; i++) {
		const struct verifier *before = &change->before->verifiers[i],
				      *after = &change->after->verifiers[i];

		if (memcmp(before->ignored_ca_errors, after->ignored_ca_errors,
			    sizeof(before->ignored_ca_errors)) != 0 ||
			memcmp(before->ignored_leaf_errors, after->ignored_leaf_errors,
				sizeof(before->ignored_leaf_errors)) != 0 ||
			before->ignores_all_ca_errors != after->ignores_all_ca_errors ||
			before->ignores_all_leaf_errors != after->ignores_all_leaf_errors)
			return "the verify errors that are ignored would change";
	}
	return NULL;
}

static const char *
no_lower_security_level(const struct change *change)
{
	for (size_t i = 0; i < change->before->verifier_count; i++)
		if (change->after->verifiers[i].security_level <
			change->before->verifiers[i].security_level)
			return "the security level would be lowered";
	return NULL;
}

static const char *
no_partial_chain(const struct change *change)
{
	for (size_t i = 0; i < change->before->verifier_count; i++)
		if (change->after->verifiers[i].partial_chain &&
			!change->before->verifiers[i].partial_chain)
			return "intermediates would become anchors";
	return NULL;
}

static bool
holds(const struct trust *trust, const struct cert *cert)
{
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (cert_same(trust->anchors[i].cert, cert))
			return true;
	return false;
}

/* The n-th store that this verifier reads, readable for the engine or not; NULL past the last. */
static const struct store *
store_before(const struct change *change, size_t verifier, size_t n)
{
	const struct verifier *before = &change->before->verifiers[verifier];

	if (n >= before->source_count)
		return NULL;
	return stores_open(change->diagnosis->stores, change->before->world,
		before->sources[n].path, LOADER_ANY);
}

/* Whether it is in a file of this verifier already. What another one trusts is not enough. */
static bool
was_stored(const struct change *change, size_t verifier, const struct cert *cert)
{
	const struct store *store;

	for (size_t i = 0; (store = store_before(change, verifier, i)) != NULL; i++)
		if (remedy_find_entry(store, cert->der) != NULL)
			return true;
	return false;
}

/* New anchors come from known-good material alone, and never from a client. */
static const char *
only_known_good_anchors(const struct change *change)
{
	for (size_t i = 0; i < change->after->verifier_count; i++)
		for (size_t j = 0; j < change->trusts_after[i]->anchor_count; j++) {
			const struct cert *cert = change->trusts_after[i]->anchors[j].cert;

			if (holds(change->trusts_before[i], cert) ||
				material_has_cert(&change->diagnosis->material, cert) ||
				was_stored(change, i, cert))
				continue;
			return "a certificate that nothing known-good vouches for would be trusted";
		}
	return NULL;
}

/* Such as /etc/ssl/certs/ca-certificates.crt: everybody that any public CA serves would be let in.
 */
static const char *
no_system_bundle(const struct change *change)
{
	enum { PRIVATE_CAS = 60 };

	for (size_t i = 0; i < change->after->verifier_count; i++)
		if (change->trusts_before[i]->loads && change->trusts_before[i]->anchor_count > 0 &&
			change->trusts_after[i]->anchor_count >
				change->trusts_before[i]->anchor_count + PRIVATE_CAS &&
			change->trusts_after[i]->anchor_count >
				2 * change->trusts_before[i]->anchor_count + PRIVATE_CAS)
			return "very many CAs would be added at once, as of a system's bundle";
	return NULL;
}

static bool
signed_by(struct signature_cache *signatures, const struct crl *crl, const struct cert *ca)
{
	return name_equal(ca->subject, crl->issuer) &&
	       signature_crl(signatures, crl, ca->spki) == SIGNATURE_GOOD;
}

/* A complete list that a CA of this verifier has signed, as far as anything at hand tells. */
static bool
is_genuine(const struct change *change, size_t verifier, const struct crl *crl)
{
	const struct trust *trusts[] = { change->trusts_before[verifier],
		change->trusts_after[verifier] };
	const struct material *material = &change->diagnosis->material;
	struct signature_cache *signatures = judge_signatures(change->diagnosis->judge);

	if (crl->is_delta)
		return false;
	for (size_t i = 0; i < COUNT_OF(trusts); i++)
		for (size_t j = 0; j < trusts[i]->anchor_count; j++)
			if (signed_by(signatures, crl, trusts[i]->anchors[j].cert))
				return true;
	for (size_t i = 0; i < material->cert_count; i++)
		if (signed_by(signatures, crl, material->certs[i].cert))
			return true;
	return false;
}

/* RFC 5280 5.2.3: of two lists of one CA the one with the greater number is newer; lists without
 * one have only their times. */
static bool
is_older(const struct crl *crl, const struct crl *than)
{
	if (crl->has_number && than->has_number)
		return crl_number_compare(crl->number, than->number) < 0;
	return crl->this_update < than->this_update;
}

/* Why losing this list is not allowed, or NULL where one as new stays. */
static const char *
crl_is_lost(const struct change *change, size_t verifier, const struct crl *old)
{
	const struct trust *after = change->trusts_after[verifier];
	const char *lost = "a CRL would be taken away";

	for (size_t i = 0; i < after->crl_count; i++) {
		const struct crl *crl = after->crls[i];

		if (!name_equal(crl->issuer, old->issuer) || !is_genuine(change, verifier, crl))
			continue;
		if (!is_older(crl, old))
			return NULL;
		lost = "an older CRL would take the place of a newer one";
	}
	return lost;
}

/* One that the CA did not sign, or that is not in force yet, says nothing about what is newer. */
static const char *
lost_of_store(const struct change *change, size_t verifier, const struct store *store)
{
	const char *lost = NULL;

	for (size_t i = 0; lost == NULL && i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->kind == ENTRY_CRL && entry->crl.this_update <= moment_now() &&
			is_genuine(change, verifier, &entry->crl))
			lost = crl_is_lost(change, verifier, &entry->crl);
	}
	return lost;
}

/* A list with a lower number, or none, lets revoked clients in again. */
static const char *
no_older_crl(const struct change *change)
{
	const struct store *store;

	for (size_t i = 0; i < change->before->verifier_count; i++)
		for (size_t j = 0; (store = store_before(change, i, j)) != NULL; j++) {
			const char *lost = lost_of_store(change, i, store);

			if (lost != NULL)
				return lost;
		}
	return NULL;
}

/* Just so it was when it was known to be good. */
static bool
was_known_so(const struct change *change, const struct edit *edit)
{
	const struct material *material = &change->diagnosis->material;

	for (size_t i = 0; i < material->file_count; i++) {
		const struct file_version *version = material->files[i].version;

		if (version != NULL && strcmp(version->path, edit->path) == 0 &&
			version->identity.mode == edit->mode &&
			version->identity.owner == edit->owner &&
			version->identity.group == edit->group)
			return true;
	}
	return false;
}

static const char *
opens(const struct file_identity *before, const struct edit *edit)
{
	mode_t gained = edit->mode & ~before->mode;

	if ((gained & (S_IWGRP | S_IWOTH | S_ISUID | S_ISGID)) != 0 ||
		(edit->owner != before->owner && edit->owner != 0) ||
		(edit->group != before->group && (edit->mode & S_IWGRP) != 0))
		return "permission to write would be given away";
	if ((gained & S_IROTH) != 0)
		return "permission to read would be given to everybody";
	return NULL;
}

/* Reading may be given to the server's own user or group; writing to nobody, and reading to
 * everybody not either. */
static const char *
no_open_permissions(const struct change *change)
{
	const struct edit *edits;
	size_t count = overlay_edits(change->plan->overlay, &edits);

	for (size_t i = 0; i < count; i++) {
		const struct edit *edit = &edits[i];
		struct file_identity before = {
			.owner = edit->owner, .group = edit->group, .mode = REMEDY_NEW_FILE_MODE
		};
		struct err ignored = { 0 };
		const char *broken;

		if (edit->kind == EDIT_LINK || edit->kind == EDIT_REMOVE)
			continue;
		if (!edit->creates &&
			world_stat(change->before->world, edit->path, &before, &ignored) < 0)
			continue;
		broken = opens(&before, edit);
		if (broken != NULL && !was_known_so(change, edit))
			return broken;
	}
	return NULL;
}

/* Whoever must be refused and is refused now stays out. */
static const char *
nobody_let_in(const struct change *change)
{
	for (size_t i = 0; i < change->cell_count; i++) {
		const struct cell *before = &change->cells_before[i],
				  *after = &change->cells_after[i];

		if (after->concerns && !after->client->must_be_accepted && after->accepted &&
			!before->accepted)
			return arena_printf(change->diagnosis->arena,
				"%s must be refused, and %s would let it in once the rest is "
				"mended%s",
				after->client->name, after->verifier->name,
				after->verifier->crl_check == CRL_CHECK_NONE
					? ", for it checks no CRL: where that one is revoked, let "
					  "it check the CRL that says so; else take the client "
					  "from those that must be refused"
					: ": take the client from those that must be refused, or "
					  "have its CA revoke it");
	}
	return NULL;
}

/* Whoever gets in now, and must, still does. */
static const char *
nobody_shut_out(const struct change *change)
{
	for (size_t i = 0; i < change->cell_count; i++) {
		const struct cell *before = &change->cells_before[i],
				  *after = &change->cells_after[i];

		if (after->concerns && after->client->must_be_accepted && before->accepted &&
			!after->accepted)
			return arena_printf(change->diagnosis->arena,
				"%s gets in now, and would be shut out", after->client->name);
	}
	return NULL;
}

static const struct guard guards[] = {
	{ "same-verifiers", same_verifiers },
	{ "verify-mode", no_looser_mode },
	{ "purpose", no_other_purpose },
	{ "crl-check", no_dropped_crl_check },
	{ "ocsp", no_changed_ocsp },
	{ "ignored-errors", no_ignored_errors },
	{ "security-level", no_lower_security_level },
	{ "partial-chain", no_partial_chain },
	{ "known-good-anchors", only_known_good_anchors },
	{ "system-bundle", no_system_bundle },
	{ "older-crl", no_older_crl },
	{ "open-permissions", no_open_permissions },
	{ "let-in", nobody_let_in },
	{ "shut-out", nobody_shut_out },
};

const char *
guard_check(const struct change *change)
{
	for (size_t i = 0; i < COUNT_OF(guards); i++) {
		const char *broken = guards[i].check(change);

		if (broken != NULL)
			return arena_printf(
				change->diagnosis->arena, "%s (%s)", broken, guards[i].name);
	}
	return NULL;
}
