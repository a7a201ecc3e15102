/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/remember.h"

#include <string.h>

/* The files behind a service's sources, each once: links resolved, directories as the files and
 * links in them. */
struct files {
	const struct diagnosis *diagnosis;
	const struct service *service;
	struct file_version *list;
	struct span *contents; /* parallel; data NULL where none is kept */
	size_t count, capacity, content_capacity;
};

static bool
is_listed(const struct files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->list[i].path, path) == 0)
			return true;
	return false;
}

static bool
is_sound(const struct diagnosis *diagnosis, const struct store *store)
{
	for (size_t i = 0; i < store->defect_count; i++)
		if (!store->defects[i].harmless)
			return false;
	return store->entry_count > 0 && !diagnosis->supposed_clients;
}

/* Nothing critical holds for the service: what it reads is good, as far as these clients can tell.
 */
static bool
is_well(const struct diagnosis *diagnosis, const struct service *service)
{
	for (size_t i = 0; i < diagnosis->item_count; i++)
		if (diagnosis->items[i].service == service &&
			diagnosis->items[i].finding->severity == SEVERITY_CRITICAL)
			return false;
	return true;
}

static void
add_file(struct files *files, const char *path, bool keep_content)
{
	struct arena *arena = files->diagnosis->arena;
	struct world *world = files->service->world;
	struct file_version version = {
		.path = path, .service = files->service->target, .exists = true
	};
	struct span content = { 0 };
	struct err ignored = { 0 };

	if (is_listed(files, path) || world_lstat(world, path, &version.identity, &ignored) < 0)
		return;
	if (version.identity.type == FILE_LINK)
		(void)world_readlink(world, path, &version.link_target, &ignored);
	if (version.identity.type == FILE_REGULAR) {
		if (world_read(world, path, WORLD_MAX_FILE, &content, &ignored) < 0)
			return;
		version.digest = digest_of(content);
		(void)world_attributes(
			world, path, &version.attributes, &version.attribute_count, &ignored);
		version.is_sound = keep_content && is_well(files->diagnosis, files->service) &&
				   is_sound(files->diagnosis, stores_open(files->diagnosis->stores,
								      world, path, LOADER_ANY));
	}
	files->list = arena_grow(
		arena, files->list, files->count, &files->capacity, sizeof(*files->list));
	files->contents = arena_grow(arena, files->contents, files->count, &files->content_capacity,
		sizeof(*files->contents));
	files->contents[files->count] = keep_content ? content : (struct span){ 0 };
	files->list[files->count++] = version;
}

static void
add_path(struct files *files, const char *path)
{
	struct arena *arena = files->diagnosis->arena;
	struct world *world = files->service->world;
	struct file_identity identity;
	const char *const *names;
	struct err ignored = { 0 };
	size_t count;
	const char *resolved = world_resolve(world, path);

	if (world_stat(world, path, &identity, &ignored) < 0)
		return;
	if (identity.type == FILE_REGULAR) {
		/* The path that the server reads, and the file behind it where that is a link. */
		add_file(files, path, true);
		if (resolved != NULL)
			add_file(files, arena_strdup(arena, resolved), true);
	}
	if (identity.type != FILE_DIRECTORY ||
		world_list(world, path, &names, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		add_file(files, path_join(arena, path, names[i]), true);
}

static void
collect(struct files *files)
{
	for (size_t i = 0; i < files->service->verifier_count; i++)
		for (size_t j = 0; j < files->service->verifiers[i].source_count; j++)
			add_path(files, files->service->verifiers[i].sources[j].path);
}

/* Puts the contents; a file whose content may not be kept (a private key is in it) is left out of
 * the list. */
static int
put_contents(struct files *files, struct ledger *ledger, struct err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct digest digest;

		if (files->contents[i].data != NULL &&
			ledger_put(ledger, files->contents[i], &digest, err) < 0) {
			if (err->code != ERR_DATA && err->code != ERR_LIMIT)
				return -1;
			*err = (struct err){ 0 };
			continue;
		}
		files->list[kept] = files->list[i];
		files->contents[kept++] = files->contents[i];
	}
	files->count = kept;
	return 0;
}

static int
remember_services(
	const struct diagnosis *diagnosis, struct ledger *ledger, int64_t now, struct err *err)
{
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		struct files files = { .diagnosis = diagnosis,
			.service = diagnosis->services.list[i] };

		/* The paths of a container are not those of this machine. */
		if (files.service->world_is_process)
			continue;
		collect(&files);
		TRY(put_contents(&files, ledger, err));
		for (size_t j = 0; j < files.count; j++)
			if (files.list[j].identity.type == FILE_REGULAR)
				TRY(ledger_saw(ledger, &files.list[j], now, err));
	}
	return 0;
}

int
diagnosis_remember(
	const struct diagnosis *diagnosis, struct ledger *ledger, int64_t now, struct err *err)
{
	TRY(ledger_batch_begin(ledger, err));
	if (remember_services(diagnosis, ledger, now, err) == 0 &&
		ledger_batch_end(ledger, err) == 0)
		return 0;
	ledger_batch_abort(ledger);
	return -1;
}

int
diagnosis_save_baselines(const struct diagnosis *diagnosis, struct ledger *ledger, const char *name,
	struct baseline **ret, size_t *ret_count, struct err *err)
{
	*ret = arena_alloc(diagnosis->arena, (diagnosis->services.count + 1) * sizeof(**ret));
	*ret_count = 0;
	for (size_t i = 0; i < diagnosis->services.count; i++) {
		struct files files = { .diagnosis = diagnosis,
			.service = diagnosis->services.list[i] };
		struct baseline *baseline = &(*ret)[*ret_count];

		collect(&files);
		for (size_t j = 0; j < files.service->config_file_count; j++)
			add_file(&files, files.service->config_files[j], false);
		TRY(put_contents(&files, ledger, err));
		*baseline = (struct baseline){
			.service = files.service->target,
			.name = name != NULL ? name : "",
			.saved_at = moment_now(),
			.files = files.list,
			.file_count = files.count,
		};
		TRY(ledger_baseline_save(ledger, baseline, err));
		++*ret_count;
	}
	return 0;
}

/* NULL where the file is as it was. */
static const char *
drift_of(const struct diagnosis *diagnosis, const struct service *service,
	const struct file_version *was)
{
	struct file_identity now;
	struct span content;
	struct digest digest;
	struct err ignored = { 0 };
	const char *target;

	if (world_lstat(service->world, was->path, &now, &ignored) < 0)
		return "is gone";
	if (now.type != was->identity.type)
		return "is another kind of file now";
	if (now.type == FILE_LINK)
		return world_readlink(service->world, was->path, &target, &ignored) == 0 &&
				       was->link_target != NULL &&
				       strcmp(target, was->link_target) == 0
			       ? NULL
			       : "leads to another file now";
	if (world_read(service->world, was->path, WORLD_MAX_FILE, &content, &ignored) < 0)
		return "cannot be read now";
	digest = digest_of(content);
	if (!digest_equal(&digest, &was->digest))
		return "has other content now";
	if (now.owner != was->identity.owner || now.group != was->identity.group ||
		now.mode != was->identity.mode)
		return arena_printf(diagnosis->arena, "is %04o %u:%u now, and was %04o %u:%u",
			now.mode, now.owner, now.group, was->identity.mode, was->identity.owner,
			was->identity.group);
	return NULL;
}

/* Differences as they are found. */
struct drifts {
	struct arena *arena;
	struct drift *list;
	size_t count, capacity;
};

static void
drift_add(struct drifts *drifts, const struct service *service, const char *path, const char *text)
{
	drifts->list = arena_grow(drifts->arena, drifts->list, drifts->count, &drifts->capacity,
		sizeof(*drifts->list));
	drifts->list[drifts->count++] = (struct drift){ service->target, path, text };
}

static bool
baseline_holds(const struct baseline *baseline, const char *path)
{
	for (size_t i = 0; i < baseline->file_count; i++)
		if (strcmp(baseline->files[i].path, path) == 0)
			return true;
	return false;
}

/* In a directory of CAs a file more may be a CA more. What a baseline leaves out is none. */
static void
add_new_files(const struct diagnosis *diagnosis, const struct service *service,
	const struct baseline *baseline, struct drifts *drifts)
{
	struct files files = { .diagnosis = diagnosis, .service = service };

	collect(&files);
	for (size_t i = 0; i < files.count; i++)
		if (!baseline_holds(baseline, files.list[i].path) &&
			(files.contents[i].data == NULL || ledger_may_keep(files.contents[i])))
			drift_add(drifts, service, files.list[i].path, "is new");
}

int
diagnosis_check_baselines(const struct diagnosis *diagnosis, struct ledger *ledger,
	struct drift **ret, size_t *ret_count, struct err *err)
{
	struct drifts drifts = { .arena = diagnosis->arena };

	for (size_t i = 0; i < diagnosis->services.count; i++) {
		const struct service *service = diagnosis->services.list[i];
		struct baseline *baselines;
		size_t count;

		TRY(ledger_baselines(
			ledger, diagnosis->arena, service->target, &baselines, &count, err));
		if (count == 0)
			return err_set(err, ERR_NO_INPUT,
				"%s has no baseline yet: trustmend baseline save", service->target);
		for (size_t j = 0; j < baselines[0].file_count; j++) {
			const char *text = drift_of(diagnosis, service, &baselines[0].files[j]);

			if (text != NULL)
				drift_add(&drifts, service, baselines[0].files[j].path, text);
		}
		add_new_files(diagnosis, service, &baselines[0], &drifts);
	}
	*ret = drifts.list;
	*ret_count = drifts.count;
	return 0;
}
