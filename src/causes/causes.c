/* SPDX-License-Identifier: Apache-2.0 */
#include "causes/causes.h"

#include <assert.h>
#include <string.h>

#include "causes/playbooks.h"

enum { CODE_MAX_LENGTH = 64 };

static const struct cause causes[] = {
#define CAUSE(enumerator, cause, sentence)                                          \
	[CAUSE_##enumerator] = {                                                    \
		.code = cause, .title = sentence, .playbook = playbook_##enumerator \
	},
#include "causes/causes.def"
#undef CAUSE
};

static_assert(COUNT_OF(causes) == CAUSE__COUNT);

#define CAUSE(enumerator, cause, sentence) static_assert(sizeof(cause) <= CODE_MAX_LENGTH);
#include "causes/causes.def"
#undef CAUSE

const struct cause *
cause_get(enum cause_code code)
{
	assert((unsigned)code < CAUSE__COUNT);
	return &causes[code];
}

int
cause_find(const char *code, enum cause_code *ret)
{
	for (size_t i = 0; i < COUNT_OF(causes); i++)
		if (strcmp(causes[i].code, code) == 0) {
			*ret = (enum cause_code)i;
			return 0;
		}
	return -1;
}

/* ASCII letters only: what a code is made of, whatever the locale. */
static void
lower(const char *text, char lowered[static CODE_MAX_LENGTH])
{
	size_t i = 0;

	for (; text[i] != '\0' && i < CODE_MAX_LENGTH - 1; i++)
		lowered[i] =
			(char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	lowered[i] = '\0';
}

static const char *
name_after_area(const char *code)
{
	return strchr(code, '.') + 1;
}

const char *
cause_nearest(const char *code)
{
	const char *codes[COUNT_OF(causes)], *names[COUNT_OF(causes)], *nearest;
	char word[CODE_MAX_LENGTH];

	if (strlen(code) >= CODE_MAX_LENGTH)
		return NULL;
	lower(code, word);
	for (size_t i = 0; i < COUNT_OF(causes); i++) {
		codes[i] = causes[i].code;
		names[i] = name_after_area(causes[i].code);
	}
	nearest = text_nearest(word, codes, COUNT_OF(codes));
	if (nearest != NULL || strchr(word, '.') != NULL)
		return nearest;
	/* People leave out the area: "root-missing". */
	nearest = text_nearest(word, names, COUNT_OF(names));
	for (size_t i = 0; nearest != NULL && i < COUNT_OF(causes); i++)
		if (names[i] == nearest)
			return codes[i];
	return NULL;
}
