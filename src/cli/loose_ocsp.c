/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of OCSP for verify: stored ones that are given, and leave to ask for others. */
#include "cli/loose.h"
#include "probe/responder.h"

static int
add_stored(struct loose *loose, const char *path)
{
	struct session *session = loose->session;
	struct ocsp_stored *stored;
	struct span bytes;
	size_t offset;

	if (loose->stored_count >= OCSP_MAX_STORED)
		return err_set(&session->err, ERR_DATA, "more than %d answers of OCSP are given",
			OCSP_MAX_STORED);
	/* Base64 is a third longer, and has line breaks. */
	TRY(world_read(session->world, path, 2 * OCSP_MAX_SIZE, &bytes, &session->err));
	loose->stored = arena_grow(session->arena, loose->stored, loose->stored_count,
		&loose->stored_capacity, sizeof(*loose->stored));
	stored = &loose->stored[loose->stored_count++];
	stored->source = path;
	bytes = ocsp_unwrap(session->arena, bytes, &stored->fault);
	if (stored->fault == NULL)
		(void)ocsp_read(bytes, &stored->response, &stored->fault, &offset);
	if (stored->fault != NULL)
		session_warn(
			session, "%s: no answer of OCSP that can be read: %s", path, stored->fault);
	return 0;
}

/* A file, or each file of a directory. */
static int
add_path(struct loose *loose, const char *path)
{
	struct session *session = loose->session;
	struct file_identity identity;
	const char *const *names;
	struct err ignored = { 0 };
	size_t count;

	if (world_stat(session->world, path, &identity, &ignored) < 0 ||
		identity.type != FILE_DIRECTORY)
		return add_stored(loose, path);
	TRY(world_list(session->world, path, &names, &count, &session->err));
	for (size_t i = 0; i < count; i++)
		TRY(add_stored(loose, path_join(session->arena, path, names[i])));
	return 0;
}

int
loose_ocsp(struct loose *loose)
{
	struct session *session = loose->session;
	const struct options *options = &session->options;
	struct ocsp_desk *desk = arena_alloc(session->arena, sizeof(*desk));

	for (size_t i = 0; i < options->ocsp.count; i++)
		TRY(add_path(loose, path_join(session->arena, session_directory(session),
					    options->ocsp.list[i])));
	if (options->ocsp_responder != NULL && !options->online)
		return err_set(&session->err, ERR_USAGE,
			"--ocsp-responder names whom --online asks, and that is not given");
	if (options->ocsp.count == 0 && !options->online)
		return 0;
	*desk = (struct ocsp_desk){
		.stored = loose->stored,
		.stored_count = loose->stored_count,
		.ask = options->online ? responder_ask : NULL,
	};
	loose->ocsp = desk;
	return 0;
}
