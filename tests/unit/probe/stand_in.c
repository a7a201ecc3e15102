/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in and the judgement must agree: two ways, by the library's calls on the files and by
 * our own readers, to one verdict. */
#include "probe/stand_in.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bench.h"
#include "tap.h"
#include "verify/verify.h"

enum { MAX_SOURCES = 4, MAX_TEXTS = 4, LONG = 3'650 };

/* One situation: files, verifier and client. */
struct scene {
	struct bench bench;
	struct verifier verifier;
	struct trust_source sources[MAX_SOURCES];
	const struct pki_cert *issuing, *leaf;
};

static void
scene_end(struct scene *scene)
{
	bench_end(&scene->bench);
}

/* root → issuing → leaf; the verifier has no source yet. */
static struct scene
scene_begin(const struct pki_spec *issuing, const struct pki_spec *leaf)
{
	struct scene scene = {
		.bench = bench_begin(),
		.verifier = { .name = "test",
			.mode = MODE_REQUIRED,
			.engine = "openssl",
			.depth = { .value = -1 },
			.security_level = 2 },
	};
	struct pki_spec ca = issuing != NULL ? *issuing : (struct pki_spec){};
	struct pki_spec client = leaf != NULL ? *leaf : (struct pki_spec){};

	ca.subject = "CN=Issuing";
	ca.ca = true;
	ca.issuer = scene.bench.root;
	scene.issuing = pki_issue(scene.bench.pki, &ca);
	client.subject = "CN=alice";
	if (client.issuer == NULL)
		client.issuer = scene.issuing;
	scene.leaf = pki_issue(scene.bench.pki, &client);
	return scene;
}

static struct trust_source *
add_source(struct scene *scene, enum trust_role role, const char *name, const char *text)
{
	struct trust_source *source = &scene->sources[scene->verifier.source_count++];

	*source = (struct trust_source){
		.role = role,
		.loader = LOADER_OPENSSL_FILE,
		.read_times = READ_AT_LOAD,
		.path = text != NULL ? bench_write(&scene->bench, name, text)
				     : bench_path(&scene->bench, name),
		.directive = name,
	};
	return source;
}

static void
trust(struct scene *scene, const struct pki_cert *first, const struct pki_cert *second)
{
	add_source(scene, ROLE_ANCHORS, "ca.pem",
		arena_printf(scene->bench.arena, "%s%s",
			first != NULL ? bench_pem(&scene->bench, first) : "",
			second != NULL ? bench_pem(&scene->bench, second) : ""));
}

static const char *
crl_text(struct scene *scene, const struct pki_crl_spec *spec)
{
	struct pki_crl_spec copy = *spec;
	CLEANUP(mem_freep) char *text = NULL;

	if (copy.days == 0)
		copy.days = LONG;
	text = pki_pem("X509 CRL", pki_crl(scene->bench.pki, &copy)->der);
	return arena_strdup(scene->bench.arena, text);
}

static const struct verdict *
judge(struct scene *scene, struct judge *judge, struct stores *stores, struct world *world,
	const struct client *client)
{
	struct trust *loaded =
		trust_load(scene->bench.arena, stores, world, &scene->verifier, NULL);

	if (!loaded->loads)
		return NULL;
	return judge_client(
		judge, scene->bench.arena, &scene->verifier, loaded, client, moment_now());
}

/* Whether the probe tells the verdict's own error; a handshake can also end before one. */
static bool
tells(const struct probe *probe, const struct verdict *verdict)
{
	char text[128];

	if (probe->accepted != verdict->accepted)
		return false;
	if (verdict->accepted)
		return true;
	(void)snprintf(text, sizeof(text), "error %d at depth %u", verdict->error, verdict->depth);
	return strstr(probe->text, text) != NULL;
}

/* By TLS 1.2, TLS 1.3 and without the key: the wanted error (0: accepted), and the judgement's. */
static bool
agree(struct scene *scene, const struct pki_cert *sent, int error)
{
	static const int protocols[] = { TLS1_2_VERSION, TLS1_3_VERSION, 0 };
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(world_freep) struct world *world = world_host();
	struct judge *judged = judge_new();
	bool good = true;

	scene->verifier.sources = scene->sources;
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		struct probe_options options = { .maximum_protocol = protocols[i] };
		const struct client *client =
			bench_client(&scene->bench, protocols[i] != 0 ? "key.pem" : "bare.pem",
				scene->leaf, sent, protocols[i] != 0);
		const struct verdict *verdict = judge(scene, judged, stores, world, client);
		const struct probe *probe = stand_in_probe(
			scene->bench.arena, world, &scene->verifier, client, &options);

		printf("# %d: %s\n", protocols[i], probe->text);
		if (verdict == NULL || !tells(probe, verdict) || verdict->error != error) {
			printf("# judged: %d, %d at %u\n%s", verdict != NULL && verdict->accepted,
				verdict != NULL ? verdict->error : -1,
				verdict != NULL ? verdict->depth : 0, probe->transcript);
			good = false;
		}
	}
	judge_free(judged);
	return good;
}

static const struct probe *
stand_in(struct scene *scene, const struct client *client, const struct probe_options *options)
{
	CLEANUP(world_freep) struct world *world = world_host();
	const struct probe *probe;

	scene->verifier.sources = scene->sources;
	probe = stand_in_probe(scene->bench.arena, world, &scene->verifier, client, options);
	printf("# %s\n", probe->text);
	return probe;
}

#define SCENE(issuing, leaf) CLEANUP(scene_end) struct scene scene = scene_begin(issuing, leaf)
#define LEAF(...)           \
	&(struct pki_spec)  \
	{                   \
		__VA_ARGS__ \
	}
#define CRL(...)   crl_text(&scene, &(struct pki_crl_spec){ __VA_ARGS__ })
#define PEM(cert)  bench_pem(&scene.bench, cert)
#define TEXT(a, b) arena_printf(scene.bench.arena, "%s%s", a, b)

TEST(whole_chain, "the root is trusted and the intermediate sent")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(intermediate_stored, "the intermediate is in the store")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.issuing, scene.bench.root);
	CHECK(agree(&scene, NULL, X509_V_OK));
}

TEST(intermediate_missing, "the intermediate is nowhere")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	CHECK(agree(&scene, NULL, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY));
}

TEST(root_missing, "an intermediate alone ends no path")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.issuing, NULL);
	CHECK(agree(&scene, NULL, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT));
}

TEST(partial_chain, "unless partial chains are allowed")
{
	SCENE(NULL, NULL);

	scene.verifier.partial_chain = true;
	trust(&scene, scene.issuing, NULL);
	CHECK(agree(&scene, NULL, X509_V_OK));
}

TEST(other_root, "another root with the same name")
{
	SCENE(NULL, NULL);

	trust(&scene,
		pki_issue(scene.bench.pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true }),
		NULL);
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY));
}

TEST(expired_leaf, "an expired leaf, and the same where that is ignored")
{
	SCENE(NULL, LEAF(.days_from = -40, .days = 10));

	trust(&scene, scene.bench.root, NULL);
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_CERT_HAS_EXPIRED));
	scene.verifier.ignored_leaf_errors[X509_V_ERR_CERT_HAS_EXPIRED] = true;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(expired_issuing, "an expired CA; ignoring it at the leaf does not help")
{
	SCENE(LEAF(.days_from = -40, .days = 10), NULL);

	trust(&scene, scene.bench.root, NULL);
	scene.verifier.ignored_leaf_errors[X509_V_ERR_CERT_HAS_EXPIRED] = true;
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_CERT_HAS_EXPIRED));
	scene.verifier.ignored_ca_errors[X509_V_ERR_CERT_HAS_EXPIRED] = true;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(purpose, "a leaf for servers")
{
	SCENE(NULL, LEAF(.extended_key_usage = "serverAuth"));

	trust(&scene, scene.bench.root, NULL);
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_INVALID_PURPOSE));
}

TEST(no_ca, "an issuer that is no CA")
{
	SCENE(LEAF(.basic_constraints = "critical,CA:FALSE"), NULL);

	trust(&scene, scene.bench.root, NULL);
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_INVALID_CA));
}

TEST(broken_signature, "a leaf whose signature is broken")
{
	SCENE(NULL, LEAF(.broken_signature = true));

	trust(&scene, scene.bench.root, NULL);
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_CERT_SIGNATURE_FAILURE));
}

TEST(depth, "the depth counts intermediates")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	scene.verifier.depth.value = 0;
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_CERT_CHAIN_TOO_LONG));
	scene.verifier.depth.value = 1;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(security_level, "a key that is too small, at a level and below")
{
	SCENE(NULL, LEAF(.key = PKI_RSA_1024));

	trust(&scene, scene.bench.root, NULL);
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_EE_KEY_TOO_SMALL));
	scene.verifier.security_level = 1;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(every_level, "a stand-in can be set up at every security level")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	for (int level = 0; level <= 3; level++) {
		scene.verifier.security_level = level;
		CHECK(agree(&scene, scene.issuing, X509_V_OK));
	}
}

TEST(highest_levels, "above level 3 a P-256 key is refused, by whichever side notices first")
{
	SCENE(NULL, NULL);
	const struct client *client =
		bench_client(&scene.bench, "key.pem", scene.leaf, scene.issuing, true);

	trust(&scene, scene.bench.root, NULL);
	for (int level = 4; level <= 5; level++) {
		scene.verifier.security_level = level;
		CHECK(stand_in(&scene, client, NULL)->layer == LAYER_ALERT);
	}
}

TEST(optional_no_ca, "an unknown CA is let through, an expired leaf is not")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.server, NULL);
	scene.verifier.mode = MODE_OPTIONAL_NO_CA;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(crl_good, "CRLs of both CAs")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	add_source(&scene, ROLE_CRLS, "crl.pem",
		TEXT(CRL(.issuer = scene.issuing), CRL(.issuer = scene.bench.root)));
	scene.verifier.crl_check = CRL_CHECK_CHAIN;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(crl_missing, "a CRL of one CA is missing: it matters for the chain, and can be forgiven")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	add_source(&scene, ROLE_CRLS, "crl.pem", CRL(.issuer = scene.issuing));
	scene.verifier.crl_check = CRL_CHECK_CHAIN;
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_UNABLE_TO_GET_CRL));
	scene.verifier.crl_check = CRL_CHECK_LEAF;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
	scene.verifier.crl_check = CRL_CHECK_CHAIN;
	scene.verifier.crl_missing_ok = true;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(crl_expired, "a CRL past its nextUpdate")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	add_source(&scene, ROLE_CRLS, "crl.pem",
		CRL(.issuer = scene.issuing, .days_from = -40, .days = 10));
	scene.verifier.crl_check = CRL_CHECK_LEAF;
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_CRL_HAS_EXPIRED));
}

TEST(crl_revoked, "a revoked leaf")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	add_source(
		&scene, ROLE_CRLS, "crl.pem", CRL(.issuer = scene.issuing, .revoked = scene.leaf));
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
	scene.verifier.crl_check = CRL_CHECK_LEAF;
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_CERT_REVOKED));
}

TEST(crls_only, "a CA in a CRL file is trusted by nginx and Apache, and not by HAProxy")
{
	SCENE(NULL, NULL);
	const char *text = TEXT(CRL(.issuer = scene.issuing), PEM(scene.bench.root));
	struct trust_source *source;

	trust(&scene, scene.bench.server, NULL);
	source = add_source(&scene, ROLE_CRLS, "crl.pem", text);
	scene.verifier.crl_check = CRL_CHECK_LEAF;
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
	source->crls_only = true;
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY));
}

TEST(hash_directory, "a directory needs hash links")
{
	SCENE(NULL, NULL);
	const char *directory = bench_path(&scene.bench, "certs");
	char hash[32];

	CHECK(mkdir(directory, 0755) == 0);
	bench_write(&scene.bench, "certs/root.pem", PEM(scene.bench.root));
	*add_source(&scene, ROLE_ANCHORS, "certs", NULL) = (struct trust_source){
		.role = ROLE_ANCHORS,
		.loader = LOADER_OPENSSL_DIRECTORY,
		.read_times = READ_AT_HANDSHAKE,
		.path = directory,
	};
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY));
	(void)snprintf(hash, sizeof(hash), "certs/%08lx.0",
		X509_subject_name_hash(scene.bench.root->x509));
	CHECK(symlink("root.pem", bench_path(&scene.bench, hash)) == 0);
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(haproxy_directory, "HAProxy reads the first certificate of each file, by suffix")
{
	SCENE(NULL, NULL);
	const char *directory = bench_path(&scene.bench, "cas");

	CHECK(mkdir(directory, 0755) == 0);
	bench_write(
		&scene.bench, "cas/a.pem", TEXT(PEM(scene.bench.server), PEM(scene.bench.root)));
	bench_write(&scene.bench, "cas/b.txt", PEM(scene.bench.root));
	bench_write(&scene.bench, "cas/c.crt", "no certificate");
	add_source(&scene, ROLE_ANCHORS, "cas", NULL)->loader = LOADER_HAPROXY_DIRECTORY;
	CHECK(agree(&scene, scene.issuing, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY));
	bench_write(&scene.bench, "cas/d.cer", PEM(scene.bench.root));
	CHECK(agree(&scene, scene.issuing, X509_V_OK));
}

TEST(not_started, "a source that does not load: the server would not start, in the library's words")
{
	static const char *const texts[] = { "no PEM at all\n", "",
		"-----BEGIN CERTIFICATE-----\nAAAA\n" };
	SCENE(NULL, NULL);
	const struct client *client =
		bench_client(&scene.bench, "key.pem", scene.leaf, scene.issuing, true);
	const struct probe *probe;

	add_source(&scene, ROLE_ANCHORS, "ca.pem", NULL);
	probe = stand_in(&scene, client, NULL);
	CHECK(!probe->accepted && probe->layer == LAYER_CONNECT);
	CHECK(text_starts(probe->text, "the server would not start: ca.pem /"));
	CHECK(text_ends(probe->text, "no such file or directory"));
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		CLEANUP(world_freep) struct world *world = world_host();

		bench_write(&scene.bench, "ca.pem", texts[i]);
		probe = stand_in(&scene, client, NULL);
		CHECK(!probe->accepted && probe->layer == LAYER_CONNECT);
		CHECK(!trust_load(scene.bench.arena, stores, world, &scene.verifier, NULL)->loads);
	}
	scene.sources[0].read_times = READ_AT_HANDSHAKE;
	probe = stand_in(&scene, client, NULL);
	CHECK(!probe->accepted && probe->layer == LAYER_ALERT);
}

TEST(nobody, "no certificate: refused where one is required, accepted where not")
{
	SCENE(NULL, NULL);

	trust(&scene, scene.bench.root, NULL);
	CHECK(stand_in(&scene, NULL, NULL)->alert == SSL_AD_CERTIFICATE_REQUIRED);
	scene.verifier.mode = MODE_OPTIONAL;
	CHECK(stand_in(&scene, NULL, NULL)->accepted);
	scene.verifier.mode = MODE_NONE;
	CHECK(stand_in(&scene, NULL, NULL)->accepted);
}

TEST(restarted, "a session does not outlive the stand-in, nor what was trusted then")
{
	static const int protocols[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	SCENE(NULL, NULL);
	const struct client *client =
		bench_client(&scene.bench, "key.pem", scene.leaf, scene.issuing, true);

	trust(&scene, scene.bench.root, NULL);
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		struct probe_session *session = NULL;
		struct probe_options options = { .maximum_protocol = protocols[i],
			.ret_session = &session };
		const struct probe *probe;

		bench_write(&scene.bench, "ca.pem", PEM(scene.bench.root));
		CHECK(stand_in(&scene, client, &options)->accepted);
		CHECK(session != NULL);
		options = (struct probe_options){ .resume = session };
		probe = stand_in(&scene, client, &options);
		CHECK(probe->accepted && !probe->resumed);
		bench_write(&scene.bench, "ca.pem", PEM(scene.bench.server));
		probe = stand_in(&scene, client, &options);
		CHECK(!probe->accepted && !probe->resumed && probe->alert == SSL_AD_UNKNOWN_CA);
		probe_session_free(session);
	}
}

TEST(told, "names, protocol and what was done are told")
{
	SCENE(NULL, NULL);
	const struct probe *probe;

	trust(&scene, scene.bench.root, scene.issuing);
	probe = stand_in(
		&scene, bench_client(&scene.bench, "key.pem", scene.leaf, NULL, true), NULL);
	CHECK(probe->accepted && probe->asked && probe->ca_name_count == 2);
	CHECK_TEXT(probe->endpoint, "stand-in for test");
	CHECK_TEXT(probe->protocol, "TLSv1.3");
	CHECK(probe->status == 200);
	probe = stand_in(
		&scene, bench_client(&scene.bench, "bare.pem", scene.leaf, NULL, false), NULL);
	CHECK(strstr(probe->transcript, "without a handshake") != NULL);
	CHECK_TEXT(probe->client, "bare.pem");
}

TAP_MAIN()
