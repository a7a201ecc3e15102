/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/listed.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stores/pem.h"
#include "x509/crl_window.h"

static void
list_end(void *list)
{
	crl_list_free(list);
}

/* The digest of DER is the list's own. */
static int
digest_text_of(struct listed *listed, int fd, struct err *err)
{
	CLEANUP(crl_source_freep) struct crl_source *text = crl_source_file(fd);

	if (crl_source_digest(text, &listed->digest) == 0)
		return 0;
	return err_sys(err, errno == EAGAIN ? ERR_BUSY : ERR_IO, "read %s", listed->path);
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

static struct crl_source *
source_of(const struct listed *listed, int fd)
{
	struct crl_source *file = crl_source_file(fd);

	return listed->form == CRL_FORM_PEM ? crl_source_pem(file) : file;
}

/* Takes the descriptor. */
static int
read_list(struct lists *lists, int fd, struct listed *listed, struct err *err)
{
	bool is_pem = listed->form == CRL_FORM_PEM;
	int text = is_pem ? dup(fd) : -1;
	struct crl_reading reading = { source_of(listed, fd), 0, lists->wanted };
	struct crl_list *list;

	if (crl_list_read(&reading, &listed->crl, &list, &listed->fault) == 0) {
		arena_adopt(lists->arena, list, list_end);
		listed->digest = listed->crl.fingerprint;
	} else if (listed->fault.sys != 0 && listed->fault.sys != EBADMSG) {
		fd_close(&text);
		errno = listed->fault.sys;
		return err_sys(err, errno == EAGAIN ? ERR_BUSY : ERR_IO, "read %s", listed->path);
	}
	return is_pem ? digest_text_of(listed, text, err) : 0;
}

/* Whether the ledger knows this very file. Takes the descriptor where it does. */
static bool
recall(struct lists *lists, int fd, struct listed *listed)
{
	struct known_list known = { .path = listed->path, .identity = listed->identity };
	struct crl_reading reading = { .wanted = lists->wanted };
	struct crl_list *list;
	struct err ignored = {};

	if (lists->ledger == NULL ||
		ledger_list_get(lists->ledger, lists->arena, &known, &ignored) <= 0)
		return false;
	reading.source = source_of(listed, dup(fd));
	list = crl_list_recall(known.record, &reading, &listed->crl);
	if (list == NULL)
		return false;
	fd_close(&fd);
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

static struct listed *
read_file(struct lists *lists, struct world *world, const char *path, struct err *err)
{
	struct listed *listed = arena_alloc(lists->arena, sizeof(*listed));
	int64_t begun = (int64_t)time(NULL);
	struct crl_source *source;
	struct err ignored = {};
	int fd;

	listed->path = arena_strdup(lists->arena, path);
	if (world_open(world, path, &fd, &listed->identity, &ignored) < 0)
		return NULL;
	source = crl_source_file(dup(fd));
	listed->form = crl_source_form(source, &listed->offset, &listed->line);
	crl_source_free(source);
	if (listed->form == CRL_FORM_OTHER) {
		fd_close(&fd);
		return NULL;
	}
	if (!recall(lists, fd, listed)) {
		if (read_list(lists, fd, listed, err) < 0)
			return NULL;
		keep(lists, listed, begun);
	}
	if (listed->fault.text == NULL)
		draw_outline(lists->arena, listed);
	/* What can be read as a whole is shown as a whole, with all that is wrong. */
	return listed->fault.text == NULL || listed->identity.size > STORE_MAX_SIZE ? listed : NULL;
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
