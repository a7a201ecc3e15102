/* SPDX-License-Identifier: Apache-2.0 */
#include "services/product.h"

#include <string.h>

#define PRODUCT(name) extern const struct product product_##name;
#include "services/products.def"
#undef PRODUCT

static const struct product *const products[] = {
#define PRODUCT(name) &product_##name,
#include "services/products.def"
#undef PRODUCT
};

const struct product *
product_get(size_t index)
{
	return index < COUNT_OF(products) ? products[index] : NULL;
}

const struct product *
product_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(products); i++)
		if (strcmp(products[i]->name, name) == 0)
			return products[i];
	return NULL;
}

bool
product_runs(const struct process *process)
{
	for (size_t i = 0; i < COUNT_OF(products); i++)
		if (products[i]->runs(process))
			return true;
	return false;
}
