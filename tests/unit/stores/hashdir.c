/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stores/damage.h"

static char directory[64];

static const char *
file_path(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
put(const char *name, struct span bytes)
{
	FILE *file = fopen(file_path(name), "wb");

	must(file != NULL && fwrite(bytes.data, 1, bytes.length, file) == bytes.length, name);
	(void)fclose(file);
}

static void
put_certs(const char *name, size_t first, size_t count)
{
	CLEANUP(buffer_free) struct buffer text = {};

	for (size_t i = 0; i < count; i++)
		pem_write(&text, "CERTIFICATE", damage_ders[first + i]);
	put(name, buffer_span(&text));
}

static void
put_link(const char *name, const char *target)
{
	(void)unlink(file_path(name));
	must(symlink(target, file_path(name)) == 0, name);
}

static const char *
link_name(size_t cert, bool old, const char *number)
{
	static char name[4][32];
	static size_t next;
	char *text = name[next++ % 4], hash[NAME_HASH_TEXT_SIZE];
	struct cert read;
	const char *fault;
	size_t offset;

	must(cert_read(damage_ders[cert], &read, &fault, &offset) == 0, "a certificate");
	if (old)
		(void)name_openssl_hash_old(read.subject, hash);
	else
		(void)name_openssl_hash(read.subject, hash);
	(void)snprintf(text, 32, "%s.%s", hash, number);
	return text;
}

static void
setup(void)
{
	damage_setup();
	(void)snprintf(directory, sizeof(directory), "/tmp/trustmend-hashdir-XXXXXX");
	must(mkdtemp(directory) != NULL, "a directory");
}

static void
cleanup(struct world *world)
{
	const char *const *names;
	size_t count;
	struct err err;

	if (world_list(world, directory, &names, &count, &err) == 0)
		for (size_t i = 0; i < count; i++)
			(void)unlink(file_path(names[i]));
	(void)rmdir(directory);
}

/* Whether OpenSSL, searching the directory itself, comes upon the entry by its name. */
static bool
openssl_finds(const struct entry *entry)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
	const unsigned char *at = entry->der.data;
	X509 *cert = d2i_X509(NULL, &at, (long)entry->der.length);
	STACK_OF(X509) * found;
	bool finds = false;

	must(X509_LOOKUP_add_dir(lookup, directory, X509_FILETYPE_PEM) == 1 &&
			X509_STORE_CTX_init(context, store, NULL, NULL) == 1,
		"a lookup");
	found = X509_STORE_CTX_get1_certs(context, X509_get_subject_name(cert));
	for (int i = 0; i < sk_X509_num(found); i++)
		finds |= X509_cmp(sk_X509_value(found, i), cert) == 0;
	sk_X509_pop_free(found, X509_free);
	X509_free(cert);
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	ERR_clear_error();
	return finds;
}

static bool
agrees(const struct store *store)
{
	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE &&
			openssl_finds(&store->entries[i]) != store->loading.loaded[i]) {
			printf("# %s: we say %d\n", store->entries[i].path,
				store->loading.loaded[i]);
			return false;
		}
	return true;
}

static const struct defect *
defect_of(const struct store *store, enum cause_code cause)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == cause)
			return &store->defects[i];
	return NULL;
}

static size_t
harm(const struct store *store)
{
	size_t count = 0;

	for (size_t i = 0; i < store->defect_count; i++)
		count += !store->defects[i].harmless;
	return count;
}

/* Makes the links that are said to be missing; their number. */
static size_t
make_links(struct world *world)
{
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct hash_link *links;
	size_t count;
	struct err err;

	must(hashdir_missing_links(stores, world, directory, &links, &count, &err) == 0, "links");
	for (size_t i = 0; i < count; i++)
		put_link(links[i].name, links[i].target);
	return count;
}

/* Opens the directory anew, as the world of a new examination does. */
#define OPENED                                                      \
	CLEANUP(world_freep) struct world *world = world_host();    \
	CLEANUP(stores_freep) struct stores *stores = stores_new(); \
	const struct store *store = stores_open(stores, world, directory, LOADER_OPENSSL_DIRECTORY)

static bool
all_found_after(size_t wanted_links)
{
	CLEANUP(world_freep) struct world *before = world_host();
	size_t made = make_links(before);
	OPENED;
	bool good = agrees(store) && made == wanted_links && harm(store) == 0;

	for (size_t i = 0; i < store->entry_count; i++)
		good &= store->loading.loaded[i];
	if (!good)
		printf("# %zu links made, %zu wanted, harm %zu\n", made, wanted_links, harm(store));
	cleanup(world);
	return good;
}

TEST(linked, "what a link leads to is found by its name")
{
	setup();
	put_certs("a.pem", 0, 1);
	put_link(link_name(0, false, "0"), "a.pem");
	put_certs("b.pem", 1, 1);
	put_link(link_name(1, false, "0"), "b.pem");
	{
		OPENED;

		CHECK_TEXT(store->format, "hashdir");
		CHECK(store->entry_count == 2 && store->defect_count == 0 && agrees(store));
		CHECK(store->loading.loads && store->loading.certificates == 2);
		CHECK_TEXT(store->entries[0].path, file_path("a.pem"));
		CHECK_TEXT(store->entries[0].link, link_name(0, false, "0"));
	}
	CHECK(all_found_after(0));
}

TEST(not_rehashed, "without links nothing is found, and the missing links mend that")
{
	setup();
	put_certs("a.pem", 0, 1);
	put_certs("b.crt", 1, 1);
	put("README", span_of("hello", 5));
	{
		OPENED;

		CHECK(store->entry_count == 2 && agrees(store) && store->loading.certificates == 0);
		CHECK(store->loading.loads && harm(store) == 2);
		CHECK(defect_of(store, CAUSE_STORE_NOT_REHASHED) != NULL);
		store = stores_open(stores, world, directory, LOADER_ANY);
		CHECK(store->entry_count == 2 && store->defect_count == 0);
		store = stores_open(stores, world, directory, LOADER_OPENSSL_FILE);
		CHECK(store->state == STORE_NOT_A_FILE && !store->loading.loads);
		CHECK_TEXT(store->loading.error, "no certificate or crl found");
	}
	CHECK(all_found_after(2));
}

TEST(old_links, "links by the hash of old are named, and new ones put beside them")
{
	setup();
	put_certs("a.pem", 0, 1);
	put_link(link_name(0, true, "0"), "a.pem");
	{
		OPENED;

		CHECK(agrees(store) && !store->loading.loaded[0]);
		CHECK(defect_of(store, CAUSE_STORE_OLD_HASH_LINKS) != NULL);
		CHECK(!defect_of(store, CAUSE_STORE_OLD_HASH_LINKS)->harmless && harm(store) == 1);
	}
	CHECK(all_found_after(1));
}

TEST(dangling, "a link that leads nowhere ends the search")
{
	setup();
	put_certs("a.pem", 0, 1);
	put_link(link_name(0, false, "0"), "gone.pem");
	put_link(link_name(0, false, "1"), "a.pem");
	{
		OPENED;

		CHECK(agrees(store) && !store->loading.loaded[0]);
		CHECK(defect_of(store, CAUSE_STORE_DANGLING_LINK) != NULL);
		CHECK(defect_of(store, CAUSE_STORE_HASH_COLLISION) != NULL);
	}
	CHECK(all_found_after(1));
}

TEST(gap, "a number that is missing ends the search")
{
	setup();
	put_certs("a.pem", 0, 1);
	put_link(link_name(0, false, "1"), "a.pem");
	{
		OPENED;

		CHECK(agrees(store) && !store->loading.loaded[0]);
		CHECK(defect_of(store, CAUSE_STORE_HASH_COLLISION) != NULL && harm(store) == 1);
	}
	CHECK(all_found_after(1));
}

TEST(damaged_link, "a file that cannot be read ends the search, and keeps what it began with")
{
	CLEANUP(buffer_free) struct buffer text = {};
	struct damage damage = { .emit = emit_bad_base64 };

	setup();
	damage_make(&damage, 1, 2, &text);
	put("two.pem", buffer_span(&text));
	put_link(link_name(0, false, "0"), "two.pem");
	{
		OPENED;

		CHECK(store->entry_count == 1 && agrees(store) && store->loading.loaded[0]);
		CHECK(defect_of(store, CAUSE_STORE_CORRUPT_ENTRY) != NULL);
		cleanup(world);
	}
}

TEST(multiple, "of a file with several, one is found by the link")
{
	setup();
	put_certs("two.pem", 0, 2);
	put_link(link_name(0, false, "0"), "two.pem");
	{
		OPENED;

		CHECK(agrees(store) && store->loading.loaded[0] && !store->loading.loaded[1]);
		CHECK(defect_of(store, CAUSE_STORE_MULTI_CERT_LINK) != NULL);
		CHECK(!defect_of(store, CAUSE_STORE_MULTI_CERT_LINK)->harmless);
	}
	CHECK(all_found_after(1));
}

TEST(wrong_name, "a link whose name is another's hash finds nothing")
{
	setup();
	put_certs("a.pem", 0, 1);
	put_link("12345678.0", "a.pem");
	{
		OPENED;

		CHECK(agrees(store) && !store->loading.loaded[0]);
		CHECK(defect_of(store, CAUSE_STORE_HASH_COLLISION) != NULL);
	}
	CHECK(all_found_after(1));
}

TEST(crl_links, "CRLs are found by links of their own")
{
	CLEANUP(buffer_free) struct buffer text = {};

	setup();
	pem_write(&text, "X509 CRL", damage_crl);
	put("a.crl", buffer_span(&text));
	put_link(link_name(0, false, "0"), "a.crl");
	{
		OPENED;

		CHECK(store->entry_count == 1 && !store->loading.loaded[0]);
	}
	{
		CLEANUP(world_freep) struct world *world = world_host();

		CHECK(make_links(world) == 1);
	}
	{
		OPENED;

		CHECK(store->loading.loaded[0] && store->loading.crls == 1);
		CHECK_TEXT(store->entries[0].link, link_name(0, false, "r0"));
		cleanup(world);
	}
}

TEST(copies, "a file that is itself named by the hash, and a trusted certificate, are found")
{
	CLEANUP(buffer_free) struct buffer text = {};

	setup();
	emit_trusted_client(&text, NULL, damage_ders[0]);
	put(link_name(0, false, "0"), buffer_span(&text));
	{
		OPENED;

		CHECK(store->entry_count == 1 && agrees(store) && store->loading.loaded[0]);
		CHECK(store->entries[0].trust.trusts_client && harm(store) == 0);
		cleanup(world);
	}
}

TEST(haproxy,
	"HAProxy takes the first certificate of each file of four suffixes, and no damage hurts")
{
	CLEANUP(buffer_free) struct buffer text = {};
	struct damage damage = { .emit = emit_bad_base64 };

	setup();
	damage_make(&damage, 0, 1, &text);
	put("0.pem", buffer_span(&text));
	put_certs("a.pem", 0, 2);
	put_certs("b.txt", 1, 1);
	put_certs("c.cer", 2, 1);
	{
		CLEANUP(world_freep) struct world *world = world_host();
		CLEANUP(stores_freep) struct stores *stores = stores_new();
		const struct store *store =
			stores_open(stores, world, directory, LOADER_HAPROXY_DIRECTORY);

		CHECK(store->loading.loads && store->loading.certificates == 2);
		CHECK(store->entry_count == 4 && store->loading.loaded[0] &&
			!store->loading.loaded[1]);
		CHECK(!store->loading.loaded[2] && store->loading.loaded[3]);
		CHECK(defect_of(store, CAUSE_STORE_NOT_REHASHED) == NULL);
		cleanup(world);
	}
}

TEST(states, "what is not there, or may not be read, is a state and no error")
{
	CLEANUP(world_freep) struct world *world = world_host();
	CLEANUP(stores_freep) struct stores *stores = stores_new();
	const struct store *store =
		stores_open(stores, world, "/nonexistent/ca.pem", LOADER_OPENSSL_FILE);

	CHECK(store->state == STORE_MISSING && store->problem != NULL && !store->loading.loads);
	CHECK_TEXT(store->loading.error, "No such file or directory");
	CHECK(stores_open(stores, world, "/dev/null", LOADER_OPENSSL_FILE)->state ==
		STORE_NOT_A_FILE);
	CHECK(stores_open(stores, world, "/etc/passwd", LOADER_OPENSSL_DIRECTORY)->state ==
		STORE_NOT_A_FILE);
}

TAP_MAIN()
