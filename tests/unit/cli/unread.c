/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores whose reader is lost: every command says so, of which file, and that nothing is known.
 *
 * The command runs in a process whose children die of their first read from the box's descriptor,
 * which is standard input: this process never reads from that.
 */
#include <errno.h>
#include <jansson.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "pki.h"
#include "tap.h"
#include "world/place.h"

enum { WORDS_MAX = 32 };

struct desk {
	struct place place;
	struct pki *pki;
	struct buffer out, said;
	json_t *document;
};

static void
desk_end(struct desk *desk)
{
	json_decref(desk->document);
	buffer_free(&desk->out);
	buffer_free(&desk->said);
	pki_free(desk->pki);
	place_close(&desk->place);
}

static void
put(struct desk *desk, const char *name, const struct pki_cert *cert)
{
	CLEANUP(mem_freep) char *pem = pki_pem("CERTIFICATE", cert->der);

	place_file(&desk->place, name, pem);
}

static void
desk_begin(struct desk *desk)
{
	const struct pki_cert *root;

	*desk = (struct desk){ .pki = pki_new() };
	place_open(&desk->place);
	root = pki_issue(desk->pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	put(desk, "root.pem", root);
	put(desk, "alice.pem",
		pki_issue(desk->pki, &(struct pki_spec){ .subject = "CN=alice", .issuer = root }));
	place_directory(&desk->place, "clients");
	put(desk, "clients/bob.pem",
		pki_issue(desk->pki, &(struct pki_spec){ .subject = "CN=bob", .issuer = root }));
	place_file(&desk->place, "nginx.conf",
		"events {}\nhttp { server { listen 127.0.0.1:1 ssl; ssl_certificate alice.pem;\n"
		"ssl_certificate_key alice.pem; ssl_client_certificate root.pem;\n"
		"ssl_verify_client on; } }\n");
}

#define DESK                                     \
	CLEANUP(desk_end) struct desk desk = {}; \
	desk_begin(&desk)

/* Of this process and all that it makes; a system call's number is its lower half, and so is a
 * descriptor on the machines that we are built for. */
static bool
lose_readers(void)
{
	static struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, STDIN_FILENO, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { COUNT_OF(steps), steps };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

static void
run(bool loses_readers, int count, const char *const *words)
{
	struct buffer out = {};
	int fd = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int said = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0600), status;

	if (fd < 0 || said < 0 || dup2(said, STDERR_FILENO) < 0 ||
		(loses_readers && !lose_readers()))
		_exit(99);
	status = cli_run(count, words, false, &out);
	if (out.length > 0 && write(fd, out.data, out.length) != (ssize_t)out.length)
		_exit(99);
	_exit(status);
}

static int
run_words(struct desk *desk, bool loses_readers, const char *const *words)
{
	const char *argv[WORDS_MAX] = { "--state", "state", "--at", "2026-06-01T00:00:00Z" };
	struct err err = {};
	/* A repair is made for now. */
	int count = strcmp(words[0], "repair") == 0 ? 2 : 4, status = -1;
	pid_t pid;

	for (; *words != NULL && count < WORDS_MAX; words++)
		argv[count++] = *words;
	place_must(chdir(desk->place.root) == 0, "chdir");
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		run(loses_readers, count, argv);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	place_must(file_read("out", 1 << 20, &desk->out, &err) == 0 &&
			   file_read("said", 1 << 20, &desk->said, &err) == 0,
		"what it said");
	json_decref(desk->document);
	desk->document = desk->out.length > 0 ? json_loadb((const char *)desk->out.data,
							desk->out.length, 0, NULL)
					      : NULL;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define LOST(...)  run_words(&desk, true, (const char *const[]){ __VA_ARGS__, NULL })
#define WHOLE(...) run_words(&desk, false, (const char *const[]){ __VA_ARGS__, NULL })

static const char *const unread = "cannot be read safely: its reader breaks on it";

static bool
says(const struct buffer *text, const char *wanted)
{
	return text->length > 0 && strstr((const char *)text->data, wanted) != NULL;
}

/* That, and of which file. */
static bool
is_told(const struct buffer *text, const char *name)
{
	return says(text, unread) && says(text, name);
}

static const char *
text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "(none)";
}

static json_t *
first(const struct desk *desk, const char *key)
{
	return json_array_get(json_object_get(desk->document, key), 0);
}

TEST(certificate, "a certificate whose reader is lost is unknown, by name, in a directory too")
{
	static const char *const names[][2] = { { "alice.pem", "alice.pem" },
		{ "clients", "clients/bob.pem" } };
	DESK;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CHECK(WHOLE("verify", "--json", "--trust", "root.pem", names[i][0]) == 0);
		CHECK(LOST("verify", "--json", "--lint", names[i][0]) == 3);
		CHECK(json_array_size(json_object_get(desk.document, "results")) == 1);
		CHECK_TEXT(text_of(first(&desk, "results"), "verdict"), "unknown");
		CHECK(strstr(text_of(first(&desk, "results"), "source"), names[i][1]) != NULL);
		CHECK(strstr(text_of(json_object_get(first(&desk, "results"), "reason"), "text"),
			      unread) != NULL);
		CHECK(LOST("verify", "--lint", names[i][0]) == 3);
		CHECK(is_told(&desk.out, names[i][1]) && says(&desk.out, "unknown"));
	}
}

TEST(trust, "what is trusted, sent or revoked and cannot be read ends verify, by name")
{
	static const char *const options[] = { "--trust", "--untrusted", "--crl" };
	DESK;

	for (size_t i = 0; i < COUNT_OF(options); i++) {
		CHECK(LOST("verify", options[i], "root.pem", "--trust", "root.pem", "alice.pem") ==
			3);
		CHECK(is_told(&desk.said, "root.pem"));
	}
}

TEST(inspected, "inspect shows a store whose reader is lost as not known, and no entry or defect")
{
	DESK;

	CHECK(WHOLE("inspect", "--json", "root.pem") == 0);
	CHECK(json_array_size(json_object_get(first(&desk, "stores"), "entries")) == 1);
	CHECK(LOST("inspect", "--json", "root.pem") == 3);
	CHECK(strstr(text_of(first(&desk, "stores"), "problem"), unread) != NULL);
	CHECK(json_array_size(json_object_get(first(&desk, "stores"), "defects")) == 0);
	CHECK(LOST("inspect", "root.pem") == 3);
	CHECK(is_told(&desk.out, "root.pem"));
	CHECK(WHOLE("inspect", "--json", "--scan", ".") == 0);
#if !SANDBOX_IS_SANITIZED
	CHECK(LOST("inspect", "--json", "--scan", ".") == 3);
	CHECK(is_told(&desk.out, "clients/bob.pem"));
#endif
}

TEST(compared, "nothing is compared with a store, and no form made of one, whose reader is lost")
{
	DESK;

	CHECK(WHOLE("diff", "root.pem", "root.pem") == 0);
	CHECK(LOST("diff", "root.pem", "alice.pem") == 3);
	CHECK(is_told(&desk.said, "root.pem"));
	CHECK(LOST("convert", "root.pem", "new.der", "--to", "der") == 3);
	CHECK(is_told(&desk.said, "root.pem"));
	CHECK(access("new.der", F_OK) < 0);
	CHECK(WHOLE("convert", "root.pem", "new.der", "--to", "der") == 0);
}

TEST(diagnosed, "a service with such a store is neither healthy nor at fault, with clients or not")
{
	const char *words[] = { "--json", "--no-probe", "nginx:nginx.conf", NULL, NULL, NULL };
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	DESK;

	words[2] = arena_printf(arena, "nginx:%s", place_path(&desk.place, "nginx.conf"));
	for (size_t i = 0; i < 2; i++) {
		CHECK(WHOLE("diagnose", words[0], words[1], words[2], words[3], words[4]) < 3);
		CHECK(json_is_true(
			json_object_get(json_object_get(desk.document, "summary"), "complete")));
		CHECK(LOST("diagnose", words[0], words[1], words[2], words[3], words[4]) == 3);
		CHECK(json_is_false(
			json_object_get(json_object_get(desk.document, "summary"), "complete")));
		CHECK(is_told(&desk.out, "root.pem"));
		CHECK(json_array_size(json_object_get(desk.document, "findings")) == 0);
		CHECK(json_array_size(json_object_get(desk.document, "verdicts")) == 0);
		CHECK(LOST("repair", "--yes", words[0], words[1], words[2], words[3], words[4]) ==
			3);
		CHECK(says(&desk.out, "\"nothing\"") && is_told(&desk.out, "root.pem"));
		words[3] = "--client";
		words[4] = "alice.pem";
	}
}

TAP_MAIN()
