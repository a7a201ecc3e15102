/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/loose.h"

#include <stdio.h>
#include <time.h>

#include "stores/token.h"
#include "world/stream.h"

enum { PROGRESS_MILLISECONDS = 200 };

/* What the calling thread does with the sheets. */
struct desk {
	struct loose *loose;
	struct loose_worker workers[PIPELINE_MAX_WORKERS];
	const char **paths; /* of what is judged, in the world */
	size_t count, next; /* the path to be brought next, where none is being brought */
	size_t rows;        /* of the path whose sheets come now */
	bool has_rows;      /* some have gone out */
	bool shows_progress;
	int64_t shown; /* when, in milliseconds */
};

static int
bar_add(struct loose *loose, const struct verifier *verifier, const struct trust *trust,
	const char *name)
{
	loose->bars = arena_grow(loose->session->arena, loose->bars, loose->bar_count,
		&loose->bar_capacity, sizeof(*loose->bars));
	loose->bars[loose->bar_count++] = (struct bar){ verifier, trust, name };
	return 0;
}

static int
bars_of_target(struct loose *loose, const char *target)
{
	struct session *session = loose->session;
	struct services services = {};

	TRY(services_find(session->arena, session->world, target, &services, &session->err));
	for (size_t i = 0; i < services.count; i++) {
		struct service *service = services.list[i];

		for (size_t j = 0; j < service->verifier_count; j++) {
			const struct verifier *verifier = &service->verifiers[j];

			TRY(bar_add(loose, verifier,
				trust_load(session->arena, loose->stores, service->world, verifier,
					&service->readers),
				verifier->name));
		}
	}
	return 0;
}

static int
bars_of_options(struct loose *loose)
{
	struct arena *arena = loose->session->arena;
	struct verifier *verifiers = arena_alloc(arena, LOOSE_MAX_ENGINES * sizeof(*verifiers));
	struct trust *trust = arena_alloc(arena, sizeof(*trust));
	size_t count;

	TRY(loose_verifiers(loose->session, verifiers, &count));
	TRY(loose_trust(loose, trust));
	for (size_t i = 0; i < count; i++)
		TRY(bar_add(loose, &verifiers[i], trust, NULL));
	return 0;
}

/* Before anything is judged: a path that is mistyped is an error, and no certificate. */
static int
check_paths(const struct desk *desk)
{
	struct session *session = desk->loose->session;
	CLEANUP(fd_close) int root = -1;

	TRY(world_open_root(session->world, &root, &session->err));
	for (size_t i = 0; i < desk->count; i++) {
		CLEANUP(fd_close) int fd = -1;
		struct file_identity identity;

		if (!token_is_name(desk->paths[i]))
			TRY(stream_open(root, desk->paths[i], &fd, &identity, &session->err));
	}
	return 0;
}

/* The next portion of the path in hand, or of the next path. */
static void *
desk_next(void *owner)
{
	struct desk *desk = owner;
	struct loose *loose = desk->loose;
	struct sheet *sheet = mem_zalloc(sizeof(*sheet));

	if (desk->next < desk->count && token_is_name(desk->paths[desk->next])) {
		sheet->store = stores_open(loose->stores, loose->session->world,
			desk->paths[desk->next++], LOADER_ANY);
		return sheet;
	}
	sheet->portion = portions_next(loose->portions);
	if (sheet->portion != NULL) {
		key_tables_expect(loose->tables, portions_left(loose->portions));
		desk->next += sheet->portion->ends_argument;
		return sheet;
	}
	mem_free(sheet);
	return NULL;
}

static void
desk_work(void *worker, void *item)
{
	loose_judge(worker, item);
}

static void
desk_drop(void *, void *item)
{
	struct sheet *sheet = item;

	portion_free(sheet->portion);
	buffer_free(&sheet->rows);
	buffer_free(&sheet->divisions);
	mem_free(sheet);
}

static void
show_progress(struct desk *desk)
{
	const struct tally *tally = &desk->loose->tally;
	struct timespec time;
	int64_t now;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	now = (int64_t)time.tv_sec * 1'000 + time.tv_nsec / 1'000'000;
	if (now - desk->shown < PROGRESS_MILLISECONDS)
		return;
	if (desk->shown != 0)
		(void)fprintf(stderr, "\r%zu judged, %zu not accepted\033[K", tally->judged,
			tally->refused + tally->unknown);
	desk->shown = now;
}

/* The first ones, as many as there is room for. */
static void
add_divisions(struct loose *loose, const struct sheet *sheet)
{
	bool has_room = loose->divisions_more == 0 && loose->divisions.length < LOOSE_MAX_DIVISIONS;

	if (has_room && sheet->divisions.length > 0)
		buffer_add(&loose->divisions, sheet->divisions.data, sheet->divisions.length);
	loose->divisions_more += sheet->divisions_more + (has_room ? 0 : sheet->division_count);
}

static void
add_rows(struct desk *desk, const struct sheet *sheet)
{
	struct session *session = desk->loose->session;
	const struct buffer *rows = &sheet->rows;
	/* The first item of an array has no comma before it. */
	size_t skipped = session->options.json && !desk->has_rows && rows->length > 0;

	if (session->options.dot && !session->options.json)
		report_dot_merge(&session->out, rows);
	else if (rows->length > 0)
		buffer_add(&session->out, rows->data + skipped, rows->length - skipped);
	desk->has_rows |= rows->length > 0;
	add_divisions(desk->loose, sheet);
}

/* A file that is named and holds no certificate is a mistake of who named it. */
static int
check_rows(struct desk *desk, const struct sheet *sheet)
{
	const struct portion *portion = sheet->portion;
	const char *path = portion != NULL ? portion->path : sheet->store->path;

	desk->rows += sheet->tally.judged;
	if (portion != NULL && !portion->ends_argument)
		return 0;
	if (desk->rows == 0 && sheet->store != NULL)
		TRY(store_need(sheet->store, path, &desk->loose->session->err));
	if (desk->rows == 0 && (portion == NULL || portion->is_named))
		return err_set(&desk->loose->session->err, ERR_DATA,
			"%s: there is no certificate in it that can be read", path);
	desk->rows = 0;
	return 0;
}

static int
desk_done(void *owner, void *item)
{
	struct desk *desk = owner;
	struct sheet *sheet = item;
	struct tally *tally = &desk->loose->tally;
	struct session *session = desk->loose->session;
	int status;

	tally->judged += sheet->tally.judged;
	tally->refused += sheet->tally.refused;
	tally->unknown += sheet->tally.unknown;
	tally->critical += sheet->tally.critical;
	tally->warnings += sheet->tally.warnings;
	add_rows(desk, sheet);
	status = check_rows(desk, sheet);
	desk_drop(desk, sheet);
	if (desk->shows_progress)
		show_progress(desk);
	if (status < 0 || session->options.dot)
		return status;
	return session_flush(session);
}

static int
run(struct desk *desk)
{
	void *workers[PIPELINE_MAX_WORKERS];
	struct pipeline pipeline = {
		.owner = desk,
		.next = desk_next,
		.work = desk_work,
		.done = desk_done,
		.drop = desk_drop,
		.workers = workers,
		.worker_count = pipeline_workers(),
	};
	int status;

	for (size_t i = 0; i < pipeline.worker_count; i++) {
		desk->workers[i].loose = desk->loose;
		workers[i] = &desk->workers[i];
	}
	mem_retain();
	status = pipeline_run(&pipeline);
	for (size_t i = 0; i < pipeline.worker_count; i++)
		loose_worker_end(&desk->workers[i]);
	if (desk->shows_progress && desk->shown != 0)
		(void)fprintf(stderr, "\r\033[K");
	return status;
}

static int
judge_paths(struct loose *loose, const char *const *names, size_t count)
{
	struct session *session = loose->session;
	CLEANUP(portions_freep) struct portions *portions = NULL;
	CLEANUP(key_tables_freep) struct key_tables *tables = key_tables_new();
	CLEANUP(mem_freep) struct desk *desk = mem_zalloc(sizeof(*desk));

	loose->tables = tables;
	desk->loose = loose;
	desk->paths = arena_alloc(session->arena, (count + 1) * sizeof(desk->paths[0]));
	desk->count = count;
	for (size_t i = 0; i < count; i++)
		desk->paths[i] = loose_path(loose, names[i]);
	desk->shows_progress = !session->options.quiet && isatty(STDERR_FILENO) &&
			       !(session->out_fd >= 0 && isatty(session->out_fd));
	TRY(check_paths(desk));
	portions = loose->portions = portions_new(
		session->world, desk->paths, count, session->options.chain, &session->err);
	return portions != NULL ? run(desk) : -1;
}

/* With --lint the first argument is a certificate where it is a file, and else a target. */
static bool
is_there(struct loose *loose, const char *name)
{
	struct file_identity identity;
	struct err ignored = {};

	return world_stat(loose->session->world, loose_path(loose, name), &identity, &ignored) == 0;
}

int
loose_verify(struct loose *loose)
{
	const struct options *options = &loose->session->options;
	const struct values *arguments = &options->arguments;
	bool has_target = arguments->count > 1 && options->trust.count == 0 &&
			  !(options->lint && is_there(loose, arguments->list[0]));
	bool is_judged = has_target || options->trust.count > 0;

	if (arguments->count == 0 || (!is_judged && !options->lint))
		return err_set(&loose->session->err, ERR_USAGE,
			"verify takes a target or --trust PATH, and certificates");
	TRY(loose_untrusted(loose));
	TRY(loose_ocsp(loose));
	if (has_target)
		TRY(bars_of_target(loose, arguments->list[0]));
	else if (is_judged)
		TRY(bars_of_options(loose));
	/* A target that asks nobody for a certificate. */
	if (loose->bar_count == 0 && !options->lint)
		return 0;
	return judge_paths(loose, arguments->list + has_target, arguments->count - has_target);
}

int
loose_status(const struct loose *loose)
{
	if (loose->tally.refused > 0 || loose->tally.critical > 0)
		return 2;
	if (loose->tally.unknown > 0)
		return 3;
	return loose->tally.warnings > 0 ? 1 : 0;
}
