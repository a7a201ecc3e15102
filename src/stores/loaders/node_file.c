/* SPDX-License-Identifier: Apache-2.0 */
/* The option "ca" of Node's tls.createSecureContext, given a file's content (src/crypto/
 * crypto_context.cc, SecureContext::AddCACert): PEM_read_bio_X509_AUX until it fails, and no look
 * at why it did, from memory. So the first damage ends the list, without an error; CRLs are another
 * option. */
#include "stores/canonical.h"

static void
node_file_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	struct openssl_match match = { store->entries, store->entry_count, task->loaded, 0, NULL,
		0 };
	struct openssl_answer answer;

	ret->error = store->problem;
	ret->loads = store->state == STORE_PRESENT;
	if (!ret->loads || canonical_load(task, ret))
		return;
	openssl_ask(task->openssl, task->arena, OPENSSL_LOAD_CERTS_OF_MEMORY, store->bytes, &match,
		&answer);
	ret->error = NULL;
	ret->certificates = answer.certificates;
}

const struct store_loader_driver loader_node_file = {
	.name = "node_file",
	.title = "Node, from a file",
	.engine = "node",
	.wants_file = true,
	.load = node_file_load,
};
