/* SPDX-License-Identifier: Apache-2.0 */
#define CONSTRUCTS
#include "stores/listed_read.h"

#include <errno.h>
#include <string.h>

#include "base/box.h"
#include "stores/boxed.h"

enum {
	FAULT_MAX_TEXT = 128,
	/* For each byte of a list all of whose entries are noted. */
	MEMORY_PER_BYTE = 2,
	ANSWER_FREE_SIZE = 16 << 20,
};

struct crl_source *
listed_source(const struct crl_source *file, enum crl_form form)
{
	struct crl_source *again = crl_source_again(file);

	return form == CRL_FORM_PEM ? crl_source_pem(again) : again;
}

/* The child's answer: of which kind it is, and then a list as it tells it, or a fault and its text.
 */
enum told { TOLD_FAULT, TOLD_LIST };
struct told_fault {
	uint64_t offset;
	int sys;
};

static void
tell(uint8_t kind, const struct crl_fault *fault, struct buffer *ret)
{
	const struct told_fault told = { fault->offset, fault->sys };

	buffer_add(ret, &kind, 1);
	if (kind == TOLD_LIST)
		return;
	buffer_add(ret, &told, sizeof(told));
	buffer_add_text(ret, fault->text);
}

static void
read_job(void *context, struct span, struct buffer *ret_answer)
{
	const struct listed_reading *asked = context;
	struct crl_source *file = crl_source_unwatched(BOX_FILE);
	struct crl_reading reading = {
		.source = asked->form == CRL_FORM_PEM ? crl_source_pem(file) : file,
		.wanted = asked->wanted,
		.digests = asked->digests,
	};
	CLEANUP(crl_list_freep) struct crl_list *list = NULL;
	struct crl_fault fault;
	struct crl crl;

	if (crl_list_read(&reading, &crl, &list, &fault) < 0) {
		tell(TOLD_FAULT, &fault, ret_answer);
		return;
	}
	tell(TOLD_LIST, &fault, ret_answer);
	crl_list_tell(&crl, ret_answer);
}

static bool
take_fault(struct span told, struct arena *arena, struct crl_fault *ret)
{
	struct told_fault fault;
	const char *text = (const char *)told.data + sizeof(fault);
	size_t length = told.length - sizeof(fault);

	if (told.length <= sizeof(fault) || length > FAULT_MAX_TEXT || !text_is_safe(text, length))
		return false;
	memcpy(&fault, told.data, sizeof(fault));
	*ret = (struct crl_fault){ arena_strndup(arena, text, length), fault.offset, fault.sys };
	return true;
}

/* False where no reader of ours gave this answer. */
static bool
take(const struct listed_reading *asked, struct span answer, struct arena *arena, struct crl *ret,
	struct crl_list **ret_list, struct crl_fault *ret_fault)
{
	struct crl_reading reading = { .wanted = asked->wanted, .digests = asked->digests };
	struct span told;

	if (answer.length == 0)
		return false;
	told = span_of(answer.data + 1, answer.length - 1);
	if (answer.data[0] == TOLD_FAULT)
		return take_fault(told, arena, ret_fault);
	reading.source = listed_source(asked->file, asked->form);
	*ret_list = crl_list_take(told, &reading, ret);
	return *ret_list != NULL;
}

static enum box_result
ask(struct box *box, const struct listed_reading *asked, struct buffer *ret_answer)
{
	size_t size = (size_t)crl_source_status(asked->file)->st_size;
	const struct box_call call = {
		.job = read_job,
		.context = (void *)(uintptr_t)asked,
		.memory = PARSE_MEMORY + MEMORY_PER_BYTE * size,
		.milliseconds =
			(unsigned)(PARSE_MILLISECONDS + size / (PARSE_BYTES_PER_SECOND / 1000)),
		.answer_limit = ANSWER_FREE_SIZE + size,
	};

	return box_call(box, &call, ret_answer);
}

static int
fail(const struct box *box, enum box_result result, struct err *err)
{
	if (result == BOX_ABSENT)
		return err_set(err, ERR_UNKNOWN,
			"the file was not read, for no process can be had to read it in: %s",
			box_absence(box));
	return err_set(err, ERR_UNKNOWN, "the file cannot be read safely: %s",
		result == BOX_SLOW   ? "it takes too long"
		: result == BOX_DIED ? "its reader breaks on it, or has not enough memory for it"
				     : "the answer of its reader cannot be believed");
}

static int
read_in_box(const struct listed_reading *asked, struct arena *arena, struct crl *ret,
	struct crl_list **ret_list, struct crl_fault *ret_fault, struct err *err)
{
	CLEANUP(box_freep)
	struct box *box = box_new_with_file(crl_source_descriptor(asked->file));
	CLEANUP(buffer_free) struct buffer answer = {};
	enum box_result result = ask(box, asked, &answer);

	if (result != BOX_ANSWERED ||
		!take(asked, buffer_span(&answer), arena, ret, ret_list, ret_fault))
		return fail(box, result, err);
	if (crl_source_is_unchanged(asked->file))
		return 0;
	crl_list_free(*ret_list);
	*ret_list = NULL;
	*ret_fault = (struct crl_fault){ "the file was changed while it was read", 0, EAGAIN };
	return 0;
}

int
listed_read(const struct listed_reading *asked, struct arena *arena, struct crl *ret,
	struct crl_list **ret_list, struct crl_fault *ret_fault, struct err *err)
{
	struct crl_reading reading = { .wanted = asked->wanted, .digests = asked->digests };

	*ret_list = NULL;
	*ret_fault = (struct crl_fault){};
	if (asked->in_box)
		return read_in_box(asked, arena, ret, ret_list, ret_fault, err);
	reading.source = listed_source(asked->file, asked->form);
	(void)crl_list_read(&reading, ret, ret_list, ret_fault);
	return 0;
}
