/* SPDX-License-Identifier: Apache-2.0 */
/* Defects that no single block shows, or that are whole entries in the wrong place. */
#define CONSTRUCTS
#include "stores/format.h"

#include <stdlib.h>
#include <string.h>

#include "stores/entry_index.h"

enum { MAX_ISSUED = 500 }; /* signatures of CAs that are checked in one store */

static const char *
entry_name(const struct store_builder *builder, const struct entry *entry)
{
	return name_common(
		builder->arena, entry->kind == ENTRY_CRL ? entry->crl.issuer : entry->cert.subject);
}

static struct defect *
note(struct store_builder *builder, enum cause_code cause, const struct entry *entry,
	const char *text, bool harmless)
{
	const char *path = builder->path;
	struct defect *defect;

	builder->path = entry->path;
	defect = builder_defect(builder, cause, entry->offset, entry->length, "%s", text);
	builder->path = path;
	if (defect == NULL)
		return NULL;
	/* In a directory, the builder counts lines of another file by now. */
	defect->line = entry->line;
	defect->harmless = harmless;
	defect->salvage = entry->der;
	return defect;
}

static void
review_duplicates(struct store_builder *builder, size_t first)
{
	struct entry_index index = entry_index_new(builder->arena, builder->entry_count - first);

	for (size_t i = first; i < builder->entry_count; i++) {
		const struct entry *entry = &builder->entries[i], *earlier;

		/* Keys of one CA have its certificate in the chain of each. */
		if ((entry->kind != ENTRY_CERTIFICATE && entry->kind != ENTRY_CRL) ||
			entry->role == ENTRY_IS_CHAIN)
			continue;
		earlier = entry_index_add(&index, entry);
		if (earlier != NULL)
			(void)note(builder, CAUSE_STORE_DUPLICATE, entry,
				arena_printf(builder->arena,
					"\"%s\" stands here a second time, first on line %u",
					entry_name(builder, entry), earlier->line),
				true);
	}
}

/* Neither says it is a CA nor looks like one that lacks the extension. */
static bool
is_leaf(const struct cert *cert)
{
	return !cert->is_ca && cert->version == 3 && !(cert->key_usage & KEY_USAGE_CERT_SIGN) &&
	       !cert_is_self_issued(cert);
}

/* A CA portal's answer, saved as it came: no certificate beside it. */
static bool
review_container(struct store_builder *builder, const struct entry *entry)
{
	if (entry->kind != ENTRY_OTHER || entry->label == NULL ||
		(strncmp(entry->label, "PKCS", 4) != 0 && strcmp(entry->label, "CMS") != 0))
		return false;
	(void)note(builder, CAUSE_STORE_WRONG_CONTAINER, entry,
		"the file is a PKCS#7 container; a store is read as single certificates", false);
	return true;
}

/* What a store is made of, under a label that no engine knows: its BEGIN line is damaged. */
static bool
review_label(struct store_builder *builder, const struct entry *entry)
{
	static const char *const known[] = { "CERTIFICATE", "X509 CERTIFICATE",
		"TRUSTED CERTIFICATE", "X509 CRL" };
	struct defect *defect;

	if ((entry->kind != ENTRY_CERTIFICATE && entry->kind != ENTRY_CRL) || entry->label == NULL)
		return false;
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(entry->label, known[i]) == 0)
			return false;
	defect = note(builder, CAUSE_STORE_CORRUPT_ENTRY, entry,
		arena_printf(builder->arena,
			"the label \"%s\" is misspelt: a whole certificate or CRL stands below it, "
			"and "
			"is passed over",
			entry->label),
		false);
	if (defect != NULL)
		defect->is_block = true;
	return true;
}

/* What an object stands with: nothing that is trusted, what is in containers, or beside them. */
enum company { STANDS_ALONE, STANDS_AROUND, STANDS_BESIDE };

static void
review_foreign(struct store_builder *builder, const struct entry *entry, enum company company)
{
	const char *what = NULL;

	/* A keystore is made to hold keys and what belongs to them. */
	if (entry->role != ENTRY_IS_PLAIN || review_label(builder, entry))
		return;
	if (company != STANDS_BESIDE && review_container(builder, entry))
		return;
	if (entry->kind == ENTRY_PRIVATE_KEY)
		what = "a private key stands in a store of CA certificates: whoever may read the "
		       "store has the key";
	else if (entry->kind == ENTRY_REQUEST)
		what = "a certificate request stands where a certificate is expected";
	else if (entry->kind == ENTRY_OTHER)
		what = arena_printf(builder->arena,
			"a block \"%s\" that is neither certificate nor CRL",
			entry->label == NULL ? "" : entry->label);
	else if (entry->kind == ENTRY_CERTIFICATE && is_leaf(&entry->cert))
		what = arena_printf(builder->arena,
			"\"%s\" is no CA: nobody's issuer is found in it",
			entry_name(builder, entry));
	if (what != NULL)
		(void)note(
			builder, CAUSE_STORE_FOREIGN_OBJECT, entry, what, company != STANDS_ALONE);
}

/* X509_check_trust(3): a reject entry refuses; a trust list that lacks the use refuses as well. */
static void
review_trust(struct store_builder *builder, const struct entry *entry)
{
	const struct trust_settings *trust = &entry->trust;
	const char *what = trust->rejects_client ? "reject" : "do not name";

	if (!trust->rejects_client && (!trust->has_trust || trust->trusts_client))
		return;
	(void)note(builder, CAUSE_STORE_TRUST_SETTINGS, entry,
		arena_printf(builder->arena,
			"the trust settings of \"%s\" %s client authentication",
			entry_name(builder, entry), what),
		false);
}

static void
review_losses(struct store_builder *builder, size_t first_entry)
{
	for (size_t i = first_entry; i < builder->entry_count; i++)
		if (builder->entries[i].role == ENTRY_IS_PLAIN)
			(void)review_label(builder, &builder->entries[i]);
}

void
builder_review(struct store_builder *builder, size_t first_entry)
{
	enum company company = STANDS_ALONE;

	if (builder->losses_only) {
		review_losses(builder, first_entry);
		return;
	}
	for (size_t i = first_entry; i < builder->entry_count; i++) {
		const struct entry *entry = &builder->entries[i];

		if (entry->kind != ENTRY_CERTIFICATE && entry->kind != ENTRY_CRL)
			continue;
		company = entry->is_enclosed && company != STANDS_BESIDE ? STANDS_AROUND
									 : STANDS_BESIDE;
	}
	for (size_t i = first_entry; i < builder->entry_count; i++) {
		review_foreign(builder, &builder->entries[i], company);
		review_trust(builder, &builder->entries[i]);
	}
	review_duplicates(builder, first_entry);
}

/* RFC 5280 4.2.1.1: a certificate whose key ids differ was issued by another key, of that name
 * even; one whose key ids are the same by its own, of another name even. */
static bool
claims_to_be_self_signed(const struct cert *cert)
{
	const struct span authority = cert->authority_key_id.key_id;

	if (authority.length == 0 || cert->subject_key_id.length == 0)
		return cert_is_self_issued(cert);
	return span_equal(authority, cert->subject_key_id);
}

struct signature_batch *
builder_check_signatures(const struct store_builder *builder, struct signature_cache *signatures)
{
	const struct cert **certs = arena_alloc(
		builder->arena, (builder->entry_count + 1) * sizeof(const struct cert *));
	size_t count = 0;

	for (size_t i = 0; i < builder->entry_count; i++)
		if (builder->entries[i].kind == ENTRY_CERTIFICATE &&
			claims_to_be_self_signed(&builder->entries[i].cert))
			certs[count++] = &builder->entries[i].cert;
	return count > 0 ? signature_batch_new(signatures, certs, count) : NULL;
}

/* The CAs of a store, by what those whom they issued name them by. */
struct issuers {
	const struct cert **certs;
	size_t count;
};

static int
compare_names(const struct cert *cert, struct span key_id, struct span name)
{
	int order = span_compare(cert->subject_key_id, key_id);

	return order != 0 ? order : span_compare(cert->subject, name);
}

static int
compare_issuers(const void *a, const void *b)
{
	const struct cert *left = *(const struct cert *const *)a,
			  *right = *(const struct cert *const *)b;
	int order = compare_names(left, right->subject_key_id, right->subject);

	return order != 0 ? order : left < right ? -1 : left > right;
}

static struct issuers
issuers_of(const struct store_builder *builder)
{
	struct issuers issuers = { arena_alloc(
		builder->arena, (builder->entry_count + 1) * sizeof(const struct cert *)) };

	for (size_t i = 0; i < builder->entry_count; i++)
		if (builder->entries[i].kind == ENTRY_CERTIFICATE &&
			builder->entries[i].cert.subject_key_id.length > 0)
			issuers.certs[issuers.count++] = &builder->entries[i].cert;
	qsort(issuers.certs, issuers.count, sizeof(*issuers.certs), compare_issuers);
	return issuers;
}

/* The first CA of this name and key id, where it stands here too. */
static const struct cert *
find_issuer(const struct issuers *issuers, struct span name, struct span key_id)
{
	size_t from = 0, to = issuers->count;

	if (key_id.length == 0)
		return NULL;
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_names(issuers->certs[middle], key_id, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < issuers->count && compare_names(issuers->certs[from], key_id, name) == 0
		       ? issuers->certs[from]
		       : NULL;
}

/* Whether it names another one as who signed it. */
static bool
has_issuer(const struct entry *entry)
{
	return entry->kind == ENTRY_CRL ||
	       (entry->kind == ENTRY_CERTIFICATE && !claims_to_be_self_signed(&entry->cert));
}

static const struct cert *
issuer_of(const struct issuers *issuers, const struct entry *entry)
{
	if (!has_issuer(entry))
		return NULL;
	if (entry->kind == ENTRY_CRL)
		return find_issuer(issuers, entry->crl.issuer, entry->crl.authority_key_id.key_id);
	return find_issuer(issuers, entry->cert.issuer, entry->cert.authority_key_id.key_id);
}

static enum signature_result
signature_of(
	struct signature_cache *signatures, const struct entry *entry, const struct cert *issuer)
{
	if (entry->kind == ENTRY_CRL)
		return signature_crl(signatures, &entry->crl, issuer->spki);
	return signature_by(signatures, &entry->cert, issuer);
}

/* What a CA signed that stands beside it. A store of roots has none of that. */
static void
review_issued(struct store_builder *builder, struct signature_cache *signatures)
{
	struct issuers issuers;
	size_t checks = 0, first = 0;

	while (first < builder->entry_count && !has_issuer(&builder->entries[first]))
		first++;
	if (first == builder->entry_count)
		return;
	issuers = issuers_of(builder);
	for (size_t i = first; i < builder->entry_count && checks < MAX_ISSUED; i++) {
		const struct entry *entry = &builder->entries[i];
		const struct cert *issuer = issuer_of(&issuers, entry);

		checks += issuer != NULL;
		if (issuer != NULL && signature_of(signatures, entry, issuer) == SIGNATURE_BAD)
			(void)note(builder, CAUSE_STORE_CORRUPT_ENTRY, entry,
				arena_printf(builder->arena,
					"the %s does not bear the signature of the CA beside it, "
					"whose name and key it names: a bit of it, or of the CA, "
					"has changed (\"%s\")",
					entry_kind_name(entry->kind), entry_name(builder, entry)),
				true);
	}
}

/* What is wrong with a certificate that says its own key signed it; NULL where nothing is. */
static const char *
own_fault(struct signature_cache *signatures, const struct cert *cert)
{
	switch (signature_by(signatures, cert, cert)) {
	case SIGNATURE_BAD:
		return "does not bear its own signature: a bit of it has changed";
	case SIGNATURE_UNSUPPORTED:
		/* A point that is not on its curve, a curve or a kind of key that is none. */
		return key_security_bits(signatures, cert->spki) < 0
			       ? "has a public key that libcrypto cannot read, so nothing that it "
				 "signed can be accepted: a bit of it has changed, or the key is "
				 "of a kind that libcrypto does not have"
			       : NULL;
	default:
		return NULL;
	}
}

static void
review_own(struct store_builder *builder, struct signature_cache *signatures)
{
	if (!signature_cache_has_failed(signatures))
		return;
	for (size_t i = 0; i < builder->entry_count; i++) {
		const struct entry *entry = &builder->entries[i];
		const char *fault;

		if (entry->kind != ENTRY_CERTIFICATE || !claims_to_be_self_signed(&entry->cert))
			continue;
		fault = own_fault(signatures, &entry->cert);
		if (fault != NULL)
			(void)note(builder, CAUSE_STORE_CORRUPT_ENTRY, entry,
				arena_printf(builder->arena,
					"the self-signed certificate \"%s\" %s",
					entry_name(builder, entry), fault),
				true);
	}
}

void
builder_review_signatures(struct store_builder *builder, struct signature_cache *signatures)
{
	review_own(builder, signatures);
	review_issued(builder, signatures);
}
