/* SPDX-License-Identifier: Apache-2.0 */
/* Many certificates at once: the rows are those of one after the other, whatever stands between. */
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "cli/cli.h"
#include "pki.h"
#include "tap.h"
#include "world/place.h"

enum { MANY = 2'400, WORDS_MAX = 16 };

struct desk {
	struct place place;
	struct arena *arena;
	struct pki *pki;
	struct buffer out;
	const struct pki_cert *root, *alice, *late, *stranger;
};

static void
desk_end(struct desk *desk)
{
	buffer_free(&desk->out);
	pki_free(desk->pki);
	arena_free(desk->arena);
	place_close(&desk->place);
}

static const char *
pem_of(struct desk *desk, const struct pki_cert *cert)
{
	CLEANUP(mem_freep) char *pem = pki_pem("CERTIFICATE", cert->der);

	return arena_strdup(desk->arena, pem);
}

static void
desk_begin(struct desk *desk)
{
	const struct pki_cert *other;

	*desk = (struct desk){ .arena = arena_new(), .pki = pki_new() };
	place_open(&desk->place);
	place_must(chdir(desk->place.root) == 0, "chdir");
	desk->root = pki_issue(desk->pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	other = pki_issue(desk->pki, &(struct pki_spec){ .subject = "CN=Other", .ca = true });
	desk->alice = pki_issue(
		desk->pki, &(struct pki_spec){ .subject = "CN=alice", .issuer = desk->root });
	desk->late = pki_issue(desk->pki,
		&(struct pki_spec){
			.subject = "CN=late", .issuer = desk->root, .days_from = -10, .days = 1 });
	desk->stranger = pki_issue(
		desk->pki, &(struct pki_spec){ .subject = "CN=stranger", .issuer = other });
	place_file(&desk->place, "root.pem", pem_of(desk, desk->root));
}

#define DESK                                     \
	CLEANUP(desk_end) struct desk desk = {}; \
	desk_begin(&desk)

static int
run(struct desk *desk, int fd, const char *const *words)
{
	const char *argv[WORDS_MAX] = { "verify", "--at", "2026-06-01T00:00:00Z", "--trust",
		"root.pem" };
	int count = 5;

	for (; *words != NULL && count < WORDS_MAX; words++)
		argv[count++] = *words;
	buffer_clear(&desk->out);
	return fd < 0 ? cli_run(count, argv, false, &desk->out)
		      : cli_run_to(fd, count, argv, &desk->out);
}

#define RUN(...) run(&desk, -1, (const char *const[]){ __VA_ARGS__, NULL })

static const char *
output(struct desk *desk)
{
	return arena_strndup(desk->arena, (const char *)desk->out.data, desk->out.length);
}

/* A bundle with all kinds of clients, and damage of several kinds in the midst of it. */
static void
put_bundle(struct desk *desk)
{
	const char *alice = pem_of(desk, desk->alice), *late = pem_of(desk, desk->late),
		   *stranger = pem_of(desk, desk->stranger);
	CLEANUP(buffer_free) struct buffer text = {};

	for (unsigned i = 0; i < MANY; i++) {
		buffer_addf(&text, "# client %u\n%s", i,
			i % 100 == 7   ? late
			: i % 100 == 9 ? stranger
				       : alice);
		if (i == MANY / 3)
			buffer_addf(&text, "%.200s\n", alice);
		if (i == MANY / 2)
			buffer_add_text(&text,
				"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
	}
	place_file(&desk->place, "bundle.pem", (const char *)text.data);
}

static size_t
count_rows(const char *text, const char *beginning)
{
	size_t count = 0;

	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		count += text_starts(line, beginning);
	return count;
}

/* Whether the lines of the bundle that the rows name only grow. */
static bool
is_in_order(const char *text)
{
	unsigned long last = 0, number;

	for (const char *at = text; (at = strstr(at, "bundle.pem:")) != NULL;) {
		at += strlen("bundle.pem:");
		number = strtoul(at, NULL, 10);
		if (number <= last)
			return false;
		last = number;
	}
	return last > 0;
}

static void
use_one_processor(bool one, cpu_set_t *all)
{
	cpu_set_t first;

	if (!one) {
		(void)sched_setaffinity(0, sizeof(*all), all);
		return;
	}
	place_must(sched_getaffinity(0, sizeof(*all), all) == 0, "sched_getaffinity");
	CPU_ZERO(&first);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&first) == 0; i++)
		if (CPU_ISSET(i, all))
			CPU_SET(i, &first);
	place_must(sched_setaffinity(0, sizeof(first), &first) == 0, "sched_setaffinity");
}

TEST(order, "rows come in the order of the bundle, the same from one processor and from all")
{
	const char *parallel, *serial;
	cpu_set_t all;
	DESK;

	put_bundle(&desk);
	CHECK(RUN("bundle.pem") == 2);
	parallel = output(&desk);
	use_one_processor(true, &all);
	CHECK(RUN("bundle.pem") == 2);
	use_one_processor(false, &all);
	serial = output(&desk);
	CHECK_TEXT(parallel, serial);
	CHECK(is_in_order(parallel));
	CHECK(count_rows(parallel, "accept") == MANY * 98 / 100);
	CHECK(count_rows(parallel, "refuse") == MANY * 2 / 100 + 2);
}

TEST(brief, "rows are the same where all paths are asked for")
{
	CLEANUP(buffer_free) struct buffer rows = {};
	const char *brief;
	DESK;

	put_bundle(&desk);
	(void)RUN("bundle.pem");
	brief = output(&desk);
	(void)RUN("--explain", "bundle.pem");
	for (const char *line = output(&desk); *line != '\0'; line = strchr(line, '\n') + 1)
		if (line[0] != ' ')
			buffer_add(&rows, line, strcspn(line, "\n") + 1);
	CHECK_TEXT((const char *)rows.data, brief);
}

TEST(directory, "of a directory with a bundle in it every certificate has its row, once")
{
	DESK;

	put_bundle(&desk);
	place_directory(&desk.place, "d");
	place_must(rename("bundle.pem", "d/bundle.pem") == 0, "rename");
	place_file(&desk.place, "d/alice.pem", pem_of(&desk, desk.alice));
	place_file(&desk.place, "d/README", "nothing\n");
	CHECK(RUN("d") == 2);
	CHECK(is_in_order(output(&desk)));
	CHECK(count_rows(output(&desk), "accept") == MANY * 98 / 100 + 1);
	place_must(symlink("nowhere", "d/zero.pem") == 0, "symlink");
	CHECK(RUN("d") == 2);
	CHECK(count_rows(output(&desk), "unknown") == 1);
	place_directory(&desk.place, "e");
	place_must(symlink("nowhere", "e/zero.pem") == 0, "symlink");
	place_file(&desk.place, "e/alice.pem", pem_of(&desk, desk.alice));
	CHECK(RUN("e") == 3);
}

TEST(full, "output that cannot be written ends it, with an error")
{
	CLEANUP(fd_close) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int ends[2];
	DESK;

	put_bundle(&desk);
	CHECK(fd >= 0 && run(&desk, fd, (const char *const[]){ "bundle.pem", NULL }) == 74);
	CHECK(desk.out.length == 0);
	place_must(pipe2(ends, O_CLOEXEC) == 0 && signal(SIGPIPE, SIG_IGN) != SIG_ERR, "pipe");
	(void)close(ends[0]);
	CHECK(run(&desk, ends[1], (const char *const[]){ "--json", "bundle.pem", NULL }) == 74);
	CHECK(desk.out.length == 0);
	(void)close(ends[1]);
}

/* What went through a file as it came, as the whole that it must be. */
static const char *
streamed(struct desk *desk, const char *const *words, int *ret_status)
{
	CLEANUP(fd_close)
	int fd = open("rows", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
	CLEANUP(buffer_free) struct buffer rows = {};
	struct err err = {};

	*ret_status = run(desk, fd, words);
	place_must(write(fd, desk->out.data != NULL ? desk->out.data : (uint8_t *)"",
			   desk->out.length) == (ssize_t)desk->out.length,
		"write");
	place_must(file_read("rows", 64 << 20, &rows, &err) == 0, "rows");
	return arena_strndup(desk->arena, (const char *)rows.data, rows.length);
}

TEST(stream, "what goes out as it comes is what comes at the end")
{
	static const char *const text[] = { "bundle.pem", NULL };
	static const char *const lost[] = { "--json", "bundle.pem", "root.pem", "nothing", NULL };
	const char *rows;
	int status;
	DESK;

	put_bundle(&desk);
	place_file(&desk.place, "nothing", "no certificate\n");
	rows = streamed(&desk, text, &status);
	CHECK(status == 2 && RUN("bundle.pem") == 2);
	CHECK_TEXT(rows, output(&desk));
	/* An error after rows have gone out: the document is whole all the same. */
	rows = streamed(&desk, lost, &status);
	CHECK(status == 65 && rows[0] == '{' && text_ends(rows, ",\"exit\":65}\n"));
	CHECK(RUN("--json", "nothing") == 65 && desk.out.length == 0);
}

TEST(lints, "lints are asked with a verdict or without, and count in the exit status")
{
	const struct pki_cert *server;
	DESK;

	server = pki_issue(desk.pki, &(struct pki_spec){ .subject = "CN=server",
					     .issuer = desk.root,
					     .extended_key_usage = "serverAuth" });
	place_file(&desk.place, "server.pem", pem_of(&desk, server));
	place_file(&desk.place, "alice.pem", pem_of(&desk, desk.alice));
	CHECK(RUN("--lint", "--purpose", "any", "server.pem") == 2);
	CHECK(count_rows(output(&desk), "accept") == 1);
	CHECK(strstr(output(&desk), "critical usage.client-auth-missing") != NULL);
	CHECK(RUN("--lint", "alice.pem") == 1);
	CHECK(strstr(output(&desk), "note ") == NULL);
	CHECK(strstr(output(&desk), "warning validity.long") != NULL);
	CHECK(RUN("--purpose", "any", "server.pem") == 0);
}

TAP_MAIN()
