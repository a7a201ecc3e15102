/* SPDX-License-Identifier: Apache-2.0 */
/* Stores are read the same inside the box and outside, and what breaks in there breaks alone. */
#include "tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/file.h"
#include "stores/boxed.h"
#include "stores/forms.h"
#include "stores/same.h"

TEST(damages, "each damage is read the same in the box, by each loader, in any order")
{
	static const enum store_loader orders[][3] = {
		{ LOADER_OPENSSL_FILE, LOADER_OPENSSL_NAMES, LOADER_ANY },
		{ LOADER_ANY, LOADER_OPENSSL_FILE, LOADER_OPENSSL_NAMES },
		{ LOADER_OPENSSL_NAMES, LOADER_ANY, LOADER_OPENSSL_FILE },
	};
	CLEANUP(stores_freep) struct stores *boxed = stores_new(), *open = stores_new_unboxed();

	damage_setup();
	for (size_t i = 0; i < COUNT_OF(damages) * COUNT_OF(orders); i++) {
		const struct damage *damage = &damages[i / COUNT_OF(orders)];
		struct buffer text = {};
		char name[32];

		damage_make(damage, 1, DAMAGE_BLOCKS, &text);
		(void)snprintf(name, sizeof(name), "%zu", i);
		for (size_t j = 0; j < 3; j++) {
			enum store_loader loader = orders[i % COUNT_OF(orders)][j];

			if (!stores_same(stores_open_bytes(boxed, name, buffer_span(&text), loader),
				    stores_open_bytes(open, name, buffer_span(&text), loader)))
				printf("# %s, loader %d\n", damage->name, loader), *failed = true;
		}
		/* The stores keep views of it. */
		arena_adopt(stores_arena(boxed), text.data, mem_free);
	}
}

static char directory[] = "/tmp/trustmend-boxed-XXXXXX";

static void
put(const char *name, struct span bytes)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "wb");
	must(file != NULL && fwrite(bytes.data, 1, bytes.length, file) == bytes.length, name);
	(void)fclose(file);
}

static void
fill_directory(void)
{
	const struct hash_link *links;
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(world_freep) struct world *world = world_host();
	size_t count = 0;
	struct err err = {};

	damage_setup();
	must(mkdtemp(directory) != NULL, "a directory");
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		CLEANUP(buffer_free) struct buffer text = {};
		char name[] = "0.pem";

		name[0] = (char)('0' + i);
		pem_write(&text, "CERTIFICATE", damage_ders[i]);
		if (i == 1)
			for (size_t j = 0; j < 2; j++)
				pem_write(&text, "X509 CRL", damage_crl);
		if (i == 2)
			pem_write(&text, "CERTIFICATE", damage_ders[0]);
		put(name, buffer_span(&text));
	}
	put("damaged.crt", span_of("-----BEGIN CERTIFICATE-----\nMIIB\n", 33));
	put("der.crt", damage_ders[0]);
	must(hashdir_missing_links(stores, world, directory, &links, &count, &err) == 0, "links");
	for (size_t i = 0; i + 1 < count; i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/%s", directory, links[i].name);
		must(symlink(links[i].target, path) == 0, path);
	}
}

TEST(directories, "a directory is read the same in the box, by each loader")
{
	static const enum store_loader loaders[] = { LOADER_ANY, LOADER_OPENSSL_DIRECTORY,
		LOADER_HAPROXY_DIRECTORY, LOADER_OPENSSL_FILE };
	CLEANUP(stores_freep) struct stores *boxed = stores_new(), *open = stores_new_unboxed();
	CLEANUP(world_freep) struct world *world = world_host();

	fill_directory();
	for (size_t i = 0; i < COUNT_OF(loaders); i++) {
		const struct store *a = stores_open(boxed, world, directory, loaders[i]);
		const struct store *b = stores_open(open, world, directory, loaders[i]);

		CHECK(stores_same(a, b));
		CHECK(loaders[i] == LOADER_OPENSSL_FILE || a->entry_count >= DAMAGE_BLOCKS + 2);
		CHECK(loaders[i] == LOADER_OPENSSL_FILE || a->defect_count > 0);
	}
}

static struct span
sound_text(struct stores *stores)
{
	struct buffer text = {};

	damage_setup();
	for (size_t i = 0; i < DAMAGE_BLOCKS; i++)
		pem_write(&text, "CERTIFICATE", damage_ders[i]);
	arena_adopt(stores_arena(stores), text.data, mem_free);
	return buffer_span(&text);
}

static bool
is_whole(const struct store *store)
{
	return store->entry_count == DAMAGE_BLOCKS && store->defect_count == 0 &&
	       store->loading.loads;
}

static bool
is_given_up(const struct store *store, const char *path)
{
	struct err err = {};

	return store->state == STORE_UNREAD && store_is_unknown(store) && store->entry_count == 0 &&
	       store->defect_count == 0 && !store->loading.loads && store->loading.error != NULL &&
	       strcmp(store->path, path) == 0 &&
	       strstr(store->problem, "cannot be read safely") != NULL &&
	       store_need(store, path, &err) < 0 && err.code == ERR_UNKNOWN &&
	       strstr(err.message, store->problem) != NULL;
}

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

TEST(keystores, "a keystore is read the same in the box, by each loader, with each password")
{
	static const char *const formats[] = { "jks", "pkcs12", "pkcs7" };
	static const char *const texts[] = { "changeit", "given", "nobody knows it" };
	CLEANUP(stores_freep) struct stores *here = stores_new_unboxed(); /* goes last */
	CLEANUP(stores_freep) struct stores *boxed = stores_new();
	CLEANUP(passwords_freep) struct passwords *passwords = passwords_new();
	size_t opened = 0, closed = 0;

	must(passwords_add(passwords, span_of("given", 5), "a test", NULL) == 0, "a password");
	stores_begin(boxed);
	stores_use_passwords(boxed, passwords);
	stores_use_passwords(here, passwords);
	for (size_t i = 0; i < COUNT_OF(formats) * COUNT_OF(texts) * LOADER__COUNT; i++) {
		const char *format = formats[i % COUNT_OF(formats)];
		const char *text = texts[i / COUNT_OF(formats) % COUNT_OF(texts)];
		enum store_loader loader = i / COUNT_OF(formats) / COUNT_OF(texts);
		struct password password = { span_of(text, strlen(text)), "", true };
		struct buffer bytes = {};
		const struct store *store;

		write_keystore(format, &password, &bytes);
		arena_adopt(stores_arena(here), bytes.data, mem_free);
		store = stores_open_bytes(boxed, "k", buffer_span(&bytes), loader);
		CHECK(stores_same(
			store, stores_open_bytes(here, "k", buffer_span(&bytes), loader)));
		opened += store->entry_count == DAMAGE_BLOCKS && store->password_source != NULL;
		closed += store->entry_count == 0;
	}
	CHECK(opened >= 4 && closed > 0);
}

/* A certificate with settings of its own, in p11-kit's form: what is said beside it comes on top.
 */
static void
add_marks(struct buffer *out)
{
	static const char servers[] = "\x30\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
	CLEANUP(buffer_free) struct buffer both = {};

	for (size_t i = 0; i < DAMAGE_BLOCKS; i++) {
		buffer_clear(&both);
		buffer_add(&both, damage_ders[i].data, damage_ders[i].length);
		buffer_add(&both, (const uint8_t *)servers, sizeof(servers) - 1);
		buffer_addf(out, "[p11-kit-object-v1]\n%s: true\n",
			i == 0 ? "trusted" : "x-distrusted");
		pem_write(out, "TRUSTED CERTIFICATE", buffer_span(&both));
	}
}

/* In a member whose name is as long and as strange as can be. */
static void
add_manifest(struct buffer *out)
{
	CLEANUP(buffer_free) struct buffer keystore = {}, lines = {};
	struct password password = { span_of("changeit", 8), "", true };

	buffer_add_text(out, "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"");
	for (size_t i = 0; i < 200; i++)
		buffer_add_text(out, "\\e");
	buffer_add_text(out, "\"\ndata:\n  ca.p12: ");
	write_keystore("pkcs12", &password, &keystore);
	base64_encode_lines(buffer_span(&keystore), &lines);
	for (size_t i = 0; i < lines.length; i++)
		if (lines.data[i] != '\n')
			buffer_add(out, &lines.data[i], 1);
	buffer_add_text(out, "\n  cut.p12: MIIB\n");
}

TEST(forms, "every form is read the same in the box, by each loader, with the trust that it marks")
{
	static const char *const formats[] = { "p11kit", "json", "spiffe", "kubernetes" };
	static const struct trust_settings marks[] = { {},
		{ .present = true, .has_trust = true, .trusts_client = true },
		{ .present = true, .has_reject = true, .rejects_client = true } };
	CLEANUP(stores_freep) struct stores *here = stores_new_unboxed(); /* goes last */
	CLEANUP(stores_freep) struct stores *boxed = stores_new();
	const size_t own = COUNT_OF(formats) * COUNT_OF(marks);
	size_t marked = 0, named = 0;

	damage_setup();
	for (size_t i = 0; i < (own + 2) * LOADER__COUNT; i++) {
		enum store_loader loader = i / (own + 2);
		struct trust_settings trust =
			marks[i % (own + 2) / COUNT_OF(formats) % COUNT_OF(marks)];
		struct buffer text = {};
		const struct store *store;

		trust.bytes = trust_settings_bytes(&trust);
		if (i % (own + 2) == own)
			add_marks(&text);
		else if (i % (own + 2) > own)
			add_manifest(&text);
		else
			form_write(formats[i % (own + 2) % COUNT_OF(formats)], DAMAGE_BLOCKS,
				&trust, &text);
		arena_adopt(stores_arena(here), text.data, mem_free);
		store = stores_open_bytes(boxed, "f", buffer_span(&text), loader);
		CHECK(stores_same(store, stores_open_bytes(here, "f", buffer_span(&text), loader)));
		for (size_t j = 0; j < store->entry_count; j++) {
			marked += store->entries[j].trust.present;
			named += store->entries[j].alias != NULL && store->entries[j].is_enclosed;
		}
	}
	CHECK(marked > DAMAGE_BLOCKS * LOADER__COUNT && named > DAMAGE_BLOCKS * LOADER__COUNT);
}

TEST(still, "a child that stands still costs no store")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	struct span text = sound_text(stores);
	double begun;

	CHECK(is_whole(stores_open_bytes(stores, "a", text, LOADER_OPENSSL_FILE)));
	CHECK(kill(boxed_child(stores_boxed(stores)), SIGSTOP) == 0);
	begun = seconds_now();
	CHECK(is_whole(stores_open_bytes(stores, "b", text, LOADER_OPENSSL_FILE)));
	CHECK(seconds_now() - begun < 10 * PARSE_MILLISECONDS / 1000.0);
	CHECK(is_whole(stores_open_bytes(stores, "c", text, LOADER_OPENSSL_FILE)));
	CHECK(is_whole(stores_open_bytes(stores, "a", text, LOADER_OPENSSL_FILE)));
}

TEST(killed, "a child that is lost between two stores costs nothing")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	struct span text = sound_text(stores);

	for (char name[] = "a"; name[0] <= 'e'; name[0]++) {
		CHECK(is_whole(stores_open_bytes(stores, name, text, LOADER_OPENSSL_FILE)));
		CHECK(kill(boxed_child(stores_boxed(stores)), SIGKILL) == 0);
	}
}

/* Ends each child of this thread's creator as soon as it is seen. */
static atomic_bool hunting;

static void *
hunt(void *)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	while (atomic_load(&hunting)) {
		CLEANUP(buffer_free) struct buffer text = {};
		const char *at;
		char *end;

		if (file_read(path, 1 << 16, &text, NULL) < 0)
			return (void *)"no list of children";
		at = text.data == NULL ? "" : (const char *)text.data;
		for (long child = strtol(at, &end, 10); end != at;
			at = end, child = strtol(at, &end, 10))
			(void)kill((pid_t)child, SIGKILL);
	}
	return NULL;
}

TEST(breaks, "a store that every child breaks on is given up, and all others are read")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	CLEANUP(buffer_free) struct buffer large = {};
	struct span text = sound_text(stores);
	const struct store *store, *loading;
	void *problem;
	pthread_t hunter;

	/* Reading it takes longer than the hunter takes to look around. */
	while (large.length < (8 << 20))
		buffer_add(&large, text.data, text.length);
	CHECK(is_whole(stores_open_bytes(stores, "a", text, LOADER_OPENSSL_FILE)));
	CHECK(stores_open_bytes(stores, "d", buffer_span(&large), LOADER_ANY)->entry_count > 1000);
	atomic_store(&hunting, true);
	CHECK(pthread_create(&hunter, NULL, hunt, NULL) == 0);
	store = stores_open_bytes(stores, "b", buffer_span(&large), LOADER_OPENSSL_FILE);
	loading = stores_open_bytes(stores, "d", buffer_span(&large), LOADER_OPENSSL_FILE);
	atomic_store(&hunting, false);
	CHECK(pthread_join(hunter, &problem) == 0);
	if (problem != NULL) {
		printf("# %s\n", (const char *)problem);
		return;
	}
	CHECK(is_given_up(store, "b"));
	CHECK(loading->entry_count > 1000 && !loading->loading.loads &&
		!loading->loading.loaded[0] && loading->state == STORE_UNREAD &&
		strstr(loading->problem, "safely") != NULL);
	CHECK(is_given_up(
		stores_open_bytes(stores, "b", buffer_span(&large), LOADER_GO_FILE), "b"));
	CHECK(stores_open_bytes(stores, "b", buffer_span(&large), LOADER_OPENSSL_FILE) == store);
	CHECK(stores_open_bytes(stores, "d", buffer_span(&large), LOADER_ANY)->state ==
		STORE_PRESENT);
	CHECK(is_whole(stores_open_bytes(stores, "c", text, LOADER_OPENSSL_FILE)));
}

/* Opens some under new names, and counts those that were given up. */
static void
open_some(struct stores *stores, struct span text, unsigned round, size_t *given_up, bool *failed)
{
	enum { COUNT = 8 };
	struct named_bytes list[COUNT];
	const struct store *read[COUNT];
	char names[COUNT][32];

	for (size_t i = 0; i < COUNT; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%u-%zu", round, i);
		list[i] = (struct named_bytes){ names[i], text, digest_of(text) };
	}
	stores_open_several(stores, list, COUNT, read);
	for (size_t i = 0; i < COUNT; i++) {
		bool is_lost = read[i]->state == STORE_UNREAD;

		*given_up += is_lost;
		CHECK(is_lost ? read[i]->entry_count == 0 && store_is_unknown(read[i])
			      : read[i]->entry_count == DAMAGE_BLOCKS &&
					read[i]->defect_count == 0);
		CHECK(strcmp(read[i]->path, names[i]) == 0);
	}
}

TEST(several_break, "of several stores that children are ended at each is given up or read whole")
{
	enum { ROUNDS = 200 };
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	struct span text = sound_text(stores);
	size_t given_up = 0;
	unsigned round = 0;
	void *problem;
	pthread_t hunter;

	atomic_store(&hunting, true);
	CHECK(pthread_create(&hunter, NULL, hunt, NULL) == 0);
	while (given_up == 0 && round < ROUNDS)
		open_some(stores, text, round++, &given_up, failed);
	atomic_store(&hunting, false);
	CHECK(pthread_join(hunter, &problem) == 0);
	if (problem != NULL)
		printf("# %s\n", (const char *)problem);
	CHECK(problem != NULL || given_up > 0);
	given_up = 0;
	open_some(stores, text, ROUNDS, &given_up, failed);
	CHECK(given_up == 0);
}

TEST(private_keys, "no byte of a private key comes out")
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct store *store;

	damage_setup();
	store = stores_open_bytes(
		stores, "key", span_of(damage_key, strlen(damage_key)), LOADER_OPENSSL_FILE);
	CHECK(store->entry_count == 1 && store->entries[0].kind == ENTRY_PRIVATE_KEY &&
		store->entries[0].der.length == 0);
}

int
main(void)
{
	int status = tap_run_all();
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command) != 0 ? 1 : status;
}
