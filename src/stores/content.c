/* SPDX-License-Identifier: Apache-2.0 */
#include "stores/content.h"

#include <errno.h>
#include <string.h>

#include "stores/directory.h"
#include "stores/loader.h"
#include "stores/token.h"

enum { DIGESTED_LATER = 1 << 20 /* bytes */ };

/* What a token was found to hold. */
struct listing {
	const char *name;
	struct span bytes;
	struct listing *next;
};

static void
content_fail(struct contents *contents, struct content *content, const struct err *err)
{
	content->state = err->sys == EFBIG || err->code == ERR_LIMIT ? STORE_TOO_LARGE
			 : err->code == ERR_PERMISSION || err->sys == EACCES || err->sys == EPERM
				 ? STORE_UNREADABLE
			 : err->sys == EISDIR ? STORE_NOT_A_FILE
					      : STORE_MISSING;
	content->problem = text_sanitize(contents->arena, err->message, strlen(err->message));
}

static void
content_read_directory(struct contents *contents, struct world *world, struct content *content)
{
	struct directory *directory = arena_alloc(contents->arena, sizeof(*directory));
	struct err err = {};

	if (directory_read(contents->arena, world, content->path, directory, &err) < 0) {
		content_fail(contents, content, &err);
		return;
	}
	content->directory = directory;
	content->digest = directory_digest(directory);
}

static bool
wants(enum store_loader loader, enum file_type type)
{
	if (type != FILE_DIRECTORY && type != FILE_REGULAR)
		return false;
	if (loader == LOADER_ANY)
		return true;
	return type == FILE_DIRECTORY ? loader_get(loader)->wants_directory
				      : loader_get(loader)->wants_file;
}

/* What the objects of this name are now; asked once. */
static void
content_read_token(struct contents *contents, struct world *world, enum store_loader loader,
	struct content *content)
{
	struct listing *listing = contents->listings;
	struct err err = {};

	if (loader != LOADER_ANY && loader != LOADER_P11KIT) {
		content->state = STORE_MISSING;
		content->problem = "it is the name of a token, and no file";
		return;
	}
	while (listing != NULL && strcmp(listing->name, content->path) != 0)
		listing = listing->next;
	if (listing == NULL) {
		listing = arena_alloc(contents->arena, sizeof(*listing));
		if (token_list(contents->arena, world, content->path, &listing->bytes, &err) < 0) {
			content->path = arena_strndup(
				contents->arena, content->path, strcspn(content->path, "?"));
			content_fail(contents, content, &err);
			return;
		}
		listing->name = content->path;
		listing->next = contents->listings;
		contents->listings = listing;
	}
	content->bytes = listing->bytes;
	content->identity =
		(struct file_identity){ .type = FILE_REGULAR, .size = listing->bytes.length };
	content->digest = digest_of(content->bytes);
}

/* Reads it as one CRL in parts. False where it is none. */
static bool
content_read_list(struct contents *contents, struct world *world, struct content *content)
{
	struct err err = {};

	content->listed =
		listed_find(&contents->lists, world, content->path, &content->identity, &err);
	if (content->listed == NULL && err.code == ERR_NONE)
		return false;
	if (content->listed == NULL) {
		content_fail(contents, content, &err);
		return true;
	}
	if (content->listed->unread != NULL) {
		content->state = STORE_UNREAD;
		content->problem = content->listed->unread;
	}
	content->identity = content->listed->identity;
	content->digest = content->listed->digest;
	return true;
}

void
content_read(struct contents *contents, struct world *world, enum store_loader loader,
	struct content *content)
{
	struct err err = {};

	if (token_is_name(content->path)) {
		content_read_token(contents, world, loader, content);
	} else if (world_stat(world, content->path, &content->identity, &err) < 0) {
		content_fail(contents, content, &err);
	} else if (!wants(loader, content->identity.type)) {
		content->state = STORE_NOT_A_FILE;
		content->problem = content->identity.type == FILE_DIRECTORY ? "it is a directory"
				   : content->identity.type == FILE_REGULAR
					   ? "it is no directory"
					   : "it is no regular file";
	} else if (content->identity.type == FILE_DIRECTORY) {
		content_read_directory(contents, world, content);
	} else if (content->identity.size >= contents->list_size &&
		   content_read_list(contents, world, content)) {
		return;
	} else if (world_read(world, content->path, STORE_MAX_SIZE, &content->bytes, &err) < 0) {
		content_fail(contents, content, &err);
	} else if (content->bytes.length >= DIGESTED_LATER) {
		content->is_undigested = true;
	} else {
		content->digest = digest_of(content->bytes);
	}
}

bool
content_is_same(const struct content *a, const struct store *b)
{
	enum store_state state = b->state == STORE_UNREAD ? STORE_PRESENT : b->state;

	return (a->state == state || a->state == b->state) &&
	       digest_equal(&a->digest, &b->digest) && strcmp(a->path, b->path) == 0;
}
