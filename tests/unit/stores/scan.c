/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/scan.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "bundle.h"
#include "tap.h"

enum { MOST = 16 };

struct seen {
	char names[MOST][32];
	size_t count, certificates, damaged;
};

static void
found(void *context, const struct found_store *store)
{
	struct seen *seen = context;

	if (seen->count < MOST)
		(void)snprintf(seen->names[seen->count], sizeof(seen->names[0]), "%s",
			path_base(store->path));
	seen->count++;
	seen->certificates += store->certificates;
	seen->damaged += store->is_damaged;
}

static bool
has(const struct seen *seen, const char *name)
{
	for (size_t i = 0; i < seen->count && i < MOST; i++)
		if (strcmp(seen->names[i], name) == 0)
			return true;
	return false;
}

static void
put(const char *directory, const char *name, struct span bytes)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (file_create(path, bytes, 0644, NULL) < 0)
		abort();
}

static void
put_text(const char *directory, const char *name, const char *text)
{
	put(directory, name, span_of(text, strlen(text)));
}

/* Text of so many bytes, then the block. */
static void
put_late(const char *directory, const char *name, size_t before, const char *block)
{
	CLEANUP(buffer_free) struct buffer text = {};

	while (text.length < before)
		buffer_add_text(&text, text.length % 64 == 63 ? "\n" : "x");
	buffer_add_text(&text, "\n");
	buffer_add_text(&text, block);
	put(directory, name, buffer_span(&text));
}

TEST(content, "stores are told by content: behind text too, and not by name or by other PEM blocks")
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	const struct pki_cert *ca =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=CA", .ca = true });
	char directory[] = "/tmp/trustmend-scan-XXXXXX";
	char *pem = pki_pem("CERTIFICATE", ca->der), *key = pki_key_pem(ca);
	CLEANUP(world_freep) struct world *world = NULL;
	struct seen seen = {};
	struct scan scan = { found, &seen, NULL };
	struct sweep_result result;

	CHECK(mkdtemp(directory) != NULL);
	put_text(directory, "no-name", pem);
	put(directory, "der.txt", ca->der);
	put_late(directory, "late", SWEEP_HEAD * 3, pem);
	/* The mark lies across what is read at once, and across the blocks behind it. */
	put_late(directory, "across", SWEEP_HEAD - 6, pem);
	put_late(directory, "across-blocks", SWEEP_HEAD - 10 + (256 << 10) - 8, pem);
	pem[strlen(pem) - 60] = '\0';
	put_text(directory, "cut", pem);
	/* Dashes that begin no block, and one that does behind more of them than it needs. */
	put_text(directory, "dashes",
		"----------\n-----BEGI\n---- BEGIN \n-----\n-----END -----BEGIN");
	put_text(directory, "ruler", "--------------\n");
	put_late(directory, "ruled", 100, "----------------BEGIN CERTIFICATE-----\n");
	put_text(directory, "key.pem", key);
	put_text(directory, "words.pem", "no certificate in here\n");
	put_text(directory, "pgp",
		"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcd\n=xyz1\n"
		"-----END PGP PUBLIC KEY BLOCK-----\n");
	put(directory, "binary", span_of("\x30\x82\x7f\xff\x30\x00", 6));
	world = world_host();
	CHECK(stores_scan(world, directory, &scan, &result, NULL) == 0);
	CHECK(has(&seen, "no-name") && has(&seen, "der.txt") && has(&seen, "late"));
	CHECK(has(&seen, "across") && has(&seen, "across-blocks") && has(&seen, "cut"));
	CHECK(has(&seen, "ruled") && !has(&seen, "ruler") && !has(&seen, "dashes"));
	CHECK(seen.count == 7 && seen.certificates == 5 && seen.damaged == 2);
	CHECK(result.files == 13 && result.unreadable == 0);
	directory_remove(directory);
	free(pem);
	free(key);
}

TAP_MAIN()
