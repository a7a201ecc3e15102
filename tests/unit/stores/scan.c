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

/* What was said of a directory: a line each, in order, and how often. */
struct said {
	char lines[MOST * 64][96];
	size_t count;
};

static void
say(void *context, const struct found_store *store)
{
	struct said *said = context;

	if (said->count < COUNT_OF(said->lines))
		(void)snprintf(said->lines[said->count++], sizeof(said->lines[0]),
			"%s %s %zu %zu %zu %d %lld %.20s", path_base(store->path), store->format,
			store->certificates, store->crls, store->defects, store->is_damaged,
			(long long)store->next_end, store->problem == NULL ? "" : store->problem);
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

TEST(copies, "copies of a store are told as the store is, however many there are")
{
	enum { KINDS = 4, COPIES = 150 };
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	const struct pki_cert *ca =
		pki_issue(pki, &(struct pki_spec){ .subject = "CN=CA", .ca = true });
	static struct said said;
	char directory[] = "/tmp/trustmend-copies-XXXXXX", name[32];
	char *pem = pki_pem("CERTIFICATE", ca->der), *cut = pki_pem("CERTIFICATE", ca->der);
	CLEANUP(world_freep) struct world *world = world_host();
	struct scan scan = { say, &said, NULL };
	struct sweep_result result;

	cut[strlen(cut) - 60] = '\0';
	CHECK(mkdtemp(directory) != NULL);
	for (size_t i = 0; i < KINDS * COPIES; i++) {
		(void)snprintf(name, sizeof(name), "%zu-%03zu", i % KINDS, i);
		if (i % KINDS == 0)
			put_text(directory, name, pem);
		else if (i % KINDS == 1)
			put_text(directory, name, cut);
		else if (i % KINDS == 2)
			put(directory, name, ca->der);
		else
			put_text(directory, name, "-----BEGIN PGP MESSAGE-----\n");
	}
	CHECK(stores_scan(world, directory, &scan, &result, NULL) == 0);
	CHECK(said.count == (KINDS - 1) * COPIES && result.files == KINDS * COPIES);
	qsort(said.lines, said.count, sizeof(said.lines[0]), compare_lines);
	for (size_t i = 1; i < said.count; i++) {
		const char *line = strchr(said.lines[i], ' '),
			   *before = strchr(said.lines[i - 1], ' ');

		CHECK(strcmp(said.lines[i], said.lines[i - 1]) != 0);
		CHECK(said.lines[i][0] != said.lines[i - 1][0] || strcmp(line, before) == 0);
	}
	CHECK(said.lines[0][0] == '0' && said.lines[COPIES][0] == '1' &&
		said.lines[2 * COPIES][0] == '2');
	CHECK(strstr(said.lines[0], " pem 1 0 0 0 ") != NULL);
	CHECK(strstr(said.lines[COPIES], " pem 0 0 1 1 ") != NULL);
	CHECK(strstr(said.lines[2 * COPIES], " der 1 0 1 0 ") != NULL);
	directory_remove(directory);
	free(pem);
	free(cut);
}

TAP_MAIN()
