/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a server sends in its CertificateRequest, as SSL_load_client_CA_file(3) takes them
 * from a file: up to the first damage, and without a word about it. */
#include "stores/canonical.h"

#include <string.h>

#include <errno.h>

static void
openssl_names_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	struct openssl_match match = { store->entries, store->entry_count, task->loaded, 0, NULL,
		0 };
	struct openssl_answer answer;

	if (canonical_load(task, ret))
		return;
	if (store->state == STORE_PRESENT || store->state == STORE_NOT_A_FILE) {
		openssl_ask(task->openssl, task->arena, OPENSSL_LOAD_NAMES, store->bytes, &match,
			&answer);
		ret->loads = answer.succeeds;
		ret->error = answer.error;
		ret->certificates = answer.certificates;
		return;
	}
	ret->error = store->state == STORE_MISSING      ? strerror(ENOENT)
		     : store->state == STORE_UNREADABLE ? strerror(EACCES)
							: store->problem;
}

const struct store_loader_driver loader_openssl_names = {
	.name = "openssl_names",
	.title = "OpenSSL, the names sent to clients",
	.engine = "openssl",
	.wants_file = true,
	.wants_text = true,
	.load = openssl_names_load,
};
