/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/boxed.h"

#include "base/box.h"
#include "base/quiet.h"
#include "stores/format.h"
#include "stores/loader.h"
#include "stores/message.h"

enum { ANSWER_FREE_SIZE = 64 << 20, ANSWER_PER_BYTE = 4 };

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
	struct parse_task task = {};
	struct parsed parsed;

	message_read_task(arena, request, &task);
	parse(arena, parser, &task, &parsed);
	message_add_parsed(ret_answer, &task, &parsed);
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

static enum box_result
ask(struct boxed *boxed, struct arena *arena, const struct parse_task *task,
	void (*job)(void *, struct span, struct buffer *), struct span *ret_answer)
{
	CLEANUP(buffer_free) struct buffer said = {};
	struct box_call call = { .job = job, .context = boxed };
	struct buffer answer;
	enum box_result result;
	size_t size = 0;

	message_add_task(&said, task);
	call.parts = task_parts(arena, task, buffer_span(&said), &call.part_count);
	for (size_t i = 0; i < call.part_count; i++)
		size += call.parts[i].length;
	call.memory = PARSE_MEMORY;
	if (size > PARSE_FREE_SIZE)
		call.memory += PARSE_MEMORY_PER_BYTE * (size - PARSE_FREE_SIZE);
	call.milliseconds = (unsigned)(PARSE_MILLISECONDS + size / (PARSE_BYTES_PER_SECOND / 1000));
	prepare_loader(boxed, task->loader);
	call.milliseconds += prepare_keystores(boxed, task) * PARSE_KEYSTORE_MILLISECONDS;
	call.answer_limit = ANSWER_FREE_SIZE + ANSWER_PER_BYTE * size;
	result = box_call(boxed->box, &call, &answer);
	if (result == BOX_ANSWERED) {
		arena_adopt(arena, answer.data, mem_free);
		*ret_answer = buffer_span(&answer);
	}
	return result;
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

void
boxed_parse(
	struct boxed *boxed, struct arena *arena, const struct parse_task *task, struct parsed *ret)
{
	const struct parsed before = *ret;
	struct span answer;
	enum box_result result;

	if (boxed->box == NULL) {
		parse(arena, &boxed->parser, task, ret);
		return;
	}
	result = ask(boxed, arena, task, parse_job, &answer);
	if (result == BOX_ANSWERED && message_read_parsed(arena, task, answer, ret) == 0)
		return;
	box_renew(boxed->box);
	*ret = before;
	fail(arena, task, why_unread(boxed, arena, task, result), ret);
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
	result = ask(boxed, arena, &task, links_job, &answer);
	if (result == BOX_ANSWERED &&
		message_read_links(arena, directory, answer, &ret->links, &ret->count) == 0)
		return 0;
	box_renew(boxed->box);
	return err_set(err, ERR_UNKNOWN, "%s: %s", directory->path,
		why_unread(boxed, arena, &task, result));
}
