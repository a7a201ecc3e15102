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

/* Whether it is in a file of the service already, readable for the engine or not. */
static bool
was_stored(const struct change *change, const struct cert *cert)
{
	for (size_t i = 0; i < change->before->verifier_count; i++)
		for (size_t j = 0; j < change->before->verifiers[i].source_count; j++) {
			const struct store *store =
				stores_open(change->diagnosis->stores, change->before->world,
					change->before->verifiers[i].sources[j].path, LOADER_ANY);

			if (remedy_find_entry(store, cert->der) != NULL)
				return true;
		}
	return false;
}

/* New anchors come from known-good material alone; an intermediate may come from anywhere when an
 * anchor already trusted signed it. */
static const char *
only_known_good_anchors(const struct change *change)
{
	for (size_t i = 0; i < change->after->verifier_count; i++)
		for (size_t j = 0; j < change->trusts_after[i]->anchor_count; j++) {
			const struct cert *cert = change->trusts_after[i]->anchors[j].cert;

			if (holds(change->trusts_before[i], cert) ||
				material_has_cert(&change->diagnosis->material, cert) ||
				was_stored(change, cert))
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

static const struct crl *
crl_of_issuer(const struct trust *trust, struct span issuer, const struct digest *key)
{
	(void)key;
	for (size_t i = 0; i < trust->crl_count; i++)
		if (name_equal(trust->crls[i]->issuer, issuer) && !trust->crls[i]->is_delta)
			return trust->crls[i];
	return NULL;
}

/* A list of the same signer with a lower number lets revoked clients in again. */
static const char *
no_older_crl(const struct change *change)
{
	struct signature_cache *signatures = judge_signatures(change->diagnosis->judge);

	for (size_t i = 0; i < change->after->verifier_count; i++) {
		const struct trust *before = change->trusts_before[i],
				   *after = change->trusts_after[i];

		for (size_t j = 0; j < before->crl_count; j++) {
			const struct crl *old = before->crls[j],
					 *new = crl_of_issuer(after, old->issuer, NULL);
			bool genuine = false;

			for (size_t k = 0; k < before->anchor_count && !genuine; k++)
				genuine =
					name_equal(before->anchors[k].cert->subject, old->issuer) &&
					signature_crl(signatures, old,
						before->anchors[k].cert->spki) == SIGNATURE_GOOD;
			/* One that the CA did not sign, or that is not in force yet, says nothing
			 * about what is newer. */
			if (!genuine || old->is_delta || !old->has_number || new == NULL ||
				!new->has_number || old->this_update > moment_now())
				continue;
			if (crl_number_compare(new->number, old->number) < 0)
				return "an older CRL would take the place of a newer one";
		}
	}
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
		struct file_identity identity;
		struct err ignored = { 0 };
		mode_t gained;

		if (edits[i].kind != EDIT_MODE || edits[i].creates ||
			world_stat(change->before->world, edits[i].path, &identity, &ignored) < 0)
			continue;
		gained = edits[i].mode & ~identity.mode;
		if ((gained & (S_IWGRP | S_IWOTH | S_ISUID | S_ISGID)) != 0)
			return "permission to write would be given away";
		if ((gained & S_IROTH) != 0 && !change->plan->restores_mode)
			return "permission to read would be given to everybody";
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
				"%s must be refused, and would be let in", after->client->name);
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
	{ "crl-check", no_dropped_crl_check },
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
