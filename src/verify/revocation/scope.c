/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/revocation/scope.h"

enum { GENERAL_NAME_DIRECTORY = 4 };

/* DistributionPointName: fullName [0] GeneralNames. A name relative to the issuer is [1]; CAs do
 * not write it, and here it matches nothing. */
static struct span
full_names(struct span distribution_point)
{
	struct der der = der_of(distribution_point);

	return der_optional(&der, DER_CONTEXT_CONSTRUCTED(0)).content;
}

static bool
share_a_name(struct span a, struct span b)
{
	struct der left = der_of(a);

	while (!der_at_end(&left)) {
		struct der_element name = der_next(&left);
		struct der right = der_of(b);

		while (!der_at_end(&right))
			if (span_equal(der_next(&right).whole, name.whole) && name.tag != 0)
				return true;
	}
	return false;
}

/* cRLIssuer, where it is there, must name the CRL's issuer. */
static bool
issuer_fits(struct span crl_issuer, bool present, const struct crl *crl)
{
	struct der names = der_of(crl_issuer);
	struct subject_alt_name name;

	if (!present)
		return true;
	while (subject_alt_name_next(&names, &name))
		if (name.kind == GENERAL_NAME_DIRECTORY && name_equal(name.value, crl->issuer))
			return true;
	return false;
}

/* RFC 5280 4.2.1.13. */
static bool
point_fits(const struct der_element *point, const struct crl *crl)
{
	struct der inside = der_enter(point);
	struct span where = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(0)).content;
	struct der_element issuer;

	(void)der_optional(&inside, DER_CONTEXT(1));
	issuer = der_optional(&inside, DER_CONTEXT_CONSTRUCTED(2));
	if (!issuer_fits(issuer.content, issuer.tag != 0, crl))
		return false;
	if (where.length == 0 || crl->scope.distribution_point.length == 0)
		return true;
	return share_a_name(full_names(where), full_names(crl->scope.distribution_point));
}

bool
crl_covers(const struct crl *crl, const struct cert *cert)
{
	struct der points = der_of(cert->crl_distribution_points);

	if (crl->scope.only_attribute)
		return false;
	if (cert->is_ca ? crl->scope.only_user : crl->scope.only_ca)
		return false;
	while (!der_at_end(&points)) {
		struct der_element point = der_expect(&points, DER_SEQUENCE);

		if (point.tag != 0 && point_fits(&point, crl))
			return true;
	}
	return crl->scope.distribution_point.length == 0;
}
