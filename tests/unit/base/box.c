/* SPDX-License-Identifier: Apache-2.0 */
#include "base/box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "tap.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* as gcc says it */
#endif
#endif

enum { MEMORY = 256 << 20, LIMIT = 1 << 20, MILLISECONDS = 2000, WALL_SECONDS = 18 };

static enum box_result
call(struct box *box, void (*job)(void *, struct span, struct buffer *), const char *text,
	struct buffer *ret)
{
	struct span part = span_of(text, strlen(text));

	buffer_free(ret);
	return box_call(
		box, &(struct box_call){ job, NULL, &part, 1, MEMORY, MILLISECONDS, LIMIT }, ret);
}

static bool
says(const struct buffer *answer, const char *text)
{
	return answer->length == strlen(text) && memcmp(answer->data, text, answer->length) == 0;
}

static unsigned turn;

static void
echo(void *, struct span request, struct buffer *ret)
{
	buffer_add(ret, request.data, request.length);
	buffer_addf(ret, " %u", ++turn);
}

static void
die(void *, struct span, struct buffer *)
{
	abort();
}

static void
die_later(void *, struct span, struct buffer *)
{
	if (++turn > 1)
		abort();
}

static void
hang(void *, struct span, struct buffer *)
{
	for (volatile unsigned count = 0;; count++)
		;
}

static void
grab(void *, struct span, struct buffer *)
{
	for (;;)
		memset(mem_alloc(1 << 20), 1, 1 << 20);
}

static void
babble(void *, struct span, struct buffer *ret)
{
	while (ret->length <= LIMIT)
		buffer_add_text(ret, "bla");
}

/* An answer that breaks off. */
static void
stammer(void *, struct span, struct buffer *)
{
	const uint64_t header[] = { 100, 1 };

	(void)!write(0, header, sizeof(header));
	(void)!write(0, "12", 2);
	_exit(0);
}

static void
spy(void *, struct span, struct buffer *ret)
{
	int fd = open("/etc/passwd", O_RDONLY);

	buffer_addf(ret, "%d %d", fd, errno);
}

static double
seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

TEST(calls, "one child answers all calls, and is another process")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};

	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED && says(&answer, "a 1"));
	CHECK(call(box, echo, "", &answer) == BOX_ANSWERED && says(&answer, " 2"));
	CHECK(turn == 0);
}

TEST(parts, "a request comes whole and in order, however large")
{
	enum { LARGE = 40 << 20 };
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};
	CLEANUP(mem_freep) char *large = mem_alloc(LARGE);
	struct span parts[] = { { (const uint8_t *)"<", 1 }, { NULL, 0 },
		{ (const uint8_t *)large, LARGE }, { (const uint8_t *)">", 1 } };
	struct box_call call = { echo, NULL, parts, COUNT_OF(parts), MEMORY, 60'000, LARGE + 16 };

	memset(large, 'x', LARGE);
	CHECK(box_call(box, &call, &answer) == BOX_ANSWERED);
	CHECK(answer.length == LARGE + 4 && answer.data[0] == '<' && answer.data[LARGE] == 'x' &&
		strcmp((char *)answer.data + LARGE + 1, "> 1") == 0);
}

/* The process's own file in /proc, as far as the line with this word. */
static unsigned long long
status_of(pid_t pid, const char *word)
{
	CLEANUP(buffer_free) struct buffer text = {};
	char path[64];
	const char *line;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (file_read(path, 1 << 16, &text, NULL) < 0)
		return ~0ULL;
	line = strstr((const char *)text.data, word);
	return line == NULL
		       ? ~0ULL
		       : strtoull(line + strlen(word), NULL, text_starts(word, "Cap") ? 16 : 10);
}

TEST(walls, "the child is inside the sandbox")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};
	char wanted[64];

	(void)snprintf(wanted, sizeof(wanted), "-1 %d", EPERM);
	CHECK(call(box, spy, "", &answer) == BOX_ANSWERED);
	CHECK_TEXT((char *)answer.data, wanted);
	CHECK(status_of(box_child(box), "Seccomp:") == 2);
	CHECK(status_of(box_child(box), "NoNewPrivs:") == 1);
	CHECK(status_of(box_child(box), "CapPrm:") == 0);
	CHECK(status_of(box_child(box), "CapEff:") == 0);
	CHECK(status_of(box_child(box), "Uid:") == (geteuid() == 0 ? 65'534 : geteuid()));
}

/* What it can do with the file that it has, and with what else there may be. */
static void
handle(void *, struct span, struct buffer *ret)
{
	char text[4] = "";

	(void)!pread(BOX_FILE, text, 3, 1);
	buffer_addf(ret, "%s %d %d", text, (int)write(BOX_FILE, "x", 1),
		(int)pread(BOX_FILE + 1, text, 3, 0));
	buffer_addf(ret, " %d", open("/etc/passwd", O_RDONLY));
}

TEST(files, "a child may have one file, from which it reads; one that can be written it has not")
{
	char path[] = "/tmp/trustmend-unit-XXXXXX";
	int both = mkstemp(path), reading = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(box_freep) struct box *box = box_new_with_file(reading);
	CLEANUP(box_freep) struct box *wrong = box_new_with_file(both);
	CLEANUP(box_freep) struct box *closed = box_new_with_file(1000);
	CLEANUP(buffer_free) struct buffer answer = {};

	CHECK(both >= 0 && reading >= 0 && write(both, "abcde", 5) == 5 && unlink(path) == 0);
	CHECK(call(box, handle, "", &answer) == BOX_ANSWERED);
	CHECK(says(&answer, "bcd -1 -1 -1"));
	CHECK(status_of(box_child(box), "Seccomp:") == 2);
	CHECK(call(wrong, handle, "", &answer) == BOX_ABSENT);
	CHECK(strstr(box_absence(wrong), "more than reading") != NULL);
	CHECK(call(closed, handle, "", &answer) == BOX_ABSENT);
	(void)close(both);
	(void)close(reading);
}

TEST(deaths, "where a child dies, the next call has another one")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};

	CHECK(call(box, die, "", &answer) == BOX_DIED && answer.length == 0);
	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED && says(&answer, "a 1"));
	CHECK(call(box, stammer, "", &answer) == BOX_DIED && answer.length == 0);
	CHECK(call(box, echo, "b", &answer) == BOX_ANSWERED && says(&answer, "b 1"));
}

TEST(worn, "what another job has broken is no fault of this one")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};

	CHECK(call(box, die_later, "", &answer) == BOX_ANSWERED);
	CHECK(call(box, die_later, "", &answer) == BOX_ANSWERED);
	CHECK(call(box, die_later, "", &answer) == BOX_ANSWERED);
}

TEST(killed, "a child that somebody else ends is replaced")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};

	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED);
	CHECK(kill(box_child(box), SIGKILL) == 0);
	CHECK(call(box, echo, "b", &answer) == BOX_ANSWERED && says(&answer, "b 1"));
}

TEST(slow, "who takes too long is ended in time")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};
	double begun = seconds_now();

	CHECK(call(box, hang, "", &answer) == BOX_SLOW);
	CHECK(seconds_now() - begun < WALL_SECONDS);
	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED && says(&answer, "a 1"));
}

TEST(stopped, "who does not run at all is ended too")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};
	struct box_call short_call = { echo, NULL, NULL, 0, MEMORY, 200, LIMIT };

	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED);
	CHECK(kill(box_child(box), SIGSTOP) == 0);
	buffer_free(&answer);
	CHECK(box_call(box, &short_call, &answer) == BOX_SLOW);
	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED && says(&answer, "a 1"));
}

/* The first child of the box waits for ever; later ones, with whom a byte was left, do not. */
static void
stand_still(void *context, struct span, struct buffer *ret)
{
	char *is_known = context;
	char byte;

	if (*is_known == 0) {
		*is_known = 1;
		(void)!read(0, &byte, 1);
	}
	buffer_add_text(ret, "went on");
}

TEST(still, "a child that waits for what never comes is replaced once, long before its time is up")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};
	char *shared = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct box_call long_call = { stand_still, shared, NULL, 0, MEMORY, 60'000, LIMIT };
	double begun = seconds_now();

	if (shared == MAP_FAILED)
		abort();
	CHECK(box_call(box, &long_call, &answer) == BOX_ANSWERED && says(&answer, "went on"));
	CHECK(*shared == 1 && seconds_now() - begun < WALL_SECONDS);
	(void)munmap(shared, 1);
}

TEST(no_time, "where there is no time at all nothing is answered")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};
	struct box_call call = { hang, NULL, NULL, 0, MEMORY, 0, LIMIT };

	CHECK(box_call(box, &call, &answer) == BOX_SLOW && answer.length == 0);
	CHECK(box_child(box) == 0);
}

TEST(absent, "where no process can be had that is said, and is no end of this one")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};
	struct rlimit files, none;

	CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
	none = files;
	none.rlim_cur = 3;
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	CHECK(call(box, echo, "a", &answer) == BOX_ABSENT && answer.length == 0);
	CHECK(strstr(box_absence(box), "socketpair") != NULL && box_child(box) == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED && says(&answer, "a 1"));
}

TEST(large, "who wants too much memory or says too much is ended")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};

#if !defined(__SANITIZE_ADDRESS__)
	CHECK(call(box, grab, "", &answer) == BOX_DIED);
#endif
	CHECK(call(box, babble, "", &answer) == BOX_BABBLED && answer.length == 0);
	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED && says(&answer, "a 1"));
}

enum { PIECES = 5, PIECE = 300 << 10 };

static void
tell_in_pieces(void *, struct span, struct buffer *ret)
{
	static uint8_t bytes[PIECE];

	if (box_hand_on_bytes(span_of(bytes, 10)) != 0)
		abort();
	for (unsigned char i = 0; i < PIECES; i++) {
		memset(bytes, 'a' + i, sizeof(bytes));
		if (box_hand_on_bytes(span_of(bytes, sizeof(bytes))) != sizeof(bytes))
			abort();
	}
	buffer_add_text(ret, "end");
	box_hand_on(ret);
	if (ret->length != 3)
		abort();
}

struct hearing {
	size_t begun, count, length;
	bool is_short;
};

static void
hear(void *context, struct span answer)
{
	struct hearing *hearing = context;

	hearing->begun += answer.length == 0;
	hearing->count++;
	hearing->is_short |= answer.length < hearing->length;
	hearing->length = answer.length;
}

/* One after the other for ever, as no child of ours does. */
static void
drip(void *, struct span, struct buffer *)
{
	const uint64_t header[] = { 1, 0 };

	for (;;)
		if (write(STDIN_FILENO, header, sizeof(header)) < 0 ||
			write(STDIN_FILENO, "x", 1) < 0)
			_exit(1);
}

TEST(pieces, "an answer may come in pieces, which are heard of; but not in crumbs")
{
	CLEANUP(box_freep) struct box *box = box_new();
	CLEANUP(buffer_free) struct buffer answer = {};
	struct hearing hearing = {};
	struct box_call pieces = { tell_in_pieces, NULL, NULL, 0, MEMORY, MILLISECONDS,
		PIECES * PIECE + 3, hear, &hearing };

	CHECK(box_call(box, &pieces, &answer) == BOX_ANSWERED);
	CHECK(answer.length == PIECES * PIECE + 3 && answer.data[0] == 'a' &&
		memcmp(answer.data + PIECES * PIECE - 1, "eend", 5) == 0);
	CHECK(hearing.begun == 1 && hearing.count == PIECES + 1 && !hearing.is_short &&
		hearing.length == PIECES * PIECE);
	buffer_free(&answer);
	pieces.answer_limit--;
	CHECK(box_call(box, &pieces, &answer) == BOX_BABBLED && answer.length == 0);
	CHECK(call(box, drip, "", &answer) == BOX_BABBLED && answer.length == 0);
	CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED && says(&answer, "a 1"));
}

TEST(ends, "no child outlives its box")
{
	CLEANUP(buffer_free) struct buffer answer = {};
	pid_t child;

	{
		CLEANUP(box_freep) struct box *box = box_new();

		CHECK(call(box, echo, "a", &answer) == BOX_ANSWERED);
		child = box_child(box);
		CHECK(child > 0 && kill(child, 0) == 0);
	}
	CHECK(kill(child, 0) < 0 && errno == ESRCH);
}

TAP_MAIN()
