/* SPDX-License-Identifier: Apache-2.0 */
/* A file of anchors as gnutls_certificate_set_x509_trust_file(3) takes it (lib/x509/verify-high2.c,
 * gnutls_x509_trust_list_add_trust_mem): the library is asked by the call that stands in there. One
 * certificate that it cannot read and nothing is loaded; servers say that the file is PEM; CRLs
 * come by another call, from a file of their own. */
#include <string.h>

#include "stores/gnutls_library.h"
#include "stores/loader.h"
#include "stores/openssl_match.h"

static void
gnutls_file_prepare(void)
{
	(void)gnutls_library();
}

static void
take(const struct loader_task *task, const struct gnutls_library *gnutls, gnutls_x509_crt_t cert,
	struct openssl_match *match)
{
	gnutls_datum_t der = {};

	if (gnutls->x509_crt_export2(cert, GNUTLS_X509_FMT_DER, &der) < 0)
		return;
	openssl_match_take(task->arena, match, ENTRY_CERTIFICATE, span_of(der.data, der.size));
	(*gnutls->free)(der.data);
}

static void
gnutls_file_load(const struct loader_task *task, struct loading *ret)
{
	const struct store *store = task->store;
	const struct gnutls_library *gnutls;
	struct openssl_match match = { store->entries, store->entry_count, task->loaded, 0, NULL,
		0 };
	const gnutls_datum_t bytes = { (unsigned char *)(uintptr_t)store->bytes.data,
		(unsigned)store->bytes.length };
	gnutls_x509_crt_t *list = NULL;
	unsigned count = 0;
	int result;

	ret->error = store->problem;
	if (store->state != STORE_PRESENT)
		return;
	gnutls = gnutls_library();
	ret->error = "libgnutls.so.30 is not here, or cannot be set up";
	if (gnutls == NULL)
		return;
	result = gnutls->x509_crt_list_import2(&list, &count, &bytes, GNUTLS_X509_FMT_PEM, 0);
	/* A file without any is no error to the caller of ours (lib/cert-cred-x509.c). */
	ret->loads = result >= 0 || result == GNUTLS_E_NO_CERTIFICATE_FOUND;
	ret->error = ret->loads ? NULL : gnutls->strerror(result);
	if (result < 0)
		return;
	ret->certificates = count;
	for (unsigned i = 0; i < count; i++) {
		take(task, gnutls, list[i], &match);
		gnutls->x509_crt_deinit(list[i]);
	}
	(*gnutls->free)(list);
}

const struct store_loader_driver loader_gnutls_file = {
	.name = "gnutls_file",
	.title = "GnuTLS, from a file",
	.engine = "gnutls",
	.wants_file = true,
	.prepare = gnutls_file_prepare,
	.load = gnutls_file_load,
};
