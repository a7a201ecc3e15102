/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/boxed.h"

#include "base/box.h"
#include "base/quiet.h"
#include "stores/format.h"
#include "stores/loader.h"
#include "stores/message.h"

enum {
	ANSWER_FREE_SIZE = 64 << 20,
	ANSWER_PER_BYTE = 4,
	AHEAD_FROM = 512 << 10, /* bytes of a file that takes so long that it is worth it */
};

struct boxed {
	struct box *box; /* NULL: bytes are read here */
	/* Of whoever reads: in a box, what the child has when it is made, and what it adds to that.
	 */
	struct parser parser;
	bool is_prepared[LOADER__COUNT];
};

struct boxed *
boxed_new(bool in_box)
{
	struct boxed *boxed = mem_zalloc(sizeof(*boxed));

	if (in_box)
		boxed->box = box_new();
	quiet_hold();
	boxed->parser.openssl = openssl_reader_new();
	boxed->parser.crypt = keystore_crypt_new();
	quiet_release();
	return boxed;
}

void
boxed_free(struct boxed *boxed)
{
	if (boxed == NULL)
		return;
	box_free(boxed->box);
	quiet_hold();
	openssl_reader_free(boxed->parser.openssl);
	keystore_crypt_free(boxed->parser.crypt);
	quiet_release();
	mem_free(boxed);
}

bool
boxed_is_in_box(const struct boxed *boxed)
{
	return boxed->box != NULL;
}

pid_t
boxed_child(const struct boxed *boxed)
{
	return boxed->box == NULL ? 0 : box_child(boxed->box);
}

void
boxed_use_passwords(struct boxed *boxed, const struct passwords *passwords)
{
	if (boxed->box != NULL)
		box_renew(boxed->box);
	boxed->parser.passwords = passwords;
}

void
boxed_begin(struct boxed *boxed)
{
	if (boxed->box != NULL)
		box_begin(boxed->box, PARSE_MEMORY);
}

void
boxed_stop(struct boxed *boxed)
{
	if (boxed->box != NULL)
		box_stop(boxed->box);
}

static void
parse_job(void *context, struct span request, struct buffer *ret_answer)
{
	const struct parser *parser = &((const struct boxed *)context)->parser;
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct decoding decoding = { .show = box_hand_on_bytes };
	struct parse_task task = {};
	struct parsed parsed;

	message_read_task(arena, request, &task);
	task.decoding = &decoding;
	parse(arena, parser, &task, &parsed);
	if (decoding.shown < decoding.bytes.length)
		buffer_add(ret_answer, decoding.bytes.data + decoding.shown,
			decoding.bytes.length - decoding.shown);
	message_add_parsed(ret_answer, &task, &parsed, box_hand_on);
	message_add_length(ret_answer, decoding.bytes.length);
}

/* One after the other, each as if it were alone. */
static void
parse_several_job(void *context, struct span request, struct buffer *ret_answer)
{
	const struct parser *parser = &((const struct boxed *)context)->parser;
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct span one;

	while (message_take_next(&request, &one)) {
		CLEANUP(buffer_free) struct buffer answer = {};
		struct parse_task task = {};
		struct parsed parsed;

		message_read_task(arena, one, &task);
		parse(arena, parser, &task, &parsed);
		message_add_parsed(&answer, &task, &parsed, NULL);
		message_add_length(ret_answer, answer.length);
		buffer_add(ret_answer, answer.data, answer.length);
		box_hand_on(ret_answer);
	}
}

static void
links_job(void *context, struct span request, struct buffer *ret_answer)
{
	const struct parser *parser = &((const struct boxed *)context)->parser;
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct parse_task task = {};
	const struct hash_link *links;
	size_t count;

	message_read_task(arena, request, &task);
	hashdir_plan(arena, parser->openssl, task.directory, &links, &count);
	message_add_links(ret_answer, links, count);
}

/* The task's bytes as they lie in memory, behind what is said about them. */
static struct span *
task_parts(struct arena *arena, const struct parse_task *task, struct span said, size_t *ret_count)
{
	size_t files = task->directory == NULL ? 0 : task->directory->count;
	struct span *parts = arena_alloc(arena, (files + 2) * sizeof(*parts));

	parts[0] = said;
	for (size_t i = 0; i < files; i++)
		parts[i + 1] = task->directory->files[i].bytes;
	parts[files + 1] = task->bytes;
	*ret_count = files + 2;
	return parts;
}

/* No file can be opened in the box: what a library needs of them must be there when the child is
 * made. */
static void
prepare_loader(struct boxed *boxed, enum store_loader loader)
{
	void (*prepare)(void) = loader == LOADER_ANY ? NULL : loader_get(loader)->prepare;

	if (prepare == NULL || boxed->is_prepared[loader])
		return;
	boxed->is_prepared[loader] = true;
	quiet_hold();
	prepare();
	quiet_release();
	box_renew(boxed->box);
}

/* The module of the legacy ciphers. How many keystores there may be. */
static unsigned
prepare_keystores(struct boxed *boxed, const struct parse_task *task)
{
	unsigned count = task->directory != NULL ? 0 : format_keystores(task->bytes);
	bool is_new;

	if (count == 0)
		return 0;
	quiet_hold();
	is_new = keystore_crypt_load(boxed->parser.crypt);
	quiet_release();
	if (is_new)
		box_renew(boxed->box);
	return count;
}

/* With the parts, the time and the job of the call. */
static enum box_result
ask_box(struct boxed *boxed, struct arena *arena, struct box_call *call, struct span *ret_answer)
{
	struct buffer answer;
	enum box_result result;
	size_t size = 0;

	for (size_t i = 0; i < call->part_count; i++)
		size += call->parts[i].length;
	call->memory = PARSE_MEMORY;
	if (size > PARSE_FREE_SIZE)
		call->memory += PARSE_MEMORY_PER_BYTE * (size - PARSE_FREE_SIZE);
	call->milliseconds += (unsigned)(size / (PARSE_BYTES_PER_SECOND / 1000));
	call->answer_limit = ANSWER_FREE_SIZE + ANSWER_PER_BYTE * size;
	result = box_call(boxed->box, call, &answer);
	if (result == BOX_ANSWERED) {
		arena_adopt(arena, answer.data, mem_free);
		*ret_answer = buffer_span(&answer);
	}
	return result;
}

/* What is done while a box reads. */
struct meanwhile {
	struct ahead ahead;
	bool reads_ahead, is_digested;
	struct span bytes;     /* of the task */
	struct digest *digest; /* of these; or NULL */
};

static void
digest(struct meanwhile *meanwhile)
{
	if (meanwhile->digest != NULL && !meanwhile->is_digested)
		*meanwhile->digest = digest_of(meanwhile->bytes);
	meanwhile->is_digested = true;
}

static void
work_meanwhile(void *context, struct span answer)
{
	struct meanwhile *meanwhile = context;

	digest(meanwhile);
	if (meanwhile->reads_ahead)
		ahead_read(&meanwhile->ahead, answer);
}

static enum box_result
ask(struct boxed *boxed, struct arena *arena, const struct parse_task *task,
	void (*job)(void *, struct span, struct buffer *), struct meanwhile *meanwhile,
	struct span *ret_answer)
{
	CLEANUP(buffer_free) struct buffer said = {};
	struct box_call call = { .job = job, .context = boxed, .more_context = meanwhile };

	if (meanwhile != NULL)
		call.more = work_meanwhile;
	message_add_task(&said, task);
	call.parts = task_parts(arena, task, buffer_span(&said), &call.part_count);
	prepare_loader(boxed, task->loader);
	call.milliseconds =
		PARSE_MILLISECONDS + prepare_keystores(boxed, task) * PARSE_KEYSTORE_MILLISECONDS;
	return ask_box(boxed, arena, &call, ret_answer);
}

static const char *
why_unread(const struct boxed *boxed, struct arena *arena, const struct parse_task *task,
	enum box_result result)
{
	const char *what = task->directory != NULL ? "directory" : "file";
	const char *why = result == BOX_SLOW ? "it takes too long"
			  : result == BOX_DIED
				  ? "its reader breaks on it, or has not enough memory for it"
				  : "the answer of its reader cannot be believed";

	if (result == BOX_ABSENT)
		return arena_printf(arena,
			"the %s was not read, for no process can be had to read it in: %s", what,
			box_absence(boxed->box));
	return arena_printf(arena, "the %s cannot be read safely: %s", what, why);
}

/* Of a store that no reader gets through that is said, and nothing else. */
static void
fail(struct arena *arena, const struct parse_task *task, const char *why, struct parsed *ret)
{
	if (!task->loading_only)
		*ret = (struct parsed){ .format = "unknown" };
	ret->unread = why;
	ret->loading = (struct loading){
		.error = ret->unread,
		.loaded = arena_alloc(arena, ret->entry_count + 1),
	};
}

static int
take_parsed(struct arena *arena, const struct parse_task *task, struct span answer,
	const struct ahead *ahead, struct parsed *ret)
{
	struct span message;

	TRY(message_split(answer, &ret->decoded, &message));
	return message_read_parsed(arena, task, message, ahead, ret);
}

static void
parse_meanwhile(struct boxed *boxed, struct arena *arena, const struct parse_task *task,
	struct meanwhile *meanwhile, struct parsed *ret)
{
	const struct parsed before = *ret;
	struct ahead *ahead = NULL;
	struct span answer;
	enum box_result result;

	if (task->directory == NULL && !task->loading_only && task->bytes.length >= AHEAD_FROM) {
		ahead = &meanwhile->ahead;
		meanwhile->reads_ahead = true;
		ahead_begin(ahead, arena, task->bytes.length);
	}
	result = ask(boxed, arena, task, parse_job, meanwhile, &answer);
	if (result == BOX_ANSWERED && take_parsed(arena, task, answer, ahead, ret) == 0)
		return;
	box_renew(boxed->box);
	*ret = before;
	fail(arena, task, why_unread(boxed, arena, task, result), ret);
}

void
boxed_parse_and_digest(struct boxed *boxed, struct arena *arena, const struct parse_task *task,
	struct digest *ret_digest, struct parsed *ret)
{
	struct meanwhile meanwhile = { .bytes = task->bytes, .digest = ret_digest };

	if (boxed->box == NULL)
		parse(arena, &boxed->parser, task, ret);
	else
		parse_meanwhile(boxed, arena, task, &meanwhile, ret);
	digest(&meanwhile);
}

void
boxed_parse(
	struct boxed *boxed, struct arena *arena, const struct parse_task *task, struct parsed *ret)
{
	boxed_parse_and_digest(boxed, arena, task, NULL, ret);
}

/* The small ones among several tasks. */
struct company {
	size_t *numbers; /* of the tasks, in order */
	size_t count, size;
};

/* Keystores are none of them: these take their time. */
static void
company_gather(struct company *company, const struct parse_task *tasks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct span bytes = tasks[i].bytes;

		if (bytes.length > PARSE_SMALL || company->size + bytes.length > PARSE_FREE_SIZE ||
			format_keystores(bytes) > 0)
			continue;
		company->numbers[company->count++] = i;
		company->size += bytes.length;
	}
}

static int
take_company(struct arena *arena, const struct company *company, const struct parse_task *tasks,
	struct span answers, struct parsed *ret)
{
	for (size_t i = 0; i < company->count; i++) {
		size_t number = company->numbers[i];
		struct span one;

		if (!message_take_next(&answers, &one) ||
			message_read_parsed(arena, &tasks[number], one, NULL, &ret[number]) < 0)
			return -1;
	}
	return answers.length == 0 ? 0 : -1;
}

/* -1: each has to go alone. */
static int
ask_together(struct boxed *boxed, struct arena *arena, const struct company *company,
	const struct parse_task *tasks, struct parsed *ret)
{
	struct box_call call = { .job = parse_several_job, .context = boxed };
	struct span *parts = arena_alloc(arena, company->count * 2 * sizeof(*parts));
	struct span answers;

	for (size_t i = 0; i < company->count; i++) {
		const struct parse_task *task = &tasks[company->numbers[i]];
		struct buffer said = {}, head = {};

		message_add_task(&said, task);
		message_add_length(&head, said.length + task->bytes.length);
		buffer_add(&head, said.data, said.length);
		buffer_free(&said);
		arena_adopt(arena, head.data, mem_free);
		parts[call.part_count++] = buffer_span(&head);
		parts[call.part_count++] = task->bytes;
	}
	call.parts = parts;
	call.milliseconds = PARSE_MILLISECONDS;
	if (ask_box(boxed, arena, &call, &answers) == BOX_ANSWERED &&
		take_company(arena, company, tasks, answers, ret) == 0)
		return 0;
	box_renew(boxed->box);
	return -1;
}

void
boxed_parse_several(struct boxed *boxed, struct arena *arena, const struct parse_task *tasks,
	size_t count, struct parsed *ret)
{
	struct company company = { arena_alloc(arena, (count + 1) * sizeof(*company.numbers)) };
	size_t next = 0;

	if (boxed->box != NULL)
		company_gather(&company, tasks, count);
	if (company.count < 2 || ask_together(boxed, arena, &company, tasks, ret) < 0)
		company.count = 0;
	for (size_t i = 0; i < count; i++) {
		if (next < company.count && company.numbers[next] == i) {
			next++;
			continue;
		}
		ret[i] = (struct parsed){};
		boxed_parse(boxed, arena, &tasks[i], &ret[i]);
	}
}

int
boxed_links(struct boxed *boxed, struct arena *arena, const struct directory *directory,
	struct boxed_plan *ret, struct err *err)
{
	struct parse_task task = { .path = directory->path, .directory = directory };
	enum box_result result;
	struct span answer;

	if (boxed->box == NULL) {
		hashdir_plan(arena, boxed->parser.openssl, directory, &ret->links, &ret->count);
		return 0;
	}
	result = ask(boxed, arena, &task, links_job, NULL, &answer);
	if (result == BOX_ANSWERED &&
		message_read_links(arena, directory, answer, &ret->links, &ret->count) == 0)
		return 0;
	box_renew(boxed->box);
	return err_set(err, ERR_UNKNOWN, "%s: %s", directory->path,
		why_unread(boxed, arena, &task, result));
}
