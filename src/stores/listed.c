/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/listed.h"

#include <errno.h>
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

static int
read_list(struct arena *arena, const struct crl_wanted *wanted, int fd, struct listed *listed,
	struct err *err)
{
	struct crl_source *file = crl_source_file(fd);
	bool is_pem = listed->form == CRL_FORM_PEM;
	struct crl_reading reading = { is_pem ? crl_source_pem(file) : file, 0, wanted };
	int text = is_pem ? dup(fd) : -1;
	struct crl_list *list;

	if (crl_list_read(&reading, &listed->crl, &list, &listed->fault) == 0) {
		arena_adopt(arena, list, list_end);
		listed->digest = listed->crl.fingerprint;
		draw_outline(arena, listed);
	} else if (listed->fault.sys != 0 && listed->fault.sys != EBADMSG) {
		fd_close(&text);
		errno = listed->fault.sys;
		return err_sys(err, errno == EAGAIN ? ERR_BUSY : ERR_IO, "read %s", listed->path);
	}
	return is_pem ? digest_text_of(listed, text, err) : 0;
}

bool
listed_read(struct arena *arena, struct world *world, const char *path,
	const struct crl_wanted *wanted, struct listed *ret, bool *ret_failed, struct err *err)
{
	struct crl_source *source;
	int fd;

	*ret_failed = false;
	if (world_open(world, path, &fd, &ret->identity, err) < 0)
		return false;
	ret->path = path;
	source = crl_source_file(dup(fd));
	ret->form = crl_source_form(source, &ret->offset, &ret->line);
	crl_source_free(source);
	if (ret->form == CRL_FORM_OTHER) {
		fd_close(&fd);
		return false;
	}
	*ret_failed = read_list(arena, wanted, fd, ret, err) < 0;
	/* What can be read as a whole is shown as a whole, with all that is wrong. */
	return ret->fault.text == NULL || ret->identity.size > STORE_MAX_SIZE;
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
