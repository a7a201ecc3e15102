/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plan_file.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PLAN_MODE = 0600 };

static void
json_end(json_t **document)
{
	json_decref(*document);
}

bool
plan_file_is_written(const struct session *session)
{
	const struct options *options = &session->options;

	if (options->dry_run)
		return true;
	return !options->yes && access(options->plan, F_OK) < 0 && errno == ENOENT;
}

static const char *
absolute(struct session *session, const char *path)
{
	CLEANUP(mem_freep) char *directory = getcwd(NULL, 0);

	if (path == NULL || path[0] == '/' || directory == NULL)
		return path;
	return path_join(session->arena, directory, path);
}

/* "nginx:conf/nginx.conf"; a short name stays. */
static const char *
absolute_target(struct session *session, const char *target)
{
	const char *colon = strchr(target, ':');

	if (colon == NULL || session->options.root != NULL)
		return target;
	return arena_printf(session->arena, "%.*s%s", (int)(colon + 1 - target), target,
		absolute(session, colon + 1));
}

void
plan_file_settle_options(struct session *session)
{
	struct options *options = &session->options;

	options->clients = absolute(session, options->clients);
	for (size_t i = 0; i < options->client.count; i++)
		options->client.list[i] = absolute(session, options->client.list[i]);
	for (size_t i = 0; i < options->known_good.count; i++)
		options->known_good.list[i] = absolute(session, options->known_good.list[i]);
	for (size_t i = 0; i < options->arguments.count; i++)
		options->arguments.list[i] = absolute_target(session, options->arguments.list[i]);
}

/* The options of a document of ours, or NULL. Borrowed from it. */
static const json_t *
options_of(const json_t *document)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));
	const char *kind = json_string_value(json_object_get(document, "kind"));
	const json_t *options = json_object_get(document, "options");

	if (schema == NULL || strcmp(schema, "trustmend.report/1") != 0 || kind == NULL ||
		strcmp(kind, "repair") != 0 || !json_is_object(options))
		return NULL;
	return options;
}

static json_t *
parse(struct span file)
{
	return json_loadb((const char *)file.data, file.length, JSON_REJECT_DUPLICATES, NULL);
}

static const char *
text_of(struct session *session, const json_t *value)
{
	const char *text = json_string_value(value);

	return text == NULL ? NULL : arena_strdup(session->arena, text);
}

static int
values_of(struct session *session, const json_t *list, struct values *ret)
{
	size_t count = json_array_size(list);

	if (count > OPTIONS_MAX_VALUES)
		return err_set(&session->err, ERR_DATA, "%s holds too many options",
			session->options.plan);
	for (size_t i = 0; i < count; i++) {
		const char *text = text_of(session, json_array_get(list, i));

		if (text != NULL)
			values_add(session->arena, ret, text);
	}
	return 0;
}

static int
take_options(struct session *session, const json_t *from)
{
	struct options *options = &session->options;
	const char *root = json_string_value(json_object_get(from, "root"));

	if (root != NULL && (options->root == NULL || strcmp(root, options->root) != 0))
		return err_set(&session->err, ERR_USAGE, "this plan is for --root %s", root);
	options->clients = text_of(session, json_object_get(from, "clients"));
	options->no_probe = json_is_true(json_object_get(from, "no_probe"));
	options->online = json_is_true(json_object_get(from, "online"));
	TRY(values_of(session, json_object_get(from, "client"), &options->client));
	TRY(values_of(session, json_object_get(from, "known_good"), &options->known_good));
	return values_of(session, json_object_get(from, "targets"), &options->arguments);
}

static bool
has_options(const struct options *options)
{
	return options->arguments.count > 0 || options->clients != NULL ||
	       options->client.count > 0 || options->known_good.count > 0;
}

/* A fifo would keep us waiting, and a device has no end. */
static int
read_whole(struct session *session, struct span *ret)
{
	CLEANUP(buffer_free) struct buffer buffer = { 0 };
	const char *path = session->options.plan;
	struct stat status;

	if (stat(path, &status) < 0)
		return err_sys(&session->err, ERR_NO_INPUT, "plan %s", path);
	if (!S_ISREG(status.st_mode))
		return err_set(&session->err, ERR_DATA, "plan %s: it is no file", path);
	TRY(file_read(path, PLAN_FILE_MAX, &buffer, &session->err));
	*ret = span_of(
		arena_dup(session->arena, buffer.length > 0 ? buffer.data : (const uint8_t *)"",
			buffer.length),
		buffer.length);
	return 0;
}

int
plan_file_read(struct session *session, struct span *ret)
{
	CLEANUP(json_end) json_t *document = NULL;
	const json_t *options;
	struct digest digest;
	struct span known;
	int found;

	TRY(read_whole(session, ret));
	document = parse(*ret);
	options = options_of(document);
	if (options == NULL)
		return err_set(&session->err, ERR_DATA, "%s is no plan of trustmend repair",
			session->options.plan);
	if (has_options(&session->options))
		return 0;
	digest = digest_of(*ret);
	found = ledger_get(session->ledger, session->arena, &digest, &known, &session->err);
	if (found < 0)
		return -1;
	/* It may name material as known-good that somebody else has chosen. */
	if (found == 0)
		return err_set(&session->err, ERR_BUSY,
			"%s is not as it was written, or was written elsewhere: make a new plan, "
			"or give the target and the options with it",
			session->options.plan);
	return take_options(session, options);
}

static void
add_values(struct json *json, const char *key, const struct values *values)
{
	json_key(json, key);
	json_array_open(json);
	for (size_t i = 0; i < values->count; i++)
		json_text(json, values->list[i]);
	json_array_close(json);
}

static void
add_options(const struct options *options, struct json *json)
{
	json_key(json, "options");
	json_object_open(json);
	json_member_text(json, "root", options->root);
	add_values(json, "targets", &options->arguments);
	json_member_text(json, "clients", options->clients);
	add_values(json, "client", &options->client);
	add_values(json, "known_good", &options->known_good);
	json_member_bool(json, "no_probe", options->no_probe);
	json_member_bool(json, "online", options->online);
	json_object_close(json);
}

void
plan_file_render(struct session *session, struct diagnosis *diagnosis, struct plan *const *plans,
	struct buffer *ret)
{
	size_t count = diagnosis->services.count;
	struct json json;

	report_begin(&json, ret, "repair");
	add_options(&session->options, &json);
	report_inputs_json(diagnosis, &json);
	if (count != 1) {
		json_key(&json, "repairs");
		json_array_open(&json);
	}
	for (size_t i = 0; i < count; i++) {
		if (count != 1)
			json_object_open(&json);
		report_repair_json(plans[i], NULL, &json);
		report_preconditions_json(diagnosis, plans[i]->service, &json);
		if (count != 1)
			json_object_close(&json);
	}
	if (count != 1) {
		struct plan sum;
		struct repair none;

		json_array_close(&json);
		repair_sum(session->arena, plans, NULL, count, &sum, &none);
		report_repair_json(&sum, NULL, &json);
	}
	report_end(&json, 0);
}

/* What differs although nothing that matters does: when it was made, and the short name of a
 * service, which depends on what else runs here. */
static void
drop_passing(json_t *document)
{
	json_t *repairs = json_object_get(document, "repairs");

	(void)json_object_del(document, "generated_at");
	(void)json_object_del(document, "service");
	for (size_t i = 0; i < json_array_size(repairs); i++)
		(void)json_object_del(json_array_get(repairs, i), "service");
}

int
plan_file_compare(struct session *session, struct span file, struct span document)
{
	CLEANUP(json_end) json_t *written = parse(file);
	CLEANUP(json_end) json_t *present = parse(document);

	drop_passing(written);
	drop_passing(present);
	if (written != NULL && json_equal(written, present))
		return 0;
	return err_set(&session->err, ERR_BUSY,
		"%s is stale: by what is there now the plan would be another one. Nothing was "
		"changed; make a new one with --dry-run --plan",
		session->options.plan);
}

int
plan_file_check_place(struct session *session)
{
	CLEANUP(json_end) json_t *document = NULL;
	const char *path = session->options.plan;
	struct stat status;
	struct span bytes;

	if (lstat(path, &status) < 0 && errno == ENOENT)
		return 0;
	if (S_ISREG(status.st_mode) && status.st_size == 0)
		return 0;
	if (S_ISREG(status.st_mode) && read_whole(session, &bytes) == 0)
		document = parse(bytes);
	if (options_of(document) != NULL)
		return 0;
	return err_set(&session->err, ERR_CREATE,
		"%s is there and is no plan: it is not written over", path);
}

int
plan_file_write(struct session *session, struct span document)
{
	struct digest digest;

	TRY(plan_file_check_place(session));
	TRY(ledger_put(session->ledger, document, &digest, &session->err));
	return file_replace(session->options.plan, document, PLAN_MODE, &session->err);
}
