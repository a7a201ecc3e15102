/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "base/box.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/quiet.h"
#include "base/sandbox.h"

enum {
	/* The child's only descriptor, but for BOX_FILE; nothing writes to this one by itself. */
	BOX_FD = STDIN_FILENO,
	BOX_SHARED_LEAST = 16 << 20, /* pages that nobody writes to cost nothing */
	/* Beside the time of each call: for a child that nobody looks after any more. */
	BOX_PROCESSOR_SECONDS = 600,
	BOX_GREETING_MILLISECONDS = 10'000,
	BOX_PIECE = 256 << 10, /* bytes of an answer that are worth being handed on */
	BOX_PATIENCE = 8,      /* so much longer may it take on the wall */
	BOX_LOOK = 100,        /* milliseconds from one look at its clock to the next */
	/* Whoever computes uses his processor; who waits so long in a job waits for ever, as for a
	 * lock that was held when the child was made. */
	BOX_STILL_MILLISECONDS = 2'000,
};

/* Where /proc does not say how much the parent has. */
#define BOX_INHERITED_UNKNOWN (UINT64_C(1) << 30)

struct box {
	pid_t pid; /* 0: there is no child */
	int process, socket;
	int file;        /* borrowed; -1: the child has none */
	uint8_t *shared; /* what it reads its requests from */
	size_t shared_size, memory;
	bool is_greeted;
	bool is_patient, stood_still; /* of this call: nobody waits for ever; somebody did */
	struct err err;               /* why there is no child */
};

struct request_header {
	void (*job)(void *context, struct span request, struct buffer *ret_answer);
	void *context;
	size_t length;
};

/* An answer comes in pieces, none but the last of which is a small one. */
struct piece_header {
	uint64_t length, is_last;
};

/* The child's first words, before it reads any request. */
struct greeting {
	bool is_inside;
	struct err err; /* why it is not */
};

void
box_stop(struct box *box)
{
	if (box->pid == 0)
		return;
	if (box->process < 0 || pidfd_send_signal(box->process, SIGKILL, NULL, 0) < 0)
		(void)kill(box->pid, SIGKILL);
}

static void
box_end(struct box *box)
{
	box_stop(box);
	if (box->pid != 0) {
		while (waitpid(box->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	box->pid = 0;
	fd_close(&box->process);
	fd_close(&box->socket);
	if (box->shared != NULL)
		(void)munmap(box->shared, box->shared_size);
	box->shared = NULL;
	box->shared_size = 0;
}

void
box_free(struct box *box)
{
	if (box == NULL)
		return;
	box_end(box);
	mem_free(box);
}

/* In the child. Nobody is left to whom it could be said where this fails. */
static void
put(const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	while (length > 0) {
		ssize_t count = write(BOX_FD, at, length);

		if (count <= 0)
			_exit(1);
		at += count;
		length -= (size_t)count;
	}
}

static void
put_piece(struct span bytes, bool is_last)
{
	const struct piece_header header = { bytes.length, is_last };

	put(&header, sizeof(header));
	put(bytes.data, bytes.length);
}

size_t
box_hand_on_bytes(struct span bytes)
{
	if (bytes.length < BOX_PIECE)
		return 0;
	put_piece(bytes, false);
	return bytes.length;
}

void
box_hand_on(struct buffer *answer)
{
	if (box_hand_on_bytes(buffer_span(answer)) > 0)
		buffer_clear(answer);
}

static void
serve(const uint8_t *shared)
{
	struct request_header header;

	while (read(BOX_FD, &header, sizeof(header)) == (ssize_t)sizeof(header)) {
		struct buffer bytes = {};

		header.job(header.context, span_of(shared, header.length), &bytes);
		put_piece(buffer_span(&bytes), true);
		buffer_free(&bytes);
	}
}

/* What a terminal sends to the whole group is for the parent, which ends its child by itself. */
static void
set_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP };
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &action, NULL);
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < COUNT_OF(ignored); i++)
		(void)sigaction(ignored[i], &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Bytes of address space that this process has, and that a child of it begins with. */
static size_t
inherited(void)
{
	CLEANUP(fd_close) int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128] = "";
	char *end;
	unsigned long long pages;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return BOX_INHERITED_UNKNOWN;
	pages = strtoull(text, &end, 10);
	if (*end != ' ')
		return BOX_INHERITED_UNKNOWN;
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

_Noreturn static void
child(const struct box *box, int socket, size_t memory)
{
	struct sandbox sandbox = { SANDBOX_PARSER, 0, BOX_PROCESSOR_SECONDS, NULL, 0 };
	struct greeting greeting = {};
	int last = BOX_FD;

	set_signals();
	(void)prctl(PR_SET_NAME, "trustmend-box", 0, 0, 0);
	if (dup2(socket, BOX_FD) < 0)
		_exit(1);
	if (box->file >= 0) {
		sandbox.role = SANDBOX_READER;
		last = BOX_FILE;
		if (dup2(box->file, BOX_FILE) < 0)
			_exit(1);
	}
	sandbox.memory = inherited() + memory;
	file_close_from(last + 1);
	greeting.is_inside = sandbox_enter(&sandbox, &greeting.err) == 0;
	put(&greeting, sizeof(greeting));
	if (greeting.is_inside)
		serve(box->shared);
	_exit(0);
}

/* What libcrypto reads from files it must have read before it is in there; and what it sets up, it
 * sets up once for us and for all children. */
static void
prepare_libcrypto(void)
{
	digest_ready();
	(void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	(void)digest_of((struct span){});
}

static int
start(struct box *box, size_t shared_size, size_t memory)
{
	struct err *err = &box->err;
	int sockets[2];

	/* Of a file that could be written to the child would have more than it may; one in the
	 * place of its own descriptors it would lose. */
	if (box->file >= 0 &&
		(box->file <= BOX_FILE || (fcntl(box->file, F_GETFL) & O_ACCMODE) != O_RDONLY))
		return err_set(err, ERR_INTERNAL, "a file for a box is open for more than reading");
	prepare_libcrypto();
	box->shared_size = BOX_SHARED_LEAST;
	while (box->shared_size < shared_size)
		box->shared_size *= 2;
	box->shared = mmap(NULL, box->shared_size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (box->shared == MAP_FAILED) {
		box->shared = NULL;
		return err_sys(err, ERR_INTERNAL, "mmap");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return err_sys(err, ERR_INTERNAL, "socketpair");
	box->memory = memory;
	box->is_greeted = false;
	box->pid = quiet_fork();
	if (box->pid == 0)
		child(box, sockets[1], memory);
	(void)close(sockets[1]);
	box->socket = sockets[0];
	if (box->pid < 0) {
		box->pid = 0;
		return err_sys(err, ERR_INTERNAL, "fork");
	}
	box->process = pidfd_open(box->pid, 0);
	return box->process < 0 ? err_sys(err, ERR_INTERNAL, "pidfd_open") : 0;
}

/* Time is processor time, so that a busy machine makes no store a slow one; but however busy it is,
 * there is an end. */
struct deadline {
	int64_t processor, wall;
	int64_t used, moved; /* what its processor's clock said last, and when that was news */
};

static int64_t
milliseconds_of(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return 0;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

static int64_t
processor_now(const struct box *box)
{
	clockid_t clock;

	return clock_getcpuclockid(box->pid, &clock) == 0 ? milliseconds_of(clock) : 0;
}

static struct deadline
deadline_in(const struct box *box, int64_t milliseconds)
{
	int64_t used = processor_now(box), now = milliseconds_of(CLOCK_MONOTONIC);

	return (struct deadline){
		.processor = used + milliseconds,
		.wall = now + milliseconds * BOX_PATIENCE,
		.used = used,
		.moved = now,
	};
}

/* Until one of the two can come at the earliest; 0 where one has come, or nothing moves. */
static int64_t
deadline_left(struct box *box, struct deadline *deadline)
{
	int64_t used = processor_now(box), now = milliseconds_of(CLOCK_MONOTONIC);
	int64_t processor = deadline->processor - used, wall = deadline->wall - now;
	int64_t left = processor < wall ? processor : wall;

	if (used != deadline->used)
		deadline->moved = now;
	deadline->used = used;
	if (!box->is_patient && now - deadline->moved >= BOX_STILL_MILLISECONDS) {
		box->stood_still = true;
		return 0;
	}
	return left > 0 ? left : 0;
}

/* A child with several threads uses up its time faster than the wall does: looked at now and then.
 */
static bool
wait_for(struct box *box, struct deadline *deadline)
{
	struct pollfd ready = { .fd = box->socket, .events = POLLIN };
	int64_t left;

	while ((left = deadline_left(box, deadline)) > 0)
		if (poll(&ready, 1, left < BOX_LOOK ? (int)left : BOX_LOOK) > 0)
			return true;
	return false;
}

static enum box_result
get(struct box *box, void *bytes, size_t length, struct deadline *deadline)
{
	uint8_t *at = bytes;

	while (length > 0) {
		ssize_t count = recv(box->socket, at, length, MSG_DONTWAIT);

		if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
			return BOX_DIED;
		if (count < 0 && !wait_for(box, deadline))
			return BOX_SLOW;
		if (count < 0)
			continue;
		at += count;
		length -= (size_t)count;
	}
	return BOX_ANSWERED;
}

static enum box_result
begin(struct box *box, size_t shared_size, size_t memory)
{
	if (start(box, shared_size, memory) == 0)
		return BOX_ANSWERED;
	box_end(box);
	return BOX_ABSENT;
}

void
box_begin(struct box *box, size_t memory)
{
	if (box->pid == 0)
		(void)begin(box, 0, memory);
}

/* Nothing hostile has reached the child yet: it can be believed. */
static enum box_result
greet(struct box *box)
{
	struct deadline deadline = deadline_in(box, BOX_GREETING_MILLISECONDS);
	struct greeting greeting;
	enum box_result result;

	if (box->is_greeted)
		return BOX_ANSWERED;
	result = get(box, &greeting, sizeof(greeting), &deadline);
	if (result == BOX_ANSWERED && !greeting.is_inside) {
		box->err = greeting.err;
		return BOX_ABSENT;
	}
	box->is_greeted = result == BOX_ANSWERED;
	return result;
}

static enum box_result
get_answer(struct box *box, const struct box_call *call, struct deadline *deadline,
	struct buffer *ret_answer)
{
	struct piece_header piece = {};
	enum box_result result;

	while (piece.is_last == 0) {
		if (call->more != NULL)
			call->more(call->more_context, buffer_span(ret_answer));
		/* While we were busy, it may have waited for us. */
		deadline->moved = milliseconds_of(CLOCK_MONOTONIC);
		result = get(box, &piece, sizeof(piece), deadline);
		if (result != BOX_ANSWERED)
			return result;
		if (piece.length > call->answer_limit - ret_answer->length ||
			(piece.is_last == 0 && piece.length < BOX_PIECE))
			return BOX_BABBLED;
		buffer_reserve(ret_answer, (size_t)piece.length);
		result = get(
			box, ret_answer->data + ret_answer->length, (size_t)piece.length, deadline);
		if (result != BOX_ANSWERED)
			return result;
		ret_answer->length += piece.length;
	}
	ret_answer->data[ret_answer->length] = '\0';
	return BOX_ANSWERED;
}

static enum box_result
ask(struct box *box, const struct box_call *call, size_t length, struct buffer *ret_answer)
{
	struct deadline deadline = deadline_in(box, call->milliseconds);
	struct request_header request = { call->job, call->context, length };
	size_t at = 0;

	/* All pages at once, instead of one after the other by faults; or not, on Linux before
	 * 5.14. */
	if (length > BOX_PIECE)
		(void)madvise(box->shared, length, MADV_POPULATE_WRITE);
	for (size_t i = 0; i < call->part_count; i++) {
		if (call->parts[i].length > 0)
			memcpy(box->shared + at, call->parts[i].data, call->parts[i].length);
		at += call->parts[i].length;
	}
	if (send(box->socket, &request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request))
		return BOX_DIED;
	/* Most answers are no longer than what they are about. Memory that nobody writes to costs
	 * nothing. */
	if (length > BOX_PIECE)
		buffer_reserve(ret_answer, length);
	return get_answer(box, call, &deadline, ret_answer);
}

static enum box_result
call_once(struct box *box, const struct box_call *call, size_t length, struct buffer *ret_answer)
{
	enum box_result result = BOX_ANSWERED;

	if (box->pid != 0 && (box->shared_size < length || box->memory < call->memory))
		box_end(box);
	if (box->pid == 0)
		result = begin(box, length, call->memory);
	*ret_answer = (struct buffer){};
	if (result == BOX_ANSWERED)
		result = greet(box);
	if (result == BOX_ANSWERED)
		result = ask(box, call, length, ret_answer);
	if (result == BOX_ANSWERED)
		return result;
	box_end(box);
	buffer_free(ret_answer);
	return result;
}

enum box_result
box_call(struct box *box, const struct box_call *call, struct buffer *ret_answer)
{
	bool may_be_worn = box->pid != 0;
	enum box_result result;
	size_t length = 0;

	for (size_t i = 0; i < call->part_count; i++)
		length += call->parts[i].length;
	box->is_patient = box->stood_still = false;
	result = call_once(box, call, length, ret_answer);
	box->is_patient = true;
	if (((result == BOX_DIED || result == BOX_BABBLED) && may_be_worn) || box->stood_still)
		result = call_once(box, call, length, ret_answer);
	return result;
}

struct box *
box_new(void)
{
	struct box *box = mem_zalloc(sizeof(*box));

	box->process = box->socket = box->file = -1;
	return box;
}

struct box *
box_new_with_file(int fd)
{
	struct box *box = box_new();

	box->file = fd;
	return box;
}

void
box_renew(struct box *box)
{
	box_end(box);
}

const char *
box_absence(const struct box *box)
{
	return box->err.message;
}

pid_t
box_child(const struct box *box)
{
	return box->pid;
}
