/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grammars/haproxy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 32, VALUE_MAX_LENGTH = 4096, VERSION_PARTS = 3 };

struct cursor {
	const char *at;
	const struct haproxy_environment *environment;
	unsigned depth;
};

static enum haproxy_truth read_or(struct cursor *);

static void
skip_space(struct cursor *in)
{
	while (isspace((unsigned char)*in->at))
		in->at++;
}

static enum haproxy_truth
negate(enum haproxy_truth value)
{
	if (value == HAPROXY_TRUE)
		return HAPROXY_FALSE;
	return value == HAPROXY_FALSE ? HAPROXY_TRUE : value;
}

/* One argument up to a comma or the closing parenthesis; quotes and backslashes protect. */
static bool
read_argument(struct cursor *in, char text[static VALUE_MAX_LENGTH])
{
	size_t length = 0;
	char quote = '\0';

	for (; *in->at != '\0'; in->at++) {
		char byte = *in->at;

		if (quote == '\0' && (byte == ',' || byte == ')'))
			break;
		if (byte == quote) {
			quote = '\0';
			continue;
		}
		if (quote == '\0' && (byte == '"' || byte == '\'')) {
			quote = byte;
			continue;
		}
		if (byte == '\\' && quote != '\'' && in->at[1] != '\0')
			byte = *++in->at;
		if (length + 1 >= VALUE_MAX_LENGTH)
			return false;
		text[length++] = byte;
	}
	text[length] = '\0';
	return quote == '\0';
}

static void
version_read(const char *text, unsigned long parts[static VERSION_PARTS])
{
	for (unsigned i = 0; i < VERSION_PARTS; i++) {
		char *end;

		parts[i] = strtoul(text, &end, 10);
		text = *end == '.' ? end + 1 : "";
	}
}

static enum haproxy_truth
version_is_at_least(const struct cursor *in, const char *wanted)
{
	const char *have = in->environment->version == NULL
				   ? NULL
				   : in->environment->version(in->environment->context);
	unsigned long have_parts[VERSION_PARTS], wanted_parts[VERSION_PARTS];

	if (have == NULL)
		return HAPROXY_UNKNOWN;
	version_read(have, have_parts);
	version_read(wanted, wanted_parts);
	for (unsigned i = 0; i < VERSION_PARTS; i++)
		if (have_parts[i] != wanted_parts[i])
			return have_parts[i] > wanted_parts[i] ? HAPROXY_TRUE : HAPROXY_FALSE;
	/* "2.4-dev19" against "2.4": a matter of development versions, left open. */
	return strchr(wanted, '-') != NULL ? HAPROXY_UNKNOWN : HAPROXY_TRUE;
}

static enum haproxy_truth
predicate_value(const struct cursor *in, const char *name, const char *first, const char *second)
{
	if (strcmp(name, "defined") == 0)
		return in->environment->defined(in->environment->context, first);
	if (strcmp(name, "streq") == 0)
		return strcmp(first, second) == 0 ? HAPROXY_TRUE : HAPROXY_FALSE;
	if (strcmp(name, "strneq") == 0)
		return strcmp(first, second) != 0 ? HAPROXY_TRUE : HAPROXY_FALSE;
	if (strcmp(name, "version_atleast") == 0)
		return version_is_at_least(in, first);
	if (strcmp(name, "version_before") == 0)
		return negate(version_is_at_least(in, first));
	/* A HAProxy without OpenSSL has no verifiers to speak of. */
	if (strcmp(name, "feature") == 0 && strcmp(first, "OPENSSL") == 0)
		return HAPROXY_TRUE;
	return HAPROXY_UNKNOWN;
}

static enum haproxy_truth
read_predicate(struct cursor *in)
{
	char name[NAME_MAX_LENGTH], first[VALUE_MAX_LENGTH] = "", second[VALUE_MAX_LENGTH] = "";
	size_t length = 0;

	while (isalnum((unsigned char)*in->at) || *in->at == '_') {
		if (length + 1 >= sizeof(name))
			return HAPROXY_MALFORMED;
		name[length++] = *in->at++;
	}
	name[length] = '\0';
	if (length == 0 || *in->at != '(')
		return HAPROXY_MALFORMED;
	in->at++;
	if (!read_argument(in, first))
		return HAPROXY_MALFORMED;
	while (*in->at == ',') {
		in->at++;
		if (!read_argument(in, second))
			return HAPROXY_MALFORMED;
	}
	if (*in->at != ')')
		return HAPROXY_MALFORMED;
	in->at++;
	return predicate_value(in, name, first, second);
}

static enum haproxy_truth
read_term(struct cursor *in)
{
	enum haproxy_truth value;

	skip_space(in);
	if (++in->depth > HAPROXY_MAX_CONDITION_DEPTH)
		return HAPROXY_MALFORMED;
	if (*in->at == '!') {
		in->at++;
		value = negate(read_term(in));
	} else if (*in->at == '(') {
		in->at++;
		value = read_or(in);
		skip_space(in);
		if (*in->at++ != ')') {
			in->at--;
			value = HAPROXY_MALFORMED;
		}
	} else if (isdigit((unsigned char)*in->at) || *in->at == '-') {
		char *end;

		value = strtol(in->at, &end, 10) != 0 ? HAPROXY_TRUE : HAPROXY_FALSE;
		if (end == in->at)
			value = HAPROXY_MALFORMED;
		in->at = end;
	} else {
		value = read_predicate(in);
	}
	in->depth--;
	return value;
}

static bool
read_operator(struct cursor *in, const char *operator)
{
	skip_space(in);
	if (strncmp(in->at, operator, strlen(operator)) != 0)
		return false;
	in->at += strlen(operator);
	return true;
}

static enum haproxy_truth
read_and(struct cursor *in)
{
	enum haproxy_truth value = read_term(in);

	while (value != HAPROXY_MALFORMED && read_operator(in, "&&")) {
		enum haproxy_truth right = read_term(in);

		if (right == HAPROXY_MALFORMED)
			return right;
		if (value == HAPROXY_FALSE || right == HAPROXY_FALSE)
			value = HAPROXY_FALSE;
		else if (value == HAPROXY_UNKNOWN || right == HAPROXY_UNKNOWN)
			value = HAPROXY_UNKNOWN;
	}
	return value;
}

static enum haproxy_truth
read_or(struct cursor *in)
{
	enum haproxy_truth value = read_and(in);

	while (value != HAPROXY_MALFORMED && read_operator(in, "||")) {
		enum haproxy_truth right = read_and(in);

		if (right == HAPROXY_MALFORMED)
			return right;
		if (value == HAPROXY_TRUE || right == HAPROXY_TRUE)
			value = HAPROXY_TRUE;
		else if (value == HAPROXY_UNKNOWN || right == HAPROXY_UNKNOWN)
			value = HAPROXY_UNKNOWN;
	}
	return value;
}

enum haproxy_truth
haproxy_condition(const char *text, const struct haproxy_environment *environment)
{
	struct cursor in = { text, environment, 0 };
	enum haproxy_truth value;

	skip_space(&in);
	if (*in.at == '\0') /* an empty condition is false */
		return HAPROXY_FALSE;
	value = read_or(&in);
	skip_space(&in);
	return *in.at == '\0' ? value : HAPROXY_MALFORMED;
}
