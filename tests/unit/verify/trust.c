/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier's sources become: who loads, who does not, and what is trusted then. */
#include <stdlib.h>
#include <sys/stat.h>

#include "pki.h"
#include "tap.h"
#include "verify/verify.h"
#include "world/access.h"

enum { SOURCES = 4 };

/* A world in a temporary directory, with files in /etc/ssl. */
struct scene {
	struct pki *pki;
	struct arena *arena;
	struct stores *stores;
	struct world *world;
	struct trust_source sources[SOURCES];
	struct verifier verifier;
	char path[64];
};

static inline void
scene_end(struct scene *scene)
{
	const char *command = arena_printf(scene->arena, "rm -r '%s'", scene->path);

	if (system(command) != 0)
		printf("# %s\n", command);
	stores_free(scene->stores);
	if (scene->world != NULL)
		world_free(scene->world);
	arena_free(scene->arena);
	pki_free(scene->pki);
}

static inline struct scene
scene_begin(void)
{
	struct scene scene = { .pki = pki_new(),
		.arena = arena_new(),
		.stores = stores_new(),
		.path = "/tmp/trust-XXXXXX" };

	if (mkdtemp(scene.path) == NULL || chmod(scene.path, 0755) < 0)
		abort();
	return scene;
}

#define SCENE      CLEANUP(scene_end) struct scene scene = scene_begin()
#define ISSUE(...) pki_issue(scene.pki, &(struct pki_spec){ __VA_ARGS__ })

static void
write_file(struct scene *scene, const char *name, const char *text, mode_t mode)
{
	const char *path = arena_printf(scene->arena, "%s/%s", scene->path, name);
	struct err err;

	if (file_replace(path, span_of(text, strlen(text)), mode, &err) < 0)
		abort();
}

static const char *
pem_text(struct scene *scene, const char *label, struct span der)
{
	char *text = pki_pem(label, der);
	const char *kept = arena_strdup(scene->arena, text);

	mem_free(text);
	return kept;
}

static const char *
cert_text(struct scene *scene, const struct pki_cert *cert)
{
	return pem_text(scene, "CERTIFICATE", cert->der);
}

static struct trust_source *
add_source(struct scene *scene, const char *path, enum trust_role role, enum store_loader loader)
{
	struct trust_source *source = &scene->sources[scene->verifier.source_count++];

	*source = (struct trust_source){ .path = path,
		.role = role,
		.loader = loader,
		.read_times = READ_AT_LOAD,
		.directive = "test" };
	return source;
}

static struct trust *
load(struct scene *scene, const struct readers *readers)
{
	struct err err;

	if (scene->world == NULL)
		scene->world = world_below(scene->path, &err);
	scene->verifier.sources = scene->sources;
	return trust_load(scene->arena, scene->stores, scene->world, &scene->verifier, readers);
}

TEST(anchors_and_crls, "certificates and CRLs are gathered in order, whatever the directive")
{
	SCENE;
	const struct pki_cert *a = ISSUE(.subject = "CN=A", .ca = true);
	const struct pki_cert *b = ISSUE(.subject = "CN=B", .ca = true);
	const struct crl *crl = pki_crl(scene.pki, &(struct pki_crl_spec){ .issuer = a });
	struct trust *trust;

	write_file(&scene, "ca.pem",
		arena_printf(scene.arena, "%s%s", cert_text(&scene, a), cert_text(&scene, b)),
		0644);
	write_file(&scene, "crl.pem",
		arena_printf(scene.arena, "%s%s", pem_text(&scene, "X509 CRL", crl->der),
			cert_text(&scene, a)),
		0644);
	(void)add_source(&scene, "/ca.pem", ROLE_ANCHORS, LOADER_OPENSSL_FILE);
	(void)add_source(&scene, "/crl.pem", ROLE_CRLS, LOADER_OPENSSL_FILE);
	trust = load(&scene, NULL);
	CHECK(trust->loads && trust->failed == NULL && trust->error == NULL);
	CHECK(trust->anchor_count == 3 && trust->crl_count == 1);
	CHECK(cert_same(trust->anchors[0].cert, &a->cert));
	CHECK(cert_same(trust->anchors[1].cert, &b->cert));
	CHECK(trust->anchors[0].entry == &trust->stores[0]->entries[0]);
	CHECK(trust->crl_entries[0] == &trust->stores[1]->entries[0]);
	scene.sources[1].crls_only = true;
	CHECK(load(&scene, NULL)->anchor_count == 2);
}

TEST(damaged, "a file that the library does not load stops the start, in its words")
{
	SCENE;
	const struct pki_cert *a = ISSUE(.subject = "CN=A", .ca = true);
	const char *text = cert_text(&scene, a);
	struct trust *trust;

	write_file(&scene, "good.pem", text, 0644);
	write_file(&scene, "cut.pem", arena_strndup(scene.arena, text, strlen(text) - 10), 0644);
	(void)add_source(&scene, "/good.pem", ROLE_ANCHORS, LOADER_OPENSSL_FILE);
	(void)add_source(&scene, "/cut.pem", ROLE_ANCHORS_UNSENT, LOADER_OPENSSL_FILE);
	trust = load(&scene, NULL);
	CHECK(!trust->loads && trust->failed == &scene.sources[1]);
	CHECK(trust->failed_store == trust->stores[1]);
	CHECK_TEXT(trust->error, "bad end line");
	CHECK(trust->anchor_count == 1);
}

TEST(missing, "a missing file stops the start; a missing directory read at handshakes does not")
{
	SCENE;
	struct trust *trust;

	(void)add_source(&scene, "/hashes", ROLE_ANCHORS_UNSENT, LOADER_OPENSSL_DIRECTORY);
	scene.sources[0].read_times = READ_AT_HANDSHAKE;
	trust = load(&scene, NULL);
	CHECK(trust->loads && trust->anchor_count == 0);
	(void)add_source(&scene, "/none.pem", ROLE_ANCHORS, LOADER_OPENSSL_FILE);
	trust = load(&scene, NULL);
	CHECK(!trust->loads && trust->failed == &scene.sources[1] && trust->error != NULL);
}

TEST(names, "a store without names stops the start where they are required")
{
	SCENE;
	const struct pki_cert *a = ISSUE(.subject = "CN=A", .ca = true);
	struct trust *trust;

	write_file(&scene, "ca.pem", pem_text(&scene, "TRUSTED CERTIFICATE", a->der), 0644);
	(void)add_source(&scene, "/ca.pem", ROLE_ANCHORS, LOADER_OPENSSL_FILE);
	CHECK(load(&scene, NULL)->loads);
	scene.verifier.names_required = true;
	trust = load(&scene, NULL);
	CHECK(!trust->loads && trust->failed == &scene.sources[0]);
	scene.sources[0].role = ROLE_ANCHORS_UNSENT;
	CHECK(load(&scene, NULL)->loads);
}

TEST(unreadable, "what may not be read by whom it must be is as good as missing")
{
	SCENE;
	const struct pki_cert *a = ISSUE(.subject = "CN=A", .ca = true);
	struct credentials nobody = { .user = 65534, .group = 65534 };
	struct credentials root = { .capabilities = CREDENTIALS_DAC_OVERRIDE };
	struct readers readers = { .at_load = &root, .at_handshake = &nobody };
	struct trust *trust;

	write_file(&scene, "ca.pem", cert_text(&scene, a), 0600);
	(void)add_source(&scene, "/ca.pem", ROLE_ANCHORS, LOADER_OPENSSL_FILE);
	CHECK(load(&scene, &readers)->loads);
	readers.at_load = &nobody;
	trust = load(&scene, &readers);
	CHECK(!trust->loads && trust->error != NULL && trust->anchor_count == 0);
	scene.sources[0].read_times = READ_AT_HANDSHAKE;
	trust = load(&scene, &readers);
	CHECK(trust->loads && trust->anchor_count == 0);
	CHECK(trust->stores[0]->entry_count == 1);
}

TEST(content, "content tells trusts apart by certificates, settings and CRLs")
{
	SCENE;
	const struct pki_cert *a = ISSUE(.subject = "CN=A", .ca = true);
	struct trust *first, *second;

	write_file(&scene, "ca.pem", cert_text(&scene, a), 0644);
	write_file(&scene, "same.pem", arena_printf(scene.arena, "# A\n%s", cert_text(&scene, a)),
		0644);
	(void)add_source(&scene, "/ca.pem", ROLE_ANCHORS, LOADER_OPENSSL_FILE);
	first = load(&scene, NULL);
	scene.sources[0].path = "/same.pem";
	second = load(&scene, NULL);
	CHECK(digest_equal(&first->content, &second->content));
	second->anchors[0].settings = (struct trust_settings){ .present = true, .has_trust = true };
	trust_seal(second);
	CHECK(!digest_equal(&first->content, &second->content));
}

TAP_MAIN()
