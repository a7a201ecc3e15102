/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/malformed.h"

/* Element by element: what stands in the fields is not asked, but for names and key. */
static bool
read_parts(struct span bytes, struct cert *ret)
{
	struct der outer = der_of(bytes);
	struct der_element whole = der_expect(&outer, DER_SEQUENCE);
	struct der cursor = der_enter(&whole);
	struct der_element tbs = der_expect(&cursor, DER_SEQUENCE);
	struct der_element algorithm = der_expect(&cursor, DER_SEQUENCE);
	struct der_element signature = der_expect(&cursor, DER_BIT_STRING);
	struct der fields = der_enter(&tbs);

	(void)der_optional(&fields, DER_CONTEXT_CONSTRUCTED(0)); /* version */
	(void)der_next(&fields);                                 /* serialNumber */
	*ret = (struct cert){ .der = whole.whole, .tbs = tbs.whole };
	ret->inner_algorithm = der_expect(&fields, DER_SEQUENCE).whole;
	ret->issuer = der_expect(&fields, DER_SEQUENCE).whole;
	(void)der_next(&fields); /* validity */
	ret->subject = der_expect(&fields, DER_SEQUENCE).whole;
	ret->spki = der_expect(&fields, DER_SEQUENCE).whole;
	if (outer.fault != NULL || cursor.fault != NULL || fields.fault != NULL ||
		signature.content.length < 2 || signature.content.data[0] != 0)
		return false;
	ret->signature_algorithm = algorithm.whole;
	ret->signature = span_of(signature.content.data + 1, signature.content.length - 1);
	ret->fingerprint = digest_of(ret->der);
	ret->key_digest = digest_of(ret->spki);
	return true;
}

static bool
is_signed_by(
	struct scene *scene, const struct cert *malformed, struct span subject, struct span spki)
{
	return name_equal(subject, malformed->issuer) &&
	       signature_cert(judge_signatures(scene->diagnosis->judge), malformed, spki) ==
		       SIGNATURE_GOOD;
}

/* A store that the library refuses is in no trust: so its entries are asked as well. */
static bool
is_signed_in_store(struct scene *scene, const char *path, const struct cert *malformed)
{
	const struct store *store =
		stores_open(scene->diagnosis->stores, scene->world, path, LOADER_ANY);

	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE &&
			is_signed_by(scene, malformed, store->entries[i].cert.subject,
				store->entries[i].cert.spki))
			return true;
	return false;
}

bool
malformed_by_ca(struct scene *scene, const struct defect *defect, struct cert *ret)
{
	const struct material *material = &scene->diagnosis->material;

	if (!defect->is_block || !read_parts(defect->salvage, ret))
		return false;
	if (is_signed_by(scene, ret, ret->subject, ret->spki) ||
		is_signed_in_store(scene, defect->path, ret))
		return true;
	for (size_t i = 0; i < material->cert_count; i++)
		if (is_signed_by(scene, ret, material->certs[i].cert->subject,
			    material->certs[i].cert->spki))
			return true;
	return false;
}

const struct remedy *
malformed_remedy(struct scene *scene, const struct defect *defect, struct span bytes,
	const struct cert *malformed)
{
	const struct material *material = &scene->diagnosis->material;
	struct remedy *remedy;

	for (size_t i = 0; i < material->cert_count; i++) {
		const struct material_cert *known = &material->certs[i];

		if (!name_equal(known->cert->subject, malformed->subject) ||
			!digest_equal(&known->cert->key_digest, &malformed->key_digest) ||
			known->cert->not_before > scene->request->at ||
			known->cert->not_after < scene->request->at)
			continue;
		remedy = remedy_new(scene, "restore-entry", CAUSE_CHAIN_MALFORMED, defect->path);
		remedy->damaged = bytes;
		remedy->bytes = known->cert->der;
		remedy->label = "CERTIFICATE";
		remedy_says(scene, remedy,
			"put the certificate of %s that was issued anew (same key, from %s) in the "
			"place of the one at line %u of %s",
			scene_name(scene, known->cert), known->entry->path, defect->line,
			defect->path);
		return remedy;
	}
	return NULL;
}
