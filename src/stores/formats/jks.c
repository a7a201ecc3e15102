/* SPDX-License-Identifier: Apache-2.0 */
/* Java keystores (JKS and JCEKS): recognised by their magic, so that the cause can be named. */
#include "stores/format.h"

#include <string.h>

enum { JKS_MAGIC_SIZE = 4 };

static bool
jks_sniff(struct span bytes)
{
	return bytes.length >= JKS_MAGIC_SIZE &&
	       (memcmp(bytes.data, "\xfe\xed\xfe\xed", JKS_MAGIC_SIZE) == 0 ||
		       memcmp(bytes.data, "\xce\xce\xce\xce", JKS_MAGIC_SIZE) == 0);
}

static void
jks_read(struct store_builder *builder)
{
	(void)builder_defect(builder, CAUSE_STORE_WRONG_CONTAINER, 0, builder->bytes.length,
		"the file is a Java keystore; a store is read as PEM");
}

const struct store_format store_jks = {
	.name = "jks",
	.title = "Java keystore",
	.sniff = jks_sniff,
	.read = jks_read,
};
