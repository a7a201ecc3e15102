/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/engines/jsse_names.h"

#include <arpa/inet.h>
#include <string.h>

#include "verify/engines/constraints.h"
#include "verify/engines/jsse_reader.h"

/* DNSName.constrains; what is excluded also takes wildcards (HostnameChecker.isMatched). */
static enum subtree_fit
fits_dns(struct arena *, struct span name, struct span base, bool is_excluded)
{
	struct span end;
	uint8_t before;

	if (name_same_without_case(name, base))
		return FIT_INSIDE;
	if (is_excluded && host_matches_wildcard(name, base))
		return FIT_INSIDE;
	if (name.length <= base.length)
		return FIT_OUTSIDE;
	if (base.length == 0)
		return FIT_IMPOSSIBLE;
	end = span_of(name.data + name.length - base.length, base.length);
	before = name.data[name.length - base.length - 1];
	return name_same_without_case(end, base) && (before == '.') != (base.data[0] == '.')
		       ? FIT_INSIDE
		       : FIT_OUTSIDE;
}

/* RFC822Name.constrains */
static enum subtree_fit
fits_mail(struct arena *, struct span name, struct span base, bool)
{
	struct span end;

	if (name_same_without_case(name, base))
		return FIT_INSIDE;
	if (base.length == 0 || name.length <= base.length ||
		memchr(base.data, '@', base.length) != NULL)
		return FIT_OUTSIDE;
	end = span_of(name.data + name.length - base.length, base.length);
	if (!name_same_without_case(end, base))
		return FIT_OUTSIDE;
	return base.data[0] == '.' || name.data[name.length - base.length - 1] == '@' ? FIT_INSIDE
										      : FIT_OUTSIDE;
}

/* URIName.constrains: a base without a dot before it is that host alone. */
static enum subtree_fit
fits_uri(struct arena *, struct span name, struct span base, bool)
{
	struct span host = uri_host(name);

	if (host.length == 0)
		return FIT_IMPOSSIBLE;
	if (name_same_without_case(host, base))
		return FIT_INSIDE;
	if (base.length == 0 || base.data[0] != '.' || !jsse_is_host(host) ||
		host.length <= base.length - 1)
		return FIT_OUTSIDE;
	return host_is_in_domain(host, base) ? FIT_INSIDE : FIT_OUTSIDE;
}

/* IPAddressName.constrains: host bits in the base are not masked off, and then nothing fits. */
static enum subtree_fit
fits_address(struct arena *, struct span name, struct span base, bool)
{
	size_t size = name.length;

	if (span_equal(name, base))
		return FIT_INSIDE;
	if (2 * size != base.length)
		return FIT_OUTSIDE;
	for (size_t i = 0; i < size; i++)
		if ((name.data[i] & base.data[size + i]) != base.data[i])
			return FIT_OUTSIDE;
	return FIT_INSIDE;
}

static enum subtree_fit
fits_directory(struct arena *, struct span name, struct span base, bool)
{
	struct der outer = der_of(base);

	return jsse_name_begins(der_next(&outer).whole, name) ? FIT_INSIDE : FIT_OUTSIDE;
}

/* What may stand in a common name for a host: wildcards too. */
static bool
is_host_or_pattern(struct span name)
{
	uint8_t copy[256];

	if (name.length >= sizeof(copy))
		return false;
	for (size_t i = 0; i < name.length; i++)
		copy[i] = name.data[i] == '*' ? 'z' : name.data[i];
	return jsse_is_host(span_of(copy, name.length));
}

/* OtherName, X400Address and others throw UnsupportedOperationException. */
static const struct constraint_manner manner = {
	.fits = { [GENERAL_NAME_OTHER] = fits_impossible,
		[GENERAL_NAME_MAIL] = fits_mail,
		[GENERAL_NAME_DNS] = fits_dns,
		[GENERAL_NAME_DIRECTORY] = fits_directory,
		[GENERAL_NAME_URI] = fits_uri,
		[GENERAL_NAME_IP] = fits_address },
	.subject = true,
	.subject_mail = true,
	.common_name = true,
	.is_host = is_host_or_pattern,
	.refuses_distances = true,
};

/* NameConstraintsExtension.verify with those of all CAs above but the anchor; self-issued ones are
 * exempt, the leaf is not. */
const char *
jsse_find_outside(const struct route *route, unsigned depth)
{
	const struct path *path = &route->path;
	struct cert subject = *path->certs[depth];
	const char *fault = NULL;

	if (depth > 0 && jsse_same_name(path->certs[depth]->issuer, path->certs[depth]->subject))
		return NULL;
	subject.subject_alt_names = jsse_alt_names(path->certs[depth]);
	for (unsigned above = depth + 1; fault == NULL && above + 1 < path->length; above++) {
		struct cert ca = *path->certs[above];

		ca.name_constraints = jsse_constraints(path->certs[above]);
		if (ca.name_constraints.length > 0)
			fault = constraints_fault(route->question, &manner, &ca, &subject);
	}
	return fault;
}

/* HostnameChecker.matchWildCards: '*' for any part of a label. */
static bool
label_matches(struct span pattern, struct span label)
{
	const uint8_t *star = span_last(pattern, '*');
	size_t before = 0, behind;

	if (star == NULL)
		return name_same_without_case(pattern, label);
	before =
		(size_t)((const uint8_t *)memchr(pattern.data, '*', pattern.length) - pattern.data);
	behind = pattern.length - (size_t)(star - pattern.data) - 1;
	return label.length >= before + behind &&
	       name_same_without_case(span_of(pattern.data, before), span_of(label.data, before)) &&
	       name_same_without_case(span_of(star + 1, behind),
		       span_of(label.data + label.length - behind, behind));
}

static struct span
next_label(struct span *rest)
{
	const uint8_t *dot = rest->length > 0 ? memchr(rest->data, '.', rest->length) : NULL;
	size_t length = dot != NULL ? (size_t)(dot - rest->data) : rest->length;
	size_t taken = dot != NULL ? length + 1 : length;
	struct span label = span_of(rest->data, length);

	*rest = span_of(rest->data + taken, rest->length - taken);
	return label;
}

static bool
host_matches(struct span pattern, struct span host)
{
	const uint8_t *star = span_last(pattern, '*');

	if (!is_host_or_pattern(pattern))
		return false;
	/* A dot follows the last wildcard (hasIllegalWildcard). */
	if (star != NULL &&
		memchr(star, '.', pattern.length - (size_t)(star - pattern.data)) == NULL)
		return false;
	while (pattern.length > 0 && host.length > 0)
		if (!label_matches(next_label(&pattern), next_label(&host)))
			return false;
	return pattern.length == 0 && host.length == 0;
}

static bool
address_matches(struct span alt_names, const char *host, bool *ret_is_address)
{
	struct der names = der_of(alt_names);
	uint8_t octets[sizeof(struct in6_addr)];
	struct span address = text_address(host, octets);
	struct subject_alt_name name;

	*ret_is_address = address.length > 0;
	while (address.length > 0 && subject_alt_name_next(&names, &name))
		if (name.kind == GENERAL_NAME_IP && span_equal(name.value, address))
			return true;
	return false;
}

/* NameConstraintsExtension.verify adds an address in the common name to the certificate's own list
 * of alternative names, where HostnameChecker then finds it. */
static bool
address_was_added(const struct route *route, const struct cert *leaf, const char *host)
{
	struct span name = cert_common_name(route->question->arena, leaf);
	bool is_constrained = false;

	for (unsigned i = 1; i + 1 < route->path.length; i++)
		is_constrained =
			is_constrained || jsse_constraints(route->path.certs[i]).length > 0;
	return is_constrained && jsse_alt_names(leaf).length > 0 &&
	       !cert_has_alt_name(leaf, GENERAL_NAME_IP) &&
	       span_equal(name, span_of(host, strlen(host)));
}

/* HostnameChecker: the common name where there is no dNSName. */
const char *
jsse_find_other_host(const struct route *route, unsigned depth)
{
	const struct cert *leaf = route->path.certs[depth];
	const char *text = route->question->verifier->host;
	struct span host = span_of(text, text != NULL ? strlen(text) : 0);
	struct span alt_names = jsse_alt_names(leaf);
	struct der names = der_of(alt_names);
	struct subject_alt_name name;
	bool is_address, has_dns = false;

	if (text == NULL || address_matches(alt_names, text, &is_address))
		return NULL;
	while (!is_address && subject_alt_name_next(&names, &name)) {
		if (name.kind != GENERAL_NAME_DNS)
			continue;
		has_dns = true;
		if (host_matches(name.value, host))
			return NULL;
	}
	if (is_address && address_was_added(route, leaf, text))
		return NULL;
	if (!is_address && !has_dns &&
		host_matches(cert_common_name(route->question->arena, leaf), host))
		return NULL;
	return "it is not for the host that is wanted (HostnameChecker)";
}
