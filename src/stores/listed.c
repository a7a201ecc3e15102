/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/listed.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stores/boxed.h"
#include "stores/listed_read.h"
#include "stores/pem.h"
#include "x509/crl_window.h"

static void
list_end(void *list)
{
	crl_list_free(list);
}

static int
fail_read(const struct listed *listed, int sys, struct err *err)
{
	errno = sys;
	return err_sys(err, sys == EAGAIN ? ERR_BUSY : ERR_IO, "read %s", listed->path);
}

/* Larger than any that is read as a whole. */
static bool
is_listed_alone(const struct listed *listed)
{
	return listed->identity.size > STORE_MAX_SIZE;
}

/* The list, and all that is said of the file around it. */
static struct digest
digest_of_reading(const struct listed *listed)
{
	CLEANUP(buffer_free) struct buffer text = {};
	const uint64_t numbers[] = { listed->form, listed->offset, listed->line,
		listed->identity.size };

	buffer_add(&text, numbers, sizeof(numbers));
	buffer_add(&text, listed->crl.identity.bytes, DIGEST_SIZE);
	return digest_of(buffer_span(&text));
}

/* The digest of DER is the list's own. */
static int
find_digest(struct listed *listed, const struct crl_source *file, struct err *err)
{
	CLEANUP(crl_source_freep) struct crl_source *all = NULL;

	if (listed->fault.text == NULL && !listed->crl.has_fingerprint) {
		listed->digest = digest_of_reading(listed);
		return 0;
	}
	if (listed->form == CRL_FORM_DER && listed->fault.text == NULL) {
		listed->digest = listed->crl.fingerprint;
		return 0;
	}
	all = crl_source_again(file);
	return crl_source_digest(all, &listed->digest) == 0 ? 0 : fail_read(listed, errno, err);
}

static void
draw_outline(struct arena *arena, struct listed *listed)
{
	struct span der = crl_list_outline(listed->crl.list);
	CLEANUP(buffer_free) struct buffer text = {};

	listed->outline = der;
	if (listed->form != CRL_FORM_PEM)
		return;
	pem_write(&text, "X509 CRL", der);
	listed->outline = span_of(arena_dup(arena, text.data, text.length), text.length);
}

static int
read_list(
	struct lists *lists, const struct crl_source *file, struct listed *listed, struct err *err)
{
	const struct listed_reading reading = {
		.file = file,
		.form = listed->form,
		.wanted = lists->wanted,
		.digests = lists->digests,
		.in_box = boxed_is_in_box(lists->boxed),
	};
	const struct crl_fault *fault = &listed->fault;
	struct crl_list *list;

	if (listed_read(&reading, lists->arena, &listed->crl, &list, &listed->fault, err) < 0) {
		listed->unread = arena_strdup(lists->arena, err->message);
		*err = (struct err){};
		return 0;
	}
	if (list != NULL)
		arena_adopt(lists->arena, list, list_end);
	else if (fault->sys != 0 && fault->sys != EBADMSG)
		return fail_read(listed, fault->sys, err);
	else if (!is_listed_alone(listed))
		return 0;
	else if (fault->sys == EBADMSG)
		return err_set(err, ERR_LIMIT,
			"%s is larger than %d MiB, and only one CRL in plain lines of PEM is read "
			"then: byte %llu is not of one",
			listed->path, STORE_MAX_SIZE >> 20, (unsigned long long)fault->offset);
	return find_digest(listed, file, err);
}

/* Whether the ledger knows this very file. */
static bool
recall(struct lists *lists, const struct crl_source *file, struct listed *listed)
{
	struct known_list known = { .path = listed->path, .identity = listed->identity };
	struct crl_reading reading = { .wanted = lists->wanted, .digests = lists->digests };
	struct crl_list *list;
	struct err ignored = {};

	if (lists->ledger == NULL ||
		ledger_list_get(lists->ledger, lists->arena, &known, &ignored) <= 0)
		return false;
	reading.source = listed_source(file, listed->form);
	list = crl_list_recall(known.record, &reading, &listed->crl);
	if (list == NULL)
		return false;
	arena_adopt(lists->arena, list, list_end);
	listed->digest = known.digest;
	return true;
}

/* A ledger that cannot be written takes nothing from what was read. */
static void
keep(struct lists *lists, const struct listed *listed, int64_t begun)
{
	CLEANUP(buffer_free) struct buffer record = {};
	struct known_list known = { listed->path, listed->identity, listed->digest, {} };
	int64_t last = listed->identity.modified.seconds > listed->identity.changed.seconds
			       ? listed->identity.modified.seconds
			       : listed->identity.changed.seconds;
	struct err ignored = {};

	if (lists->ledger == NULL || listed->fault.text != NULL ||
		last + LEDGER_SETTLED_S >= begun || crl_list_record(&listed->crl, &record) < 0)
		return;
	known.record = buffer_span(&record);
	(void)ledger_list_put(lists->ledger, &known, &ignored);
}

static bool
is_same_file(const struct file_identity *a, const struct file_identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified.seconds == b->modified.seconds &&
	       a->modified.nanoseconds == b->modified.nanoseconds &&
	       a->changed.seconds == b->changed.seconds &&
	       a->changed.nanoseconds == b->changed.nanoseconds;
}

/* What was opened is what is read from now on: no other content goes by its identity. */
static bool
is_as_opened(const struct crl_source *file, const struct file_identity *opened)
{
	const struct stat *now = crl_source_status(file);

	return (uint64_t)now->st_size == opened->size &&
	       now->st_mtim.tv_sec == opened->modified.seconds &&
	       now->st_mtim.tv_nsec == opened->modified.nanoseconds &&
	       now->st_ctim.tv_sec == opened->changed.seconds &&
	       now->st_ctim.tv_nsec == opened->changed.nanoseconds;
}

static struct listed *
read_file(struct lists *lists, struct world *world, const char *path, struct err *err)
{
	struct listed *listed = arena_alloc(lists->arena, sizeof(*listed));
	CLEANUP(crl_source_freep) struct crl_source *file = NULL;
	int64_t begun = (int64_t)time(NULL);
	struct err ignored = {};
	int fd;

	listed->path = arena_strdup(lists->arena, path);
	if (world_open(world, path, &fd, &listed->identity, &ignored) < 0)
		return NULL;
	file = crl_source_file(fd);
	if (!is_as_opened(file, &listed->identity)) {
		(void)fail_read(listed, EAGAIN, err);
		return NULL;
	}
	listed->form = crl_source_form(file, &listed->offset, &listed->line);
	if (listed->form == CRL_FORM_OTHER)
		return NULL;
	if (!recall(lists, file, listed)) {
		if (read_list(lists, file, listed, err) < 0)
			return NULL;
		if (listed->unread != NULL)
			return listed;
		keep(lists, listed, begun);
	}
	if (listed->fault.text == NULL)
		draw_outline(lists->arena, listed);
	/* What can be read as a whole is shown as a whole, with all that is wrong. */
	return listed->fault.text == NULL || is_listed_alone(listed) ? listed : NULL;
}

const struct listed *
listed_find(struct lists *lists, struct world *world, const char *path,
	const struct file_identity *asked, struct err *err)
{
	struct listed *listed = lists->first;

	while (listed != NULL &&
		(!is_same_file(&listed->asked, asked) || strcmp(listed->path, path) != 0))
		listed = listed->next;
	if (listed != NULL)
		return listed;
	listed = read_file(lists, world, path, err);
	if (listed == NULL)
		return NULL;
	listed->asked = *asked;
	listed->next = lists->first;
	lists->first = listed;
	return listed;
}

const char *
listed_fill(const struct listed *listed, struct store_builder *builder)
{
	bool is_pem = listed->form == CRL_FORM_PEM;
	const struct crl_fault *fault = &listed->fault;
	struct entry *entry;

	if (!is_pem)
		(void)builder_defect(builder, CAUSE_STORE_WRONG_FORMAT, 0, listed->identity.size,
			"the file is binary DER; a store is read as PEM");
	if (fault->text != NULL) {
		struct defect *defect = builder_defect(builder, CAUSE_STORE_CORRUPT_ENTRY,
			listed->offset, listed->identity.size - listed->offset,
			"the bytes of this CRL are damaged: %s at byte %llu%s", fault->text,
			(unsigned long long)fault->offset, is_pem ? " of its DER" : "");

		if (defect != NULL) {
			defect->line = listed->line;
			defect->is_block = true;
		}
		return is_pem ? "pem" : "der";
	}
	entry = builder_entry(builder);
	entry->kind = ENTRY_CRL;
	entry->crl = listed->crl;
	entry->label = is_pem ? "X509 CRL" : NULL;
	entry->offset = entry->text_offset = listed->offset;
	entry->length = listed->identity.size - listed->offset;
	entry->line = listed->line;
	return is_pem ? "pem" : "der";
}
