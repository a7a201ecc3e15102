/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "diagnosis/check.h"
#include "repair/guard.h"
#include "repair/obstacle.h"
#include "repair/step.h"
#include "services/product.h"

enum { DIRECTORY_MODE = 0755 /* of one that is made, at most */ };

static bool
is_process_cause(enum cause_code cause)
{
	return cause == CAUSE_PROCESS_STALE_STORE || cause == CAUSE_PROCESS_RELOAD_FAILED ||
	       cause == CAUSE_CRL_NOT_LOADED;
}

/* What can be mended without asking anybody: critical findings, and warnings whose mend is known to
 * be good. */
static void
choose(struct diagnosis *diagnosis, struct plan *plan)
{
	plan->chosen =
		arena_alloc(diagnosis->arena, (diagnosis->item_count + 1) * sizeof(*plan->chosen));
	for (size_t i = 0; i < diagnosis->item_count; i++) {
		const struct diagnosed *item = &diagnosis->items[i];
		const struct finding *finding = item->finding;

		if (item->service != plan->service || finding->severity == SEVERITY_NOTE ||
			finding->applicability != REPAIR_AUTOMATIC)
			continue;
		if (item->remedy != NULL || is_process_cause(finding->cause))
			plan->chosen[plan->chosen_count++] = item;
	}
}

static int
apply_remedies(struct diagnosis *diagnosis, struct plan *plan, struct err *err)
{
	plan->overlay = overlay_keep(diagnosis, plan->service->world);
	for (size_t i = 0; i < plan->chosen_count; i++) {
		const struct remedy *remedy = plan->chosen[i]->remedy;

		if (is_process_cause(plan->chosen[i]->finding->cause))
			plan->needs_reload = plan->service->running;
		if (remedy != NULL)
			TRY(remedy_apply(remedy, plan->overlay, diagnosis->arena, err));
	}
	return 0;
}

static bool
is_config(const struct service *service, const char *path)
{
	for (size_t i = 0; i < service->config_file_count; i++)
		if (strcmp(service->config_files[i], path) == 0)
			return true;
	return false;
}

static const char *
host_path(struct diagnosis *diagnosis, const struct plan *plan, const char *path)
{
	const char *root = world_root(plan->service->world);

	return strcmp(root, "/") == 0 ? path : arena_printf(diagnosis->arena, "%s%s", root, path);
}

static struct step *
step_add(struct diagnosis *diagnosis, struct plan *plan, enum step_kind kind, const char *path)
{
	struct step *step;

	plan->steps = arena_grow(diagnosis->arena, plan->steps, plan->step_count,
		&plan->step_capacity, sizeof(*plan->steps));
	step = &plan->steps[plan->step_count++];
	*step = (struct step){ .number = (int)plan->step_count, .kind = kind, .path = path };
	return step;
}

/* Why a step may not be done, if it may not; the world's path is that of the step without the
 * world's root. */
static int
check_obstacles(struct diagnosis *diagnosis, const struct plan *plan, const struct step *step,
	struct err *err)
{
	const char *root = world_root(plan->service->world);
	const char *obstacle = obstacle_find(diagnosis, plan->service, step,
		step->path + (strcmp(root, "/") == 0 ? 0 : strlen(root)));

	return obstacle == NULL ? 0 : err_set(err, ERR_DATA, "%s", obstacle);
}

static const struct step *
find_directory(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->step_count; i++)
		if ((plan->steps[i].kind == STEP_DIRECTORY ||
			    plan->steps[i].kind == STEP_MAKE_DIRECTORY) &&
			strcmp(plan->steps[i].path, path) == 0)
			return &plan->steps[i];
	return NULL;
}

/* What is missing gets the owner of the directory that it is in, and of its mode what lets others
 * pass and read. */
static int
make_directory(struct diagnosis *diagnosis, struct plan *plan, const char *path,
	const struct file_version *before, struct err *err)
{
	const struct step *parent = find_directory(plan, path_parent(diagnosis->arena, path));
	struct file_identity like;
	struct step *step;

	/* add_directory has just put it there. */
	assert(parent != NULL);
	like = parent->before.identity;
	if (parent->kind == STEP_MAKE_DIRECTORY)
		like = (struct file_identity){
			.owner = parent->owner, .group = parent->group, .mode = parent->mode
		};
	step = step_add(diagnosis, plan, STEP_MAKE_DIRECTORY, path);
	step->before = *before;
	step->mode = like.mode & DIRECTORY_MODE;
	step->owner = like.owner;
	step->group = like.group;
	step->text = arena_printf(diagnosis->arena, "make the missing directory %s (%04o, %u:%u)",
		text_sanitize(diagnosis->arena, path, strlen(path)), (unsigned)step->mode,
		(unsigned)step->owner, (unsigned)step->group);
	return check_obstacles(diagnosis, plan, step, err);
}

/* The directory's times are part of what was; it is undone last, so it comes first. */
static int
add_directory(struct diagnosis *diagnosis, struct plan *plan, const char *path, struct err *err)
{
	struct file_version before;
	struct step *step;
	struct span none;

	if (find_directory(plan, path) != NULL)
		return 0;
	TRY(version_take(diagnosis->arena, path, &before, &none, err));
	if (!before.exists) {
		TRY(add_directory(diagnosis, plan, path_parent(diagnosis->arena, path), err));
		return make_directory(diagnosis, plan, path, &before, err);
	}
	step = step_add(diagnosis, plan, STEP_DIRECTORY, path);
	step->before = before;
	step->text = arena_printf(diagnosis->arena, "remember the times of %s",
		text_sanitize(diagnosis->arena, path, strlen(path)));
	return 0;
}

/* The bytes in which two contents differ, from the first to the last one. */
static void
splice_of(struct span before, struct span after, struct step *step)
{
	size_t start = 0, end = 0,
	       shorter = before.length < after.length ? before.length : after.length;

	while (start < shorter && before.data[start] == after.data[start])
		start++;
	while (end < shorter - start &&
		before.data[before.length - 1 - end] == after.data[after.length - 1 - end])
		end++;
	step->offset = start;
	step->old_bytes = span_of(before.data + start, before.length - start - end);
	step->new_bytes = span_of(after.data + start, after.length - start - end);
}

static const char *
describe_edit(struct diagnosis *diagnosis, const struct edit *edit, const char *path)
{
	switch (edit->kind) {
	case EDIT_WRITE:
		return arena_printf(diagnosis->arena, "%s %s (%zu bytes)",
			edit->creates ? "create" : "write", path, edit->bytes.length);
	case EDIT_MODE:
		return arena_printf(
			diagnosis->arena, "set the mode of %s to %04o", path, edit->mode);
	case EDIT_OWNER:
		return arena_printf(diagnosis->arena, "set the owner of %s to %u:%u", path,
			edit->owner, edit->group);
	case EDIT_LINK:
		return arena_printf(diagnosis->arena, "link %s to %s", path, edit->target);
	default:
		return arena_printf(diagnosis->arena, "remove %s", path);
	}
}

/* What another service's repair has just made of it is what this one wants as well. */
static bool
is_done_already(const struct edit *edit, const struct step *step)
{
	const struct file_version *before = &step->before;

	if (!before->exists)
		return false;
	if (edit->kind == EDIT_LINK)
		return before->link_target != NULL &&
		       strcmp(before->link_target, edit->target) == 0;
	return edit->kind == EDIT_WRITE && digest_equal(&before->digest, &step->after);
}

/* The file is still what the world read when the plan was judged. */
static bool
is_as_judged(struct plan *plan, const struct edit *edit, const struct file_version *before)
{
	struct world *world = plan->service->world;
	struct file_identity judged;
	struct err missing = { 0 };
	struct digest digest;
	struct span bytes;

	if (world_lstat(world, edit->path, &judged, &missing) < 0)
		return !before->exists;
	if (!before->exists || before->identity.type != judged.type)
		return false;
	if (edit->kind != EDIT_WRITE)
		return true;
	if (world_read(world, edit->path, WORLD_MAX_FILE, &bytes, &missing) < 0)
		return false;
	digest = digest_of(bytes);
	return digest_equal(&before->digest, &digest);
}

static int
check_same(struct plan *plan, const struct edit *edit, const struct step *step, struct err *err)
{
	if (is_done_already(edit, step) || is_as_judged(plan, edit, &step->before))
		return 0;
	plan->is_stale = true;
	return err_set(
		err, ERR_BUSY, "%s has changed while it was examined: repair again", step->path);
}

static int
plan_content(struct plan *plan, const struct edit *edit, struct span before, struct step *step,
	struct err *err)
{
	step->after = digest_of(edit->bytes);
	step->content = edit->bytes;
	if (is_config(plan->service, edit->path) && !edit->creates) {
		step->kind = STEP_SPLICE;
		splice_of(before, edit->bytes, step);
	}
	return check_same(plan, edit, step, err);
}

static int
add_edit(struct diagnosis *diagnosis, struct plan *plan, const struct edit *edit, struct err *err)
{
	static const enum step_kind kinds[] = { [EDIT_WRITE] = STEP_WRITE,
		[EDIT_MODE] = STEP_MODE,
		[EDIT_OWNER] = STEP_OWNER,
		[EDIT_LINK] = STEP_LINK,
		[EDIT_REMOVE] = STEP_REMOVE };
	const char *path = host_path(diagnosis, plan, edit->path);
	struct step *step = step_add(diagnosis, plan, kinds[edit->kind], path);
	struct span before;

	TRY(version_take(diagnosis->arena, path, &step->before, &before, err));
	step->text =
		describe_edit(diagnosis, edit, text_sanitize(diagnosis->arena, path, strlen(path)));
	step->mode = edit->mode != 0 ? edit->mode : REMEDY_NEW_FILE_MODE;
	step->owner = edit->owner;
	step->group = edit->group;
	if (edit->kind == EDIT_LINK)
		step->new_bytes = span_of(edit->target, strlen(edit->target));
	if ((edit->kind == EDIT_REMOVE || edit->kind == EDIT_LINK) && step->before.exists &&
		step->before.identity.type != FILE_LINK)
		return err_set(err, ERR_INTERNAL, "%s is no link: it stays", path);
	if (edit->kind == EDIT_WRITE)
		TRY(plan_content(plan, edit, before, step, err));
	else
		TRY(check_same(plan, edit, step, err));
	return check_obstacles(diagnosis, plan, step, err);
}

/* An owner or mode of a file that is created goes with its creation. */
static bool
goes_with_creation(const struct edit *edits, size_t count, const struct edit *edit)
{
	if (edit->kind != EDIT_MODE && edit->kind != EDIT_OWNER)
		return false;
	for (size_t i = 0; i < count; i++)
		if (edits[i].kind == EDIT_WRITE && edits[i].creates &&
			strcmp(edits[i].path, edit->path) == 0)
			return true;
	return false;
}

static int
add_steps(struct diagnosis *diagnosis, struct plan *plan, struct err *err)
{
	const struct edit *edits;
	size_t count = overlay_edits(plan->overlay, &edits);

	for (size_t i = 0; i < count; i++)
		TRY(add_directory(diagnosis, plan,
			path_parent(diagnosis->arena, host_path(diagnosis, plan, edits[i].path)),
			err));
	for (size_t i = 0; i < count; i++)
		if (!goes_with_creation(edits, count, &edits[i]))
			TRY(add_edit(diagnosis, plan, &edits[i], err));
	/* What changed in files is in force for those that are read at load only once they are
	 * loaded. */
	if (plan->service->running && count > 0)
		plan->needs_reload = true;
	if (plan->needs_reload)
		step_add(diagnosis, plan, STEP_RELOAD, NULL)->text =
			arena_printf(diagnosis->arena, "reload %s (process %d)",
				plan->service->product->title, (int)plan->service->main.pid);
	return 0;
}

static void
note_change(struct diagnosis *diagnosis, struct plan *plan, const struct trust_change *change,
	const struct digest *fingerprint, struct span name)
{
	char text[DIGEST_TEXT_SIZE];

	digest_text(fingerprint, text);
	for (size_t i = 0; i < plan->change_count; i++)
		if (plan->changes[i].added == change->added &&
			strcmp(plan->changes[i].fingerprint, text) == 0)
			return;
	plan->changes = arena_grow(diagnosis->arena, plan->changes, plan->change_count,
		&plan->change_capacity, sizeof(*plan->changes));
	plan->changes[plan->change_count] = *change;
	plan->changes[plan->change_count].fingerprint = arena_strdup(diagnosis->arena, text);
	plan->changes[plan->change_count].subject = name_text(diagnosis->arena, name);
	plan->changes[plan->change_count++].at = moment_now();
}

static bool
trust_holds_cert(const struct trust *trust, const struct cert *cert)
{
	for (size_t i = 0; i < trust->anchor_count; i++)
		if (cert_same(trust->anchors[i].cert, cert))
			return true;
	return false;
}

static bool
trust_holds_crl(const struct trust *trust, const struct crl *crl)
{
	for (size_t i = 0; i < trust->crl_count; i++)
		if (digest_equal(&trust->crls[i]->fingerprint, &crl->fingerprint))
			return true;
	return false;
}

/* What one trust holds and the other does not. */
static void
note_difference(struct diagnosis *diagnosis, struct plan *plan, bool added,
	const struct trust *from, const struct trust *to)
{
	for (size_t i = 0; i < to->anchor_count; i++) {
		const struct cert *cert = to->anchors[i].cert;

		if (!trust_holds_cert(from, cert))
			note_change(diagnosis, plan,
				&(struct trust_change){ .added = added,
					.kind = cert_is_self_issued(cert) ? "anchor"
									  : "intermediate",
					.store = to->anchors[i].entry->path },
				&cert->fingerprint, cert->subject);
	}
	for (size_t i = 0; i < to->crl_count; i++)
		if (!trust_holds_crl(from, to->crls[i]))
			note_change(diagnosis, plan,
				&(struct trust_change){ .added = added,
					.kind = "crl",
					.store = to->crl_entries[i]->path },
				&to->crls[i]->fingerprint, to->crls[i]->issuer);
}

/* A client that comes to several verifiers is named once. */
static void
note_client(const char **names, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(names[i], name) == 0)
			return;
	names[(*count)++] = name;
}

static void
note_clients(struct diagnosis *diagnosis, struct plan *plan, const struct scene *before,
	const struct scene *after)
{
	plan->let_in =
		arena_alloc(diagnosis->arena, (after->cell_count + 1) * sizeof(*plan->let_in));
	plan->shut_out =
		arena_alloc(diagnosis->arena, (after->cell_count + 1) * sizeof(*plan->shut_out));
	for (size_t i = 0; i < after->cell_count && i < before->cell_count; i++) {
		if (after->cells[i].accepted && !before->cells[i].accepted)
			note_client(
				plan->let_in, &plan->let_in_count, after->cells[i].client->name);
		if (!after->cells[i].accepted && before->cells[i].accepted)
			note_client(plan->shut_out, &plan->shut_out_count,
				after->cells[i].client->name);
	}
}

/* Judged by the same code that judged the world, before a byte is written. */
static void
judge_plan(struct diagnosis *diagnosis, struct plan *plan, const struct request *request)
{
	struct scene *before = scene_make(diagnosis, request, plan->service, plan->service->world);
	struct scene *after = scene_make(diagnosis, request, plan->service, plan->overlay);
	struct change change = {
		.diagnosis = diagnosis,
		.plan = plan,
		.before = before->service,
		.after = after->service,
		.cells_before = before->cells,
		.cells_after = after->cells,
		.cell_count = before->cell_count < after->cell_count ? before->cell_count
								     : after->cell_count,
		.trusts_before = before->trusts,
		.trusts_after = after->trusts,
	};

	plan->cells = after->cells;
	plan->cell_count = after->cell_count;
	plan->refused = guard_check(&change);
	if (plan->refused == NULL && after->down != NULL)
		plan->refused = arena_printf(
			diagnosis->arena, "%s, even with all that can be mended", after->down);
	if (plan->refused != NULL)
		return;
	for (size_t i = 0; i < after->service->verifier_count; i++) {
		note_difference(diagnosis, plan, true, before->trusts[i], after->trusts[i]);
		note_difference(diagnosis, plan, false, after->trusts[i], before->trusts[i]);
	}
	note_clients(diagnosis, plan, before, after);
}

/* Why nothing can be done, although something is wrong. */
static const char *
why_nothing(struct diagnosis *diagnosis, const struct plan *plan)
{
	for (size_t i = 0; i < diagnosis->item_count; i++) {
		const struct finding *finding = diagnosis->items[i].finding;

		if (diagnosis->items[i].service == plan->service &&
			finding->severity == SEVERITY_CRITICAL)
			return arena_printf(diagnosis->arena, "%s: %s",
				cause_get(finding->cause)->code,
				finding->why != NULL ? finding->why : "no safe repair is known");
	}
	return NULL;
}

struct plan *
plan_make(struct diagnosis *diagnosis, struct service *service, const struct request *request)
{
	struct plan *plan = arena_alloc(diagnosis->arena, sizeof(*plan));
	struct err err = { 0 };

	plan->service = service;
	choose(diagnosis, plan);
	if (plan->chosen_count == 0) {
		plan->refused = why_nothing(diagnosis, plan);
		return plan;
	}
	if (apply_remedies(diagnosis, plan, &err) < 0) {
		plan->refused = arena_strdup(diagnosis->arena, err.message);
		return plan;
	}
	judge_plan(diagnosis, plan, request);
	if (plan->refused == NULL && add_steps(diagnosis, plan, &err) < 0)
		plan->refused = arena_strdup(diagnosis->arena, err.message);
	return plan;
}
