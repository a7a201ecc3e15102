/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/ocsp_mend.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	RESOLV_MAX_SIZE = 64 << 10,
	RESOLV_MAX_SERVERS = 3,     /* resolv.conf(5), MAXNS */
	MEND_CONTEXT_MAX = 4 << 10, /* of the line of a value */
};

#define RESOLV_CONF "/etc/resolv.conf"

/* What neither nginx nor httpd takes for anything but itself. */
static bool
is_plain_url(const char *url)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~:/?&=+@[]";

	return strncasecmp(url, "http://", strlen("http://")) == 0 &&
	       url[strspn(url, plain)] == '\0';
}

/* The line up to the end of the value; of a new line, the line before it. */
static bool
find_context(struct scene *scene, struct remedy *remedy)
{
	const struct locus *where = &remedy->where;
	size_t from, end = where->offset + where->length;
	struct err ignored;
	struct span text;

	if (remedy_read(remedy, scene->world, &text, &ignored) < 0 || where->offset > text.length ||
		where->length > text.length - where->offset)
		return false;
	from = where->offset;
	if (where->length == 0 && from > 0)
		from--;
	while (from > 0 && end - from < MEND_CONTEXT_MAX && text.data[from - 1] != '\n')
		from--;
	remedy->damaged = span_of(
		arena_dup(scene->diagnosis->arena, text.data + from, end - from), end - from);
	return end > from;
}

static struct remedy *
set_text(struct scene *scene, enum cause_code cause, const struct text_setting *setting,
	const char *text)
{
	const char *place = setting->format != NULL ? strstr(setting->format, "%s") : NULL;
	struct remedy *remedy;

	if (setting->where.path == NULL || place == NULL)
		return NULL;
	remedy = remedy_new(scene, "set-value", cause, setting->where.path);
	remedy->where = setting->where;
	remedy->target = arena_printf(scene->diagnosis->arena, "%.*s%s%s",
		(int)(place - setting->format), setting->format, text, place + strlen("%s"));
	return find_context(scene, remedy) ? remedy : NULL;
}

/* "nameserver 192.0.2.53": its address as nginx writes it. */
static const char *
server_of(struct arena *arena, const char *line, size_t length)
{
	static const char word[] = "nameserver";
	uint8_t octets[sizeof(struct in6_addr)];
	char *text = arena_strndup(arena, line, length), *save = NULL;
	const char *name = strtok_r(text, " \t\r", &save), *address;

	if (name == NULL || strcmp(name, word) != 0)
		return NULL;
	address = strtok_r(NULL, " \t\r", &save);
	if (address == NULL)
		return NULL;
	if (inet_pton(AF_INET, address, octets) == 1)
		return address;
	return inet_pton(AF_INET6, address, octets) == 1 ? arena_printf(arena, "[%s]", address)
							 : NULL;
}

/* The name servers of the machine, with blanks between; NULL: none is known. */
static const char *
machine_resolvers(struct scene *scene)
{
	struct arena *arena = scene->diagnosis->arena;
	const char *found = NULL, *line, *end;
	unsigned count = 0;
	struct err ignored;
	struct span text;

	if (world_read(scene->world, RESOLV_CONF, RESOLV_MAX_SIZE, &text, &ignored) < 0)
		return NULL;
	line = (const char *)text.data;
	end = line + text.length;
	while (line < end && count < RESOLV_MAX_SERVERS) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline != NULL ? newline : end) - line);
		const char *server = server_of(arena, line, length);

		if (server != NULL) {
			found = found == NULL ? server
					      : arena_printf(arena, "%s %s", found, server);
			count++;
		}
		line += length + 1;
	}
	return found;
}

static const struct remedy *
mend_resolver(struct scene *scene, const struct ocsp_policy *policy, enum cause_code cause)
{
	const char *servers = machine_resolvers(scene);
	struct remedy *remedy =
		servers != NULL ? set_text(scene, cause, &policy->set_resolver, servers) : NULL;

	if (remedy != NULL)
		remedy_says(scene, remedy,
			"have the server look up names where this machine does, as %s says: %s, in "
			"%s at line %u",
			RESOLV_CONF, servers, remedy->path, remedy->where.line);
	return remedy;
}

/* Whose URL is sought: of one that this CA issued. */
struct naming {
	struct scene *scene;
	const struct ocsp_opinion *opinion;
	const char *url;
	const struct cert *by;
	bool is_disputed; /* two name two */
};

/* The CA's signature vouches for what it says; a certificate that names none says nothing. */
static void
consider(struct naming *naming, const struct cert *cert)
{
	struct diagnosis *diagnosis = naming->scene->diagnosis;
	const char *url = ocsp_certificate_url(diagnosis->arena, cert);

	if (url == NULL || (naming->url != NULL && strcmp(naming->url, url) == 0) ||
		!judge_issued(diagnosis->judge, naming->opinion->issuer, cert))
		return;
	naming->is_disputed = naming->url != NULL;
	naming->url = url;
	naming->by = cert;
}

/* What is set counts for clients of other CAs too (nginx): these would be asked about elsewhere. */
static bool
others_name_another(const struct naming *naming)
{
	const struct diagnosis *diagnosis = naming->scene->diagnosis;

	for (size_t i = 0; i < diagnosis->clients.count; i++) {
		const struct client *client = &diagnosis->clients.list[i];
		const char *url = client->chain_length > 0 ? ocsp_certificate_url(diagnosis->arena,
								     &client->chain[0])
							   : NULL;

		if (url != NULL && strcmp(url, naming->url) != 0)
			return true;
	}
	return false;
}

/* The certificate itself, where it names one; else others of its CA, where they agree: clients, and
 * what is known-good. */
static bool
find_naming(struct naming *naming)
{
	const struct diagnosis *diagnosis = naming->scene->diagnosis;

	consider(naming, naming->opinion->cert);
	for (size_t i = 0; naming->by != naming->opinion->cert && i < diagnosis->clients.count; i++)
		if (diagnosis->clients.list[i].chain_length > 0)
			consider(naming, &diagnosis->clients.list[i].chain[0]);
	for (size_t i = 0;
		naming->by != naming->opinion->cert && i < diagnosis->material.cert_count; i++)
		consider(naming, diagnosis->material.certs[i].cert);
	return naming->url != NULL && !naming->is_disputed && is_plain_url(naming->url) &&
	       !others_name_another(naming);
}

static const struct remedy *
mend_responder(struct scene *scene, const struct verifier *verifier,
	const struct ocsp_opinion *opinion, enum cause_code cause)
{
	const struct ocsp_policy *policy = &verifier->ocsp;
	struct naming naming = { .scene = scene, .opinion = opinion };
	struct remedy *remedy;

	/* Who does not look at signatures is told by nobody but its owner whom to ask. */
	if (policy->signer_unchecked)
		return NULL;
	if (!find_naming(&naming) ||
		(policy->responder != NULL && strcmp(policy->responder, naming.url) == 0))
		return NULL;
	remedy = set_text(scene, cause, &policy->set_responder, naming.url);
	if (remedy != NULL)
		remedy_says(scene, remedy,
			"have the server ask %s, which the CA names in the certificate of %s, in "
			"%s "
			"at line %u",
			naming.url, scene_name(scene, naming.by), remedy->path, remedy->where.line);
	return remedy;
}

const struct remedy *
ocsp_mend(struct scene *scene, const struct verifier *verifier, const struct ocsp_opinion *opinion,
	enum cause_code cause)
{
	const struct ocsp_policy *policy = &verifier->ocsp;
	const char *named = ocsp_certificate_url(scene->diagnosis->arena, opinion->cert);

	if (opinion->fault == OCSP_FAULT_RESOLVER)
		return mend_resolver(scene, policy, cause);
	if (opinion->fault == OCSP_FAULT_NO_URL)
		return mend_responder(scene, verifier, opinion, cause);
	/* Another one than the certificate names was asked, because it is set so. */
	if (policy->responder_overrides && policy->responder != NULL && named != NULL)
		return mend_responder(scene, verifier, opinion, cause);
	return NULL;
}
