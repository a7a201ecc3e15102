/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/write.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "stores/compare.h"
#include "stores/format.h"

bool
store_format_is_writable(const char *format)
{
	return format_find(format)->write != NULL || store_format_directory(format) != NULL;
}

const struct directory_writer *
store_format_directory(const char *format)
{
	return format_find(format)->directory;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t
store_formats_written(struct arena *arena, const char *const **ret)
{
	const char **names = NULL;
	size_t count = 0, capacity = 0;

	for (size_t i = 0; format_get(i) != NULL; i++) {
		if (!store_format_is_writable(format_get(i)->name))
			continue;
		names = arena_grow(arena, names, count, &capacity, sizeof(*names));
		names[count++] = format_get(i)->name;
	}
	if (count > 0)
		qsort(names, count, sizeof(*names), compare_names);
	*ret = names;
	return count;
}

bool
store_format_carries(const char *name, const struct entry *entry)
{
	const struct store_format *format = format_find(name);

	/* To put a certificate where there is no way to say that it is rejected would trust it. */
	if (entry->trust.rejects_client && !format->carries_settings)
		return false;
	if (format->holds != NULL && entry->kind == ENTRY_CERTIFICATE && !format->holds(entry))
		return false;
	return store_format_is_writable(name) &&
	       (entry->kind == ENTRY_CERTIFICATE ||
		       (entry->kind == ENTRY_CRL && format->carries_crls));
}

bool
store_format_carries_settings(const char *format)
{
	return format_find(format)->carries_settings;
}

bool
store_format_carries_names(const char *format)
{
	return format_find(format)->carries_names;
}

bool
store_format_carries_unmarked(const char *format)
{
	return format_find(format)->carries_unmarked;
}

int
store_write(
	const char *name, const struct store_content *content, struct buffer *ret, struct err *err)
{
	CLEANUP(mem_freep) const struct entry **carried = NULL;
	struct store_content those = *content;

	if (format_find(name)->write == NULL)
		return err_set(err, ERR_USAGE, "the format %s is no file that is written", name);
	carried = mem_alloc((content->count + 1) * sizeof(*carried));
	those.entries = carried;
	those.count = 0;
	for (size_t i = 0; i < content->count; i++)
		if (store_format_carries(name, content->entries[i]))
			carried[those.count++] = content->entries[i];
	return format_find(name)->write(&those, ret, err);
}

/* Names taken so far, found by a hash of them. */
struct taken {
	const char **names;
	size_t *slots, mask, count;
};

static bool
take(struct taken *taken, const char *name)
{
	size_t slot = 5381;

	for (const char *at = name; *at != '\0'; at++)
		slot = slot * 33 + (unsigned char)*at;
	for (slot &= taken->mask; taken->slots[slot] != 0; slot = (slot + 1) & taken->mask)
		if (strcmp(taken->names[taken->slots[slot] - 1], name) == 0)
			return false;
	taken->slots[slot] = taken->count + 1;
	taken->names[taken->count++] = name;
	return true;
}

/* Java compares names in lower case, keeps one of two that are the same, and in a JKS finds none
 * that is not in lower case. U+0130 alone becomes two characters there: it is left out. */
static char *
lower(struct arena *arena, void *context, const char *name)
{
	enum { CAPITAL_I_WITH_DOT = 0x130 };
	size_t length = strlen(name), size, written = 0;
	char *text = arena_alloc(arena, 4 * length + 1);
	locale_t locale = context;
	uint32_t code;

	for (size_t at = 0; at < length; at += size) {
		size = text_utf8_decode(name + at, length - at, &code);
		if (size == 0 || code == CAPITAL_I_WITH_DOT || (code >= 0x80 && locale == NULL)) {
			code = '_';
			size = size == 0 ? 1 : size;
		} else if (code < 0x80) {
			code += code >= 'A' && code <= 'Z' ? 'a' - 'A' : 0;
		} else {
			code = (uint32_t)towlower_l((wint_t)code, locale);
		}
		written += utf8_encode((uint8_t *)text + written, code);
	}
	return text;
}

const char *const *
store_names(struct arena *arena, const struct store_content *content,
	char *(*form)(struct arena *, void *context, const char *name), void *context)
{
	size_t size = 16;
	struct taken taken = {};

	while (size < content->count * 2)
		size *= 2;
	taken.names = arena_alloc(arena, (content->count + 1) * sizeof(*taken.names));
	taken.slots = arena_alloc(arena, size * sizeof(*taken.slots));
	taken.mask = size - 1;
	for (size_t i = 0; i < content->count; i++) {
		const struct entry *entry = content->entries[i];
		const char *name = entry->alias != NULL && entry->alias[0] != '\0' ? entry->alias
				   : entry->kind == ENTRY_CRL
					   ? name_common(arena, entry->crl.issuer)
					   : name_common(arena, entry->cert.subject);
		char *base = form(arena, context, name[0] != '\0' ? name : "unnamed");
		const char *alias = base;
		char digest[DIGEST_TEXT_SIZE];

		if (take(&taken, alias))
			continue;
		/* The digest tells them apart, whatever their order. */
		digest_text(entry_digest(entry), digest);
		alias = arena_printf(arena, "%s %.16s", base, digest);
		while (!take(&taken, alias))
			alias = arena_printf(arena, "%s.", alias);
	}
	return taken.names;
}

const char *const *
store_aliases(struct arena *arena, const struct store_content *content)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	const char *const *names = store_names(arena, content, lower, locale);

	if (locale != NULL)
		freelocale(locale);
	return names;
}
