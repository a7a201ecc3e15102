/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/generated.h"

#include <stdlib.h>
#include <string.h>

enum {
	SOURCES_MAX_FILES = 5'000,
	SOURCES_MAX_DEPTH = 4,
	HEAD = 1024, /* bytes in which a generator names itself */
};

static const char debian_list[] = "/etc/ca-certificates.conf";
static const char debian_packaged[] = "/usr/share/ca-certificates";

/* One system's way: which paths it makes, and from what. */
struct layout {
	const char *tool, *sources, *run;
	const char *proof; /* a path that is there where this layout is in use; NULL: no need */
	const char *results[8]; /* a file; or a directory and all in it, with a slash behind it */
	const char *folders[4]; /* whose files it is made from; none: they are not compared */
};

/* update-ca-certificates(8), update-ca-trust(8), and what these call. */
static const struct layout layouts[] = {
	{ "update-ca-certificates",
		"/usr/local/share/ca-certificates, or /etc/ca-certificates.conf for those of "
		"packages",
		"update-ca-certificates", debian_list,
		{ "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/java/cacerts",
			"/etc/ssl/certs/" },
		{ "/usr/local/share/ca-certificates" } },
	{ "update-ca-trust", "/etc/pki/ca-trust/source/anchors", "update-ca-trust extract",
		"/etc/pki/ca-trust/source",
		{ "/etc/pki/ca-trust/extracted/", "/etc/pki/tls/certs/ca-bundle.crt",
			"/etc/pki/tls/certs/ca-bundle.trust.crt", "/etc/pki/tls/cert.pem",
			"/etc/pki/java/cacerts" },
		{ "/etc/pki/ca-trust/source", "/usr/share/pki/ca-trust-source" } },
	{ "update-ca-certificates of SUSE", "/etc/pki/trust/anchors", "update-ca-certificates",
		"/etc/pki/trust/anchors", { "/var/lib/ca-certificates/" },
		{ "/etc/pki/trust", "/usr/share/pki/trust" } },
	{ "update-ca-trust of Arch", "/etc/ca-certificates/trust-source/anchors", "update-ca-trust",
		"/etc/ca-certificates/trust-source", { "/etc/ca-certificates/extracted/" },
		{ "/etc/ca-certificates/trust-source",
			"/usr/share/ca-certificates/trust-source" } },
	{ "kubelet", "the ServiceAccount's cluster: kube-root-ca.crt is written by its controller",
		NULL, NULL, { "/var/run/secrets/kubernetes.io/", "/run/secrets/kubernetes.io/" },
		{ NULL } },
};

static bool
is_result(const struct layout *layout, const char *path)
{
	for (size_t i = 0; i < COUNT_OF(layout->results) && layout->results[i] != NULL; i++) {
		const char *result = layout->results[i];
		size_t length = strlen(result);
		bool is_folder = result[length - 1] == '/';

		if (strcmp(path, result) == 0 ||
			(is_folder && (strncmp(path, result, length) == 0 ||
					      (strncmp(path, result, length - 1) == 0 &&
						      path[length - 1] == '\0'))))
			return true;
	}
	return false;
}

static bool
is_in_use(struct world *world, const struct layout *layout)
{
	struct file_identity identity;
	struct err ignored = {};

	return layout->proof == NULL || world_stat(world, layout->proof, &identity, &ignored) == 0;
}

/* By its own name, or by the file that the name leads to. */
static const struct layout *
layout_of(struct world *world, const char *path, const char *real)
{
	for (size_t i = 0; i < COUNT_OF(layouts); i++)
		if ((is_result(&layouts[i], path) || is_result(&layouts[i], real)) &&
			is_in_use(world, &layouts[i]))
			return &layouts[i];
	return NULL;
}

/* Digests of all certificates that are in the sources. */
struct sources {
	struct stores *stores;
	struct world *world;
	struct arena *arena;
	struct digest *digests;
	size_t count, capacity, files;
};

static void
take_file(struct sources *sources, const char *path)
{
	const struct store *store;

	if (sources->files++ >= SOURCES_MAX_FILES)
		return;
	store = stores_open(sources->stores, sources->world, path, LOADER_ANY);
	for (size_t i = 0; i < store->entry_count; i++) {
		if (store->entries[i].kind != ENTRY_CERTIFICATE)
			continue;
		sources->digests = arena_grow(sources->arena, sources->digests, sources->count,
			&sources->capacity, sizeof(*sources->digests));
		sources->digests[sources->count++] = store->entries[i].cert.fingerprint;
	}
}

static void
take_folder(struct sources *sources, const char *path, unsigned depth)
{
	const char *const *names;
	struct err ignored = {};
	size_t count;

	if (depth == SOURCES_MAX_DEPTH ||
		world_list(sources->world, path, &names, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		const char *child = path_join(sources->arena, path, names[i]);
		struct file_identity identity;

		if (world_stat(sources->world, child, &identity, &ignored) < 0)
			continue;
		if (identity.type == FILE_DIRECTORY)
			take_folder(sources, child, depth + 1);
		else if (identity.type == FILE_REGULAR)
			take_file(sources, child);
	}
}

/* A line names a file of a package; "!" before it leaves it out. */
static void
take_list(struct sources *sources)
{
	struct err ignored = {};
	struct span text;

	if (world_read(sources->world, debian_list, STORE_MAX_SIZE, &text, &ignored) < 0)
		return;
	for (size_t at = 0; at < text.length;) {
		const uint8_t *end = memchr(text.data + at, '\n', text.length - at);
		size_t to = end == NULL ? text.length : (size_t)(end - text.data);

		if (to > at && text.data[at] != '#' && text.data[at] != '!' &&
			memchr(text.data + at, 0, to - at) == NULL)
			take_file(sources, path_join(sources->arena, debian_packaged,
						   arena_strndup(sources->arena,
							   (const char *)text.data + at, to - at)));
		at = to + 1;
	}
}

static int
compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

static void
find_strays(struct sources *sources, const struct layout *layout, const struct store *store,
	struct generated *ret)
{
	for (size_t i = 0; i < COUNT_OF(layout->folders) && layout->folders[i] != NULL; i++)
		take_folder(sources, layout->folders[i], 0);
	if (layout->proof == debian_list)
		take_list(sources);
	/* Sources that cannot be read tell nothing. */
	if (sources->count == 0 || sources->files > SOURCES_MAX_FILES)
		return;
	qsort(sources->digests, sources->count, sizeof(*sources->digests), compare_digests);
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (entry->kind != ENTRY_CERTIFICATE ||
			bsearch(&entry->cert.fingerprint, sources->digests, sources->count,
				sizeof(*sources->digests), compare_digests) != NULL)
			continue;
		if (ret->stray_count++ == 0)
			ret->stray = entry;
	}
}

/* kubelet's volumes: NAME → ..data/NAME, ..data → ..2026_06_01_08_00_00.123456789. */
static bool
is_in_volume(const char *real)
{
	const char *component = strstr(real, "/..2");

	return component != NULL &&
	       strspn(component + 3, "0123456789_.") >= sizeof("2026_06_01") - 1;
}

static bool
is_of_java(const char *real)
{
	return text_ends(real, "/lib/security/cacerts") ||
	       text_ends(real, "/lib/security/jssecacerts");
}

static const char *
line_around(struct arena *arena, const char *text, const char *place)
{
	while (place > text && place[-1] != '\n')
		place--;
	return arena_strndup(arena, place, strcspn(place, "\r\n"));
}

/* What a generator writes into what it makes, in any case. */
static const char *
mark_of(struct arena *arena, const struct store *store)
{
	static const char *const marks[] = { "managed by", " managed", "do not edit",
		"generated by", "is generated", "auto-generated" };
	struct span head =
		span_of(store->bytes.data, store->bytes.length < HEAD ? store->bytes.length : HEAD);
	size_t begin = span_find(head, "-----BEGIN", 0);
	const char *text;

	if (head.length == 0)
		return NULL;
	text = arena_strndup(
		arena, (const char *)head.data, begin == SIZE_MAX ? head.length : begin);
	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (strcasestr(text, marks[i]) != NULL)
			return line_around(arena, text, strcasestr(text, marks[i]));
	return NULL;
}

static bool
is_told_by_path(struct stores *stores, struct world *world, const struct store *store,
	struct arena *arena, struct generated *ret)
{
	const char *real = world_resolve(world, store->path);
	struct sources sources = { .stores = stores, .world = world, .arena = arena };
	const struct layout *layout;

	real = arena_strdup(arena, real == NULL ? store->path : real);
	layout = layout_of(world, store->path, real);
	if (layout != NULL) {
		*ret = (struct generated){ layout->tool, layout->sources, layout->run };
		find_strays(&sources, layout, store, ret);
	} else if (is_in_volume(real)) {
		*ret = (struct generated){ "kubelet",
			"the Secret or ConfigMap that is mounted there, at its own source" };
	} else if (is_of_java(real)) {
		*ret = (struct generated){ "the package of this Java",
			"a trust store of the application's own, named by "
			"-Djavax.net.ssl.trustStore" };
	}
	return ret->tool != NULL;
}

bool
store_is_generated(struct stores *stores, struct world *world, const struct store *store,
	struct arena *arena, struct generated *ret)
{
	*ret = (struct generated){};
	if (store->state != STORE_PRESENT)
		return false;
	if (is_told_by_path(stores, world, store, arena, ret))
		return true;
	ret->mark = mark_of(arena, store);
	return ret->mark != NULL;
}
