/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what the store holds as PEM, where the server reads nothing else. Keys and other foreign
 * objects are left behind, and the leaf certificates that containers are made for. */
#include "remedies/remedy.h"

#include <string.h>

#include "stores/pem.h"

static int
convert_format_apply(
	const struct remedy *remedy, struct world *overlay, struct arena *arena, struct err *err)
{
	CLEANUP(buffer_free) struct buffer content = { 0 };
	const struct store *store = stores_open(remedy->stores, overlay, remedy->path, LOADER_ANY);

	if (strcmp(store->format, "pem") == 0)
		return 0;
	for (size_t i = 0; i < store->entry_count; i++) {
		const struct entry *entry = &store->entries[i];

		if (!store_offers(store, entry))
			continue;
		if (entry->kind == ENTRY_CERTIFICATE)
			pem_write(&content, "CERTIFICATE", entry->der);
		if (entry->kind == ENTRY_CRL)
			pem_write(&content, "X509 CRL", entry->der);
	}
	if (content.length == 0)
		return err_set(err, ERR_DATA, "no certificate or CRL in it can be read");
	remedy_write(remedy, overlay, arena, &content);
	return 0;
}

const struct remedy_kind remedy_convert_format = {
	.name = "convert-format",
	.title = "write the same certificates and CRLs as PEM",
	.apply = convert_format_apply,
};
