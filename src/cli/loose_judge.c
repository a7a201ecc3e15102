/* SPDX-License-Identifier: Apache-2.0 */
/* A portion of certificates, judged before each bar, and the rows that say so. Runs in several
 * threads: nothing of the session is written to. */
#include <pthread.h>

#include "cli/loose.h"

enum {
	ROWS_OF_ARENA = 64,       /* brief ones, before their memory is freed */
	FILE_KEPT_BYTES = 16'384, /* of a file that is kept until the portion ends */
};

/* One certificate at a time. */
struct hearing_of_one {
	struct loose_worker *worker;
	struct sheet *sheet;
	struct arena *arena;
	struct style style;
	struct json json, divisions;
	unsigned lines; /* before the piece that is read */
	bool is_part;
	unsigned rows; /* since the arena was made */
	/* Files that the stores still have views of. */
	struct cutter kept[PORTION_MAX_FILES];
	size_t kept_count;
};

/* The library contexts of stores are not made by several at once. Whoever works in the calling
 * thread has no one beside it, and reads in the box that is there. */
static void
worker_begin(struct loose_worker *worker)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const struct loose *loose = worker->loose;
	bool is_alone = pthread_equal(pthread_self(), loose->caller) != 0;

	if (worker->judge != NULL)
		return;
	(void)pthread_mutex_lock(&lock);
	quiet_hold();
	worker->judge = judge_new();
	quiet_release();
	worker->stores = is_alone ? stores_new_beside(loose->stores) : stores_new_in_thread();
	judge_use_ocsp(worker->judge, loose->ocsp);
	judge_use_tables(worker->judge, loose->tables);
	stores_skip_reviews(worker->stores);
	if (!is_alone)
		stores_use_passwords(worker->stores, loose->session->passwords);
	(void)pthread_mutex_unlock(&lock);
}

void
loose_worker_end(struct loose_worker *worker)
{
	stores_free(worker->stores);
	if (worker->judge != NULL)
		judge_free(worker->judge);
}

/* Items of the session's array, with the comma that the first one of all does not want. */
static struct json
row_json(const struct session *session, struct buffer *rows)
{
	struct json json = session->json;

	json.out = rows;
	json.has_items[json.depth] = true;
	json.after_key = false;
	return json;
}

static void
count_row(struct tally *tally, const struct judged *judged)
{
	const struct verdict *verdict = judged->verdict;

	tally->judged++;
	if (judged->is_unjudged || (verdict != NULL && verdict->accepted))
		return;
	if (verdict == NULL || verdict->undetermined)
		tally->unknown++;
	else
		tally->refused++;
}

/* Once there is no room for one, for all behind it. */
static void
add_divisions(struct hearing_of_one *hearing, const struct judged *judged, size_t count)
{
	struct sheet *sheet = hearing->sheet;

	if (sheet->divisions.length < LOOSE_MAX_DIVISIONS)
		sheet->division_count +=
			report_divisions_json(hearing->arena, judged, count, &hearing->divisions);
	else
		sheet->divisions_more += report_divisions_json(hearing->arena, judged, count, NULL);
}

/* All that are of one certificate. */
static void
add_rows(struct hearing_of_one *hearing, const struct judged *judged, size_t count)
{
	const struct options *options = &hearing->worker->loose->session->options;
	struct sheet *sheet = hearing->sheet;

	for (size_t i = 0; i < count; i++)
		count_row(&sheet->tally, &judged[i]);
	if (options->json) {
		report_verify_json(hearing->arena, judged, count, &hearing->json);
		add_divisions(hearing, judged, count);
	} else if (options->dot) {
		for (size_t i = 0; i < count; i++)
			report_verify_dot(hearing->arena, &judged[i], &sheet->rows);
	} else if (!options->quiet) {
		report_verify_text(hearing->arena, judged, count, &hearing->style, &sheet->rows);
	}
}

/* The file, and where in it there are several, the line. */
static const char *
source_of(const struct hearing_of_one *hearing, const struct store *store, const char *path,
	unsigned line)
{
	if (store->entry_count == 1 && !hearing->is_part)
		return store->path;
	return arena_printf(hearing->arena, "%s:%u", path, hearing->lines + line);
}

/* What cannot be read is no certificate to anybody (RFC 5280 4.1), and so not one that is accepted.
 */
static const struct verdict *
refuse_damage(struct arena *arena, const struct verifier *verifier, const char *text)
{
	static const char rule[] = "encoding";
	struct verdict *verdict = arena_alloc(arena, sizeof(*verdict));
	struct path *path = arena_alloc(arena, sizeof(*path));

	path->failures[path->failure_count++] =
		(struct failure){ .rule = rule, .error = LOOSE_UNREADABLE, .text = text };
	verdict->engine =
		verifier == NULL || verifier->by_standard ? JUDGE_STANDARD : verifier->engine;
	verdict->rule = rule;
	verdict->error = LOOSE_UNREADABLE;
	verdict->text = text;
	verdict->paths = path;
	verdict->path_count = 1;
	return verdict;
}

static void
add_damage(struct hearing_of_one *hearing, const struct store *store, const struct defect *defect)
{
	const struct loose *loose = hearing->worker->loose;
	const struct client client = { .name = store->path, .problem = defect->text };
	const char *source =
		arena_printf(hearing->arena, "%s:%u", defect->path, hearing->lines + defect->line);
	struct judged *rows = arena_alloc(hearing->arena, (loose->bar_count + 1) * sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < loose->bar_count || i == 0; i++)
		rows[count++] = (struct judged){
			.client = &client,
			.source = source,
			.verifier = loose->bar_count > 0 ? loose->bars[i].name : NULL,
			.verdict = refuse_damage(hearing->arena,
				loose->bar_count > 0 ? loose->bars[i].verifier : NULL,
				defect->text),
		};
	add_rows(hearing, rows, count);
}

/* Neither accepted nor refused: nobody could look at it. */
static void
add_problem(struct hearing_of_one *hearing, const char *path, const char *problem)
{
	const struct client client = { .name = path, .problem = problem };

	add_rows(hearing, &(struct judged){ .client = &client, .source = path }, 1);
}

/* Whether a row wants no more than the verdict. */
static bool
is_brief(const struct session *session)
{
	return !session->options.json && !session->options.dot && !session->style.verbose;
}

/* Lints are of the certificate, whoever judges it. */
static void
look_at(struct hearing_of_one *hearing, const struct cert *cert, struct judged *ret)
{
	struct tally *tally = &hearing->sheet->tally;
	const struct lint **lints = arena_alloc(hearing->arena, LINT_MAX * sizeof(*lints));
	enum lint_severity worst = LINT_NOTE;

	quiet_hold();
	ret->lint_count = lint_cert(cert, hearing->worker->loose->session->at, lints);
	quiet_release();
	ret->lints = lints;
	for (size_t i = 0; i < ret->lint_count; i++)
		worst = lints[i]->severity > worst ? lints[i]->severity : worst;
	tally->critical += worst == LINT_CRITICAL;
	tally->warnings += worst == LINT_WARNING;
}

/* Before one bar; libraries are called for that. */
static const struct verdict *
judge_at(struct hearing_of_one *hearing, const struct bar *bar, const struct client *client)
{
	struct judge *judge = hearing->worker->judge;
	const struct session *session = hearing->worker->loose->session;
	const struct verdict *verdict;

	quiet_hold();
	verdict = is_brief(session) ? judge_briefly(judge, hearing->arena, bar->verifier,
					      bar->trust, client, session->at)
				    : judge_client(judge, hearing->arena, bar->verifier, bar->trust,
					      client, session->at);
	quiet_release();
	return verdict;
}

/* Whether it took no more than a verdict. */
static bool
judge_one(struct hearing_of_one *hearing, const struct client *client, const char *source)
{
	const struct loose *loose = hearing->worker->loose;
	struct judged looked = { .client = client, .source = source, .is_unjudged = true };
	struct judged *rows = arena_alloc(hearing->arena, (loose->bar_count + 1) * sizeof(*rows));
	size_t paths = 0;

	if (loose->session->options.lint)
		look_at(hearing, &client->chain[0], &looked);
	rows[0] = looked;
	for (size_t i = 0; i < loose->bar_count; i++) {
		rows[i] = looked;
		rows[i].is_unjudged = false;
		rows[i].verifier = loose->bars[i].name;
		rows[i].verdict = judge_at(hearing, &loose->bars[i], client);
		paths += rows[i].verdict->path_count;
	}
	add_rows(hearing, rows, loose->bar_count > 0 ? loose->bar_count : 1);
	return paths == 0;
}

/* The certificate, and with --chain all that follow it in its file, which belong to it. */
static bool
judge_entry(struct hearing_of_one *hearing, const struct store *store, size_t index)
{
	const struct loose *loose = hearing->worker->loose;
	const struct entry *entry = &store->entries[index];
	struct client client = {
		.name = store->path,
		.must_be_accepted = true,
		.chain = &entry->cert,
		.chain_length = 1,
		.shared = loose->untrusted,
		.shared_count = loose->untrusted_count,
	};

	if (loose->session->options.chain) {
		struct cert *chain =
			arena_alloc(hearing->arena, (store->entry_count - index) * sizeof(*chain));

		client.chain_length = 0;
		for (size_t i = index; i < store->entry_count; i++)
			if (store->entries[i].kind == ENTRY_CERTIFICATE)
				chain[client.chain_length++] = store->entries[i].cert;
		client.chain = chain;
	}
	return judge_one(hearing, &client, source_of(hearing, store, entry->path, entry->line));
}

/* Results live no longer than their rows, and all paths of a certificate take much. */
static void
renew_arena(struct hearing_of_one *hearing, bool is_brief)
{
	if (is_brief && ++hearing->rows < ROWS_OF_ARENA)
		return;
	hearing->rows = 0;
	arena_free(hearing->arena);
	hearing->arena = hearing->style.arena = arena_new();
}

/* Where in the file; of one that is lost as a whole, the file. */
static const char *
place_of(const struct hearing_of_one *hearing, const struct store *store,
	const struct defect *defect)
{
	if (store->entry_count == 0 && store->defect_count == 1 && !hearing->is_part)
		return store->path;
	return arena_printf(hearing->arena, "%s:%u", defect->path, hearing->lines + defect->line);
}

/* A block that is damaged is a certificate that nobody takes; where more is lost, or closed, nobody
 * knows what is in it. */
static void
add_defect(struct hearing_of_one *hearing, const struct store *store, const struct defect *defect)
{
	if (defect->is_block)
		add_damage(hearing, store, defect);
	else
		add_problem(hearing, place_of(hearing, store, defect), defect->text);
	renew_arena(hearing, false);
}

static bool
is_shown(const struct defect *defect)
{
	return defect->is_block || defect_is_loss(defect);
}

/* Many of one store are looked at together first, where rows are brief. */
static void
foresee(struct hearing_of_one *hearing, const struct store *store)
{
	const struct loose *loose = hearing->worker->loose;
	CLEANUP(mem_freep)
	const struct cert **certs =
		mem_alloc((store->entry_count + 1) * sizeof(const struct cert *));
	size_t count = 0;

	for (size_t i = 0; i < store->entry_count; i++)
		if (store->entries[i].kind == ENTRY_CERTIFICATE)
			certs[count++] = &store->entries[i].cert;
	if (count < 2 || !is_brief(loose->session) || loose->session->options.chain)
		return;
	quiet_hold();
	for (size_t i = 0; i < loose->bar_count; i++)
		judge_foresee(hearing->worker->judge, loose->bars[i].verifier, loose->bars[i].trust,
			certs, count, loose->session->at);
	quiet_release();
}

/* Certificates and damage in the order of the file. */
static void
judge_store(struct hearing_of_one *hearing, const struct store *store)
{
	bool whole = hearing->worker->loose->session->options.chain, has_judged = false;
	size_t damage = 0, index = 0;

	if (store->state == STORE_UNREAD)
		add_problem(hearing, store->path, store->problem);
	foresee(hearing, store);
	while (index < store->entry_count || damage < store->defect_count) {
		const struct entry *entry =
			index < store->entry_count ? &store->entries[index] : NULL;
		const struct defect *defect =
			damage < store->defect_count ? &store->defects[damage] : NULL;

		if (defect != NULL && !is_shown(defect)) {
			damage++;
		} else if (entry != NULL &&
			   (entry->kind != ENTRY_CERTIFICATE || (whole && has_judged))) {
			index++;
		} else if (defect != NULL && (entry == NULL || defect->line <= entry->line)) {
			add_defect(hearing, store, defect);
			damage++;
		} else {
			renew_arena(hearing, judge_entry(hearing, store, index++));
			has_judged = true;
		}
	}
}

static void
judge_bytes(struct hearing_of_one *hearing, const char *path, const struct piece *piece)
{
	hearing->lines = piece->lines;
	hearing->is_part = piece->is_part;
	judge_store(hearing, stores_read_bytes(hearing->worker->stores, path, piece->bytes));
}

/* What stores opened is a view of bytes that go now. */
static void
forget(struct hearing_of_one *hearing)
{
	stores_forget(hearing->worker->stores);
	while (hearing->kept_count > 0)
		cutter_end(&hearing->kept[--hearing->kept_count]);
}

static void
judge_file(struct hearing_of_one *hearing, const struct portion_file *file)
{
	struct cutter *cutter = &hearing->kept[hearing->kept_count];
	struct err err = {};
	struct piece piece = {};
	int more;

	if (portions_open(hearing->worker->loose->portions, file, cutter, &err) < 0) {
		add_problem(hearing, file->path, err.message);
		return;
	}
	hearing->kept_count++;
	while ((more = cutter_next(cutter, &piece, &err)) > 0 && !cutter_is_over(cutter)) {
		judge_bytes(hearing, file->path, &piece);
		stores_forget(hearing->worker->stores);
	}
	if (more > 0)
		judge_bytes(hearing, file->path, &piece);
	if (more < 0)
		add_problem(hearing, file->path, err.message);
	fd_close(&cutter->fd);
	if (cutter->bytes.capacity > FILE_KEPT_BYTES)
		forget(hearing);
}

void
loose_judge(struct loose_worker *worker, struct sheet *sheet)
{
	const struct portion *portion = sheet->portion;
	struct hearing_of_one hearing = {
		.worker = worker,
		.sheet = sheet,
		.arena = arena_new(),
		.style = worker->loose->session->style,
		.json = row_json(worker->loose->session, &sheet->rows),
		.divisions = row_json(worker->loose->session, &sheet->divisions),
	};

	worker_begin(worker);
	hearing.style.arena = hearing.arena;
	if (sheet->store != NULL)
		judge_store(&hearing, sheet->store);
	if (portion != NULL && portion->piece.bytes.length > 0)
		judge_bytes(&hearing, portion->path, &portion->piece);
	forget(&hearing);
	for (size_t i = 0; portion != NULL && i < portion->file_count; i++)
		judge_file(&hearing, &portion->files[i]);
	forget(&hearing);
	quiet_hold();
	judge_trim(worker->judge);
	quiet_release();
	arena_free(hearing.arena);
}
