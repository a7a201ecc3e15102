/* SPDX-License-Identifier: Apache-2.0 */
/* A file of anchors and CRLs, as SSL_CTX_load_verify_locations(3) and X509_LOOKUP_load_file(3) take
 * it: nginx, Apache httpd, HAProxy and most others. One damaged block and nothing is loaded. */
#include "stores/canonical.h"

#include <string.h>

#include <errno.h>

static void
openssl_file_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	struct openssl_match match = { store->entries, store->entry_count, task->loaded, 0, NULL,
		0 };
	struct openssl_answer answer;

	/* A directory can be opened, and no line read from it: that is an empty file. */
	if (canonical_load(task, ret))
		return;
	if (store->state == STORE_PRESENT || store->state == STORE_NOT_A_FILE) {
		openssl_ask(task->openssl, task->arena, OPENSSL_LOAD_CERTS_AND_CRLS, store->bytes,
			&match, &answer);
		ret->loads = answer.succeeds;
		ret->error = answer.error;
		ret->certificates = answer.certificates;
		ret->crls = answer.crls;
		return;
	}
	ret->error = store->state == STORE_MISSING      ? strerror(ENOENT)
		     : store->state == STORE_UNREADABLE ? strerror(EACCES)
							: store->problem;
}

static void
openssl_file_blame(struct store_builder *builder, const struct store *store)
{
	if (!store->loading.loads && !store_is_container(store))
		builder_blame(builder, store->loading.error);
}

const struct store_loader_driver loader_openssl_file = {
	.name = "openssl_file",
	.title = "OpenSSL, from a file",
	.engine = "openssl",
	.wants_file = true,
	.wants_text = true,
	.load = openssl_file_load,
	.blame = openssl_file_blame,
};
