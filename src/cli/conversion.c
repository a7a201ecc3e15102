/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/conversion.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "stores/token.h"

enum { NEW_MODE = 0644, MODE_BITS = 07777 };

/* What is being made, and where. */
struct making {
	struct session *session;
	struct stores *stores; /* that read what was written */
	struct world *host;
	const struct password *password;
	const struct directory_writer *directory; /* NULL: a file is made */
	const char *path;                         /* absolute on the host, links resolved */
	bool is_there;
	mode_t mode;
};

int
conversion_password(struct session *session, struct passwords *ret)
{
	const struct options *options = &session->options;
	struct password password;
	uint64_t descriptor;
	int given = (options->new_password_file != NULL) + (options->new_password_fd != NULL) +
		    (options->new_password_env != NULL);

	if (given > 1)
		return err_set(&session->err, ERR_USAGE, "there is one new password: give it once");
	if (options->new_password_file != NULL)
		return passwords_add_file(ret, options->new_password_file, &session->err);
	if (options->new_password_env != NULL)
		return passwords_add_environment(ret, options->new_password_env, &session->err);
	if (options->new_password_fd != NULL) {
		if (text_number(options->new_password_fd, INT32_MAX, &descriptor) < 0)
			return err_set(&session->err, ERR_USAGE,
				"--new-password-fd is the number of an open descriptor, not %s",
				options->new_password_fd);
		return passwords_add_descriptor(ret, (int)descriptor, &session->err);
	}
	if (!passwords_given(session->passwords) ||
		!passwords_get(session->passwords, 0, &password))
		return 0;
	return passwords_add(ret, password.text, password.source, &session->err);
}

static int
check_format(struct session *session)
{
	const char *format = session->options.to, *near, *const * names;
	CLEANUP(buffer_free) struct buffer list = {};
	size_t count = store_formats_written(session->arena, &names);

	for (size_t i = 0; i < count; i++)
		buffer_addf(&list, i == 0 ? "%s" : ", %s", names[i]);
	if (session->options.arguments.count != 2 || format == NULL)
		return err_set(&session->err, ERR_USAGE,
			"convert takes IN, OUT and --to FORMAT, one of %s", (char *)list.data);
	if (store_format_is_writable(format))
		return 0;
	near = text_nearest(format, names, count);
	if (near != NULL)
		return err_set(&session->err, ERR_USAGE,
			"no store is written as %s: did you mean %s?", format, near);
	return err_set(&session->err, ERR_USAGE, "no store is written as %s: --to takes %s", format,
		(char *)list.data);
}

/* Keystores are closed by a password; one that nobody gave is none. */
static int
check_password(struct session *session, const struct password *password)
{
	const char *format = session->options.to;

	if (password != NULL || (strcmp(format, "pkcs12") != 0 && strcmp(format, "jks") != 0))
		return 0;
	return err_set(&session->err, ERR_USAGE,
		"a %s needs a password: --new-password-file, --new-password-fd or "
		"--new-password-env",
		format);
}

static int
open_source(struct session *session, struct stores *stores, struct conversion *ret)
{
	const struct store *store;

	ret->from = session->options.arguments.list[0];
	ret->source = store = session_open_store(session, stores, ret->from, LOADER_ANY);
	TRY(session_need_store(session, store, ret->from));
	ret->is_damaged = store_is_damaged(store);
	return 0;
}

/* "sql:DIR" is a database of NSS, and a token is none of ours to write. */
static int
check_name(struct session *session, const char *name)
{
	if (token_is_name(name))
		return err_set(&session->err, ERR_USAGE,
			"%s: objects of a token are read, and not written: p11tool --write does "
			"that",
			name);
	if (store_name_path(name)[0] == '\0')
		return err_set(&session->err, ERR_USAGE, "\"%s\" names no file", name);
	if (store_name_path(name) != name && strcmp(session->options.to, "nss") != 0)
		return err_set(&session->err, ERR_USAGE,
			"%s is the name of a database of NSS, and --to is %s", name,
			session->options.to);
	return 0;
}

static int
check_parent(const struct making *making)
{
	const char *parent = path_parent(making->session->arena, making->path);
	struct stat status;

	if (stat(parent, &status) < 0)
		return err_sys(&making->session->err, ERR_CREATE, "%s: the directory %s",
			making->path, parent);
	if (!S_ISDIR(status.st_mode))
		return err_set(&making->session->err, ERR_CREATE, "%s: %s is no directory",
			making->path, parent);
	return 0;
}

/* Links are followed, so that what stands at their end is replaced and they stay. */
static int
look_at_target(struct making *making)
{
	struct session *session = making->session;
	const char *path = store_name_path(session->options.arguments.list[1]);
	bool wants_directory = making->directory != NULL;
	CLEANUP(mem_freep) char *real = realpath(path, NULL);
	struct stat status;

	making->path = arena_strdup(session->arena, real != NULL ? real : path);
	making->mode = NEW_MODE;
	making->is_there = lstat(making->path, &status) == 0;
	if (!making->is_there)
		return check_parent(making);
	if (!session->options.force)
		return err_set(&session->err, ERR_CREATE, "%s is there: --force replaces it", path);
	if (wants_directory != S_ISDIR(status.st_mode) ||
		(!wants_directory && !S_ISREG(status.st_mode)))
		return err_set(&session->err, ERR_CREATE, "%s is %s, and %s is written as one",
			path, wants_directory ? "no directory" : "no regular file",
			session->options.to);
	making->mode = status.st_mode & MODE_BITS;
	return wants_directory ? making->directory->may_replace(
					 making->stores, making->host, making->path, &session->err)
			       : 0;
}

static void
end_buffer(void *buffer)
{
	buffer_free(buffer);
}

static void
end_world(void *world)
{
	world_free(world);
}

/* Stores keep what a world has read: it lives until the report is made. */
static struct world *
host_until_the_end(struct session *session)
{
	struct world *host = world_host();

	arena_adopt(session->arena, host, end_world);
	return host;
}

static int
prove(struct making *making, const struct conversion *conversion, const struct store *store)
{
	struct session *session = making->session;
	struct differences differences;

	if (transfer_is_proved(session->arena, conversion->transfer, store, &differences))
		return 0;
	return err_set(&session->err, ERR_UNKNOWN,
		"what was written for %s, read again, does not hold the same: %zu entries differ",
		conversion->to, differences.count);
}

static const char *
absolute(struct session *session, const char *path)
{
	char *real = realpath(path, NULL);
	const char *kept = real == NULL ? path : arena_strdup(session->arena, real);

	free(real);
	return kept;
}

static int
put_directory(struct making *making, const struct conversion *conversion,
	const struct store_content *content)
{
	const struct directory_writer *directory = making->directory;
	struct session *session = making->session;
	const char *staged = NULL;
	int result;

	TRY(file_staging_name(session->arena, making->path, &staged, &session->err));
	result = directory->write(content, staged, &session->err);
	if (result == 0)
		result = prove(making, conversion,
			stores_open(making->stores, making->host, absolute(session, staged),
				directory->loader));
	if (result == 0)
		result = making->is_there
				 ? directory->replace(staged, making->path, &session->err)
				 : directory_put(staged, making->path, false, &session->err);
	/* What is staged is now what stood there before, or what was not to be put there. */
	directory_remove(staged);
	return result;
}

static int
put_file(struct making *making, const struct conversion *conversion,
	const struct store_content *content)
{
	struct session *session = making->session;
	struct buffer *bytes = arena_alloc(session->arena, sizeof(*bytes));

	arena_adopt(session->arena, bytes, end_buffer);
	TRY(store_write(session->options.to, content, bytes, &session->err));
	TRY(prove(making, conversion,
		stores_open_bytes(making->stores, making->path, buffer_span(bytes), LOADER_ANY)));
	if (making->is_there)
		return file_replace(making->path, buffer_span(bytes), making->mode, &session->err);
	TRY(file_create(making->path, buffer_span(bytes), making->mode, &session->err));
	return file_sync_parent(making->path, &session->err);
}

/* In its place, by the path: somebody else may have been quicker. */
static int
read_again(struct making *making, struct conversion *conversion)
{
	struct session *session = making->session;

	/* A world keeps what it read: another one sees what is there now. */
	conversion->written = stores_open(making->stores, host_until_the_end(session),
		absolute(session, making->path),
		making->directory != NULL ? making->directory->loader : LOADER_ANY);
	return prove(making, conversion, conversion->written);
}

/* Where no password fits, that is why. */
static int
nothing_carried(struct session *session, const struct conversion *conversion)
{
	const struct store *store = conversion->source;

	for (size_t i = 0; i < store->defect_count; i++)
		if (store->defects[i].cause == CAUSE_STORE_KEYSTORE_PASSWORD)
			return err_set(&session->err, ERR_DATA, "%s: %s", conversion->from,
				store->defects[i].text);
	return err_set(
		&session->err, ERR_DATA, "%s: nothing in it can be carried over", conversion->from);
}

/* One that was read in parts has no bytes to carry. */
static int
check_lists(struct session *session, const struct conversion *conversion)
{
	const struct store *store = conversion->source;

	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CRL && store->entries[i].der.length == 0)
			return err_set(&session->err, ERR_LIMIT,
				"%s: the CRL in it is longer than what is converted",
				conversion->from);
	return 0;
}

int
conversion_make(struct session *session, struct stores *source, struct stores *written,
	struct conversion *ret)
{
	struct transfer *transfer = arena_alloc(session->arena, sizeof(*transfer));
	CLEANUP(passwords_freep) struct passwords *passwords = passwords_new();
	struct making making = { .session = session, .stores = written };
	struct password password;
	struct store_content content = { .now = session->now };

	TRY(check_format(session));
	TRY(check_name(session, session->options.arguments.list[1]));
	making.directory = store_format_directory(session->options.to);
	TRY(conversion_password(session, passwords));
	if (passwords_given(passwords) && passwords_get(passwords, 0, &password))
		making.password = content.password = &password;
	TRY(check_password(session, making.password));
	*ret = (struct conversion){
		.to = session->options.arguments.list[1],
		.format = session->options.to,
		.transfer = transfer,
	};
	making.host = host_until_the_end(session);
	TRY(open_source(session, source, ret));
	TRY(check_lists(session, ret));
	TRY(look_at_target(&making));
	transfer_plan(session->arena, ret->source, ret->format, transfer);
	content.entries = transfer->carried.list;
	content.count = transfer->carried.count;
	if (content.count == 0)
		return nothing_carried(session, ret);
	stores_use_passwords(written, passwords);
	TRY(making.directory != NULL ? put_directory(&making, ret, &content)
				     : put_file(&making, ret, &content));
	TRY(read_again(&making, ret));
	stores_use_passwords(written, NULL);
	return 0;
}
