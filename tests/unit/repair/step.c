/* SPDX-License-Identifier: Apache-2.0 */
#include "repair/step.h"

#include "ledger/book.h"
#include "tap.h"

/* What a step finds, and all that must be had back. */
struct state {
	struct file_version version;
	struct span bytes;
};

static struct state
state_of(struct book *book, const char *name)
{
	struct state state;
	struct err err = { 0 };
	const char *path = arena_strdup(book->arena, place_path(&book->place, name));

	place_must(version_take(book->arena, path, &state.version, &state.bytes, &err) == 0,
		err.message);
	return state;
}

/* All but the inode and the change time, which nobody can set. */
static bool
is_same(const struct state *a, const struct state *b)
{
	const struct file_identity *x = &a->version.identity, *y = &b->version.identity;
	bool same = a->version.exists == b->version.exists && x->type == y->type &&
		    x->owner == y->owner && x->group == y->group && x->mode == y->mode &&
		    x->links == y->links && x->modified.seconds == y->modified.seconds &&
		    x->modified.nanoseconds == y->modified.nanoseconds &&
		    a->version.accessed.seconds == b->version.accessed.seconds &&
		    a->version.attribute_count == b->version.attribute_count &&
		    span_equal(a->bytes, b->bytes) &&
		    (a->version.link_target == NULL) == (b->version.link_target == NULL);

	if (same && a->version.link_target != NULL)
		same = strcmp(a->version.link_target, b->version.link_target) == 0;
	for (size_t i = 0; same && i < a->version.attribute_count; i++)
		same = strcmp(a->version.attributes[i].name, b->version.attributes[i].name) == 0 &&
		       span_equal(a->version.attributes[i].value, b->version.attributes[i].value);
	return same;
}

static void
age(struct book *book, const char *name)
{
	const struct timespec times[2] = { { 1'000'000, 0 }, { 2'000'000, 123'456'789 } };

	place_must(utimensat(AT_FDCWD, place_path(&book->place, name), times,
			   AT_SYMLINK_NOFOLLOW) == 0,
		name);
}

/* A file of the past with all that a file can have. */
static void
old_file(struct book *book, const char *name, const char *content)
{
	place_file(&book->place, name, content);
	place_access(&book->place, name, 0640, getuid(), getgid());
	(void)setxattr(place_path(&book->place, name), "user.note", "kept", 4, 0);
	age(book, name);
}

static struct step
step_of(struct book *book, enum step_kind kind, const char *name)
{
	struct step step = { .number = 1,
		.kind = kind,
		.mode = 0600,
		.owner = getuid(),
		.group = getgid(),
		.before = state_of(book, name).version };

	step.path = step.before.path;
	return step;
}

/* A step that writes new content over what is there, whose former content is in the ledger. */
static struct step
write_step(struct book *book, const char *name, const char *content)
{
	struct step step = step_of(book, STEP_WRITE, name);
	struct state now = state_of(book, name);
	struct err err = { 0 };
	struct digest digest;

	place_must(ledger_put(book->ledger, now.bytes, &digest, &err) == 0, err.message);
	step.content = text_span(content);
	step.after = digest_of(step.content);
	step.staged = arena_printf(book->arena, "%s.staged", step.path);
	return step;
}

static bool
does(struct book *book, const struct step *step, struct err *err)
{
	if (step->kind == STEP_WRITE || step->kind == STEP_SPLICE)
		if (step_stage(book->arena, step, step->content, err) < 0)
			return false;
	return step_do(step, err) == 0;
}

static bool
undoes(struct book *book, const struct step *step, struct err *err)
{
	return step_undo(book->arena, book->ledger, step, err) == 0;
}

TEST(write, "a write keeps owner, mode and attributes, and is undone to the last of them")
{
	struct state before, after, undone;
	struct err err = { 0 };
	struct step step;
	BOOK;

	old_file(&book, "ca.pem", "old");
	before = state_of(&book, "ca.pem");
	step = write_step(&book, "ca.pem", "new content");
	CHECK(step_check(book.arena, &step, &err) == 0);
	CHECK(does(&book, &step, &err));
	after = state_of(&book, "ca.pem");
	CHECK(span_equal(after.bytes, text_span("new content")));
	CHECK(after.version.identity.mode == 0640 &&
		after.version.attribute_count == before.version.attribute_count);
	CHECK(step_check_after(book.arena, &step, &err) == 0);
	CHECK(undoes(&book, &step, &err));
	undone = state_of(&book, "ca.pem");
	CHECK(is_same(&undone, &before));
	CHECK(!state_of(&book, "ca.pem.staged").version.exists);
	CHECK(!state_of(&book, "ca.pem.trustmend-undo").version.exists);
}

TEST(twice, "undoing twice is undoing once; undoing what was only staged removes the staged file")
{
	struct state before, undone;
	struct err err = { 0 };
	struct step step;
	BOOK;

	old_file(&book, "ca.pem", "old");
	before = state_of(&book, "ca.pem");
	step = write_step(&book, "ca.pem", "new");
	CHECK(step_stage(book.arena, &step, step.content, &err) == 0);
	CHECK(undoes(&book, &step, &err));
	CHECK(!state_of(&book, "ca.pem.staged").version.exists);
	undone = state_of(&book, "ca.pem");
	CHECK(is_same(&undone, &before));
	CHECK(does(&book, &step, &err) && undoes(&book, &step, &err) && undoes(&book, &step, &err));
	undone = state_of(&book, "ca.pem");
	CHECK(is_same(&undone, &before));
}

TEST(staged_privately, "a staged file has its final owner and mode, and no other may make it first")
{
	struct err err = { 0 };
	struct step step;
	struct state staged;
	BOOK;

	old_file(&book, "ca.pem", "old");
	step = write_step(&book, "ca.pem", "new");
	place_link(&book.place, "ca.pem.staged", "victim");
	CHECK(step_stage(book.arena, &step, step.content, &err) == -1);
	CHECK(!state_of(&book, "victim").version.exists);
	step_unstage(&step);
	CHECK(step_stage(book.arena, &step, step.content, &err) == 0);
	staged = state_of(&book, "ca.pem.staged");
	CHECK(staged.version.identity.mode == 0640);
	CHECK(span_equal(state_of(&book, "ca.pem").bytes, text_span("old")));
}

TEST(read_back, "staged content that is not what was planned is an error")
{
	struct err err = { 0 };
	struct step step;
	BOOK;

	old_file(&book, "ca.pem", "old");
	step = write_step(&book, "ca.pem", "new");
	CHECK(step_stage(book.arena, &step, text_span("neW"), &err) == -1);
	CHECK(err.code == ERR_IO);
}

TEST(create, "a file that is created gets the plan's mode, and is gone when it is undone")
{
	struct err err = { 0 };
	struct step step;
	struct state made;
	BOOK;

	step = write_step(&book, "new.pem", "new");
	CHECK(does(&book, &step, &err));
	made = state_of(&book, "new.pem");
	CHECK(made.version.identity.mode == 0600 && span_equal(made.bytes, text_span("new")));
	CHECK(undoes(&book, &step, &err));
	CHECK(!state_of(&book, "new.pem").version.exists);
}

TEST(create_cut_short, "a creation that was begun and never done is undone without a word")
{
	struct err err = { 0 };
	struct step step;
	BOOK;

	step = write_step(&book, "new.pem", "new");
	CHECK(step_stage(book.arena, &step, step.content, &err) == 0);
	CHECK(undoes(&book, &step, &err));
	CHECK(!state_of(&book, "new.pem").version.exists);
	CHECK(!state_of(&book, "new.pem.staged").version.exists);
}

TEST(changed_before,
	"who changed, replaced, opened or removed the file since the plan stops the step: 75")
{
	static const char *const commands[] = { "echo x >> ca.pem", "cp -p ca.pem 2 && mv 2 ca.pem",
		"chmod 0644 ca.pem", "rm ca.pem", "rm ca.pem && ln -s /dev/null ca.pem" };

	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		struct err err = { 0 };
		struct step step;
		const char *command;
		BOOK;

		old_file(&book, "ca.pem", "old");
		step = write_step(&book, "ca.pem", "new");
		command = arena_printf(book.arena, "cd %s && %s", book.place.root, commands[i]);
		CHECK(system(command) == 0);
		CHECK(step_check(book.arena, &step, &err) == -1);
		CHECK(err.code == ERR_BUSY && err_exit_status(err.code) == 75);
	}
}

TEST(appeared_before, "a file that appeared where one was to be created stops the step")
{
	struct err err = { 0 };
	struct step step;
	BOOK;

	step = write_step(&book, "new.pem", "new");
	place_file(&book.place, "new.pem", "theirs");
	CHECK(step_check(book.arena, &step, &err) == -1 && err.code == ERR_BUSY);
}

TEST(changed_after, "what somebody wrote after the step is never overwritten by undoing it")
{
	struct err err = { 0 };
	struct step step;
	BOOK;

	old_file(&book, "ca.pem", "old");
	step = write_step(&book, "ca.pem", "new");
	CHECK(does(&book, &step, &err));
	place_file(&book.place, "ca.pem", "theirs");
	CHECK(step_check_after(book.arena, &step, &err) == -1 && err.code == ERR_BUSY);
	CHECK(!undoes(&book, &step, &err) && err.code == ERR_BUSY);
	CHECK(span_equal(state_of(&book, "ca.pem").bytes, text_span("theirs")));
	step = write_step(&book, "new.pem", "new");
	CHECK(does(&book, &step, &err));
	place_file(&book.place, "new.pem", "theirs");
	CHECK(!undoes(&book, &step, &err));
	CHECK(span_equal(state_of(&book, "new.pem").bytes, text_span("theirs")));
}

TEST(no_content, "where the ledger has not the former content, undoing says so and changes nothing")
{
	struct err err = { 0 };
	struct step step;
	struct digest digest;
	BOOK;

	old_file(&book, "ca.pem", "old");
	step = write_step(&book, "ca.pem", "new");
	CHECK(does(&book, &step, &err));
	ledger_close(book.ledger);
	book.ledger = ledger_open(place_path(&book.place, "other"), true, &err);
	CHECK(ledger_put(book.ledger, text_span("another"), &digest, &err) == 0);
	CHECK(!undoes(&book, &step, &err) && err.code == ERR_UNDONE_NOT);
	CHECK(span_equal(state_of(&book, "ca.pem").bytes, text_span("new")));
}

TEST(splice, "of a configuration the changed bytes alone are put back, without the ledger's help")
{
	struct state before, undone;
	struct err err = { 0 };
	struct step step;
	BOOK;

	old_file(&book, "nginx.conf", "depth 1; # secret");
	before = state_of(&book, "nginx.conf");
	step = step_of(&book, STEP_SPLICE, "nginx.conf");
	step.offset = 6;
	step.old_bytes = text_span("1");
	step.new_bytes = text_span("23");
	step.content = text_span("depth 23; # secret");
	step.after = digest_of(step.content);
	step.staged = arena_printf(book.arena, "%s.staged", step.path);
	CHECK(does(&book, &step, &err));
	CHECK(undoes(&book, &step, &err));
	undone = state_of(&book, "nginx.conf");
	CHECK(is_same(&undone, &before));
}

static bool
splices_to(const struct step *step, const char *present, bool backwards, const char *wanted)
{
	CLEANUP(buffer_free) struct buffer content = { 0 };
	struct err err = { 0 };

	if (step_spliced(step, text_span(present), backwards, &content, &err) < 0)
		return wanted == NULL && err.code == ERR_BUSY;
	return wanted != NULL && span_equal(buffer_span(&content), text_span(wanted));
}

TEST(spliced, "a splice fits only where the bytes stand that it was planned for")
{
	struct step step = { .offset = 1, .old_bytes = { (const uint8_t *)"bc", 2 } };

	CHECK(splices_to(&step, "abcd", false, "ad"));
	CHECK(splices_to(&step, "ad", true, "abcd"));
	CHECK(splices_to(&step, "axcd", false, NULL));
	CHECK(splices_to(&step, "ab", false, NULL));
	CHECK(splices_to(&step, "", true, NULL));
	step.offset = SIZE_MAX;
	CHECK(splices_to(&step, "abcd", false, NULL));
}

TEST(mode, "a mode and an owner are set, and undone with the times")
{
	static const enum step_kind kinds[] = { STEP_MODE, STEP_OWNER };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct state before, undone, done;
		struct err err = { 0 };
		struct step step;
		BOOK;

		old_file(&book, "ca.pem", "old");
		before = state_of(&book, "ca.pem");
		step = step_of(&book, kinds[i], "ca.pem");
		step.mode = kinds[i] == STEP_MODE ? 0600 : 0640;
		step.group = kinds[i] == STEP_OWNER && getuid() == 0 ? 33 : getgid();
		CHECK(does(&book, &step, &err));
		done = state_of(&book, "ca.pem");
		CHECK(done.version.identity.mode == step.mode &&
			done.version.identity.group == step.group);
		CHECK(step_check_after(book.arena, &step, &err) == 0);
		CHECK(undoes(&book, &step, &err));
		undone = state_of(&book, "ca.pem");
		CHECK(is_same(&undone, &before));
	}
}

TEST(mode_changed_after, "a mode that somebody set after the step is left as it is")
{
	struct err err = { 0 };
	struct step step;
	BOOK;

	old_file(&book, "ca.pem", "old");
	step = step_of(&book, STEP_MODE, "ca.pem");
	CHECK(does(&book, &step, &err));
	CHECK(chmod(step.path, 0400) == 0);
	CHECK(step_check_after(book.arena, &step, &err) == -1 && err.code == ERR_BUSY);
	CHECK(!undoes(&book, &step, &err) && err.code == ERR_BUSY);
	CHECK(state_of(&book, "ca.pem").version.identity.mode == 0400);
}

static struct step
link_step(struct book *book, const char *name, const char *target)
{
	struct step step = step_of(book, STEP_LINK, name);

	step.new_bytes = text_span(target);
	return step;
}

TEST(links, "a link is made, or turned; undone it is gone, or as it was with its time")
{
	struct state before, undone;
	struct err err = { 0 };
	struct step step;
	BOOK;

	step = link_step(&book, "1234abcd.0", "ca.pem");
	CHECK(does(&book, &step, &err));
	CHECK_TEXT(state_of(&book, "1234abcd.0").version.link_target, "ca.pem");
	CHECK(undoes(&book, &step, &err) && undoes(&book, &step, &err));
	CHECK(!state_of(&book, "1234abcd.0").version.exists);
	place_link(&book.place, "1234abcd.0", "gone.pem");
	age(&book, "1234abcd.0");
	step = link_step(&book, "1234abcd.0", "ca.pem");
	/* To read a link moves its access time: as the step has it. */
	before = (struct state){ step.before, text_span("") };
	CHECK(does(&book, &step, &err));
	CHECK_TEXT(state_of(&book, "1234abcd.0").version.link_target, "ca.pem");
	CHECK(undoes(&book, &step, &err));
	undone = state_of(&book, "1234abcd.0");
	CHECK(is_same(&undone, &before));
	CHECK(!state_of(&book, "1234abcd.0.trustmend").version.exists);
}

TEST(link_changed_after, "what somebody put in the place of a link of ours is not removed")
{
	struct err err = { 0 };
	struct step step;
	BOOK;

	step = link_step(&book, "1234abcd.0", "ca.pem");
	CHECK(does(&book, &step, &err));
	CHECK(unlink(step.path) == 0);
	place_file(&book.place, "1234abcd.0", "theirs");
	CHECK(step_check_after(book.arena, &step, &err) == -1 && err.code == ERR_BUSY);
	CHECK(!undoes(&book, &step, &err) && err.code == ERR_BUSY);
	CHECK(span_equal(state_of(&book, "1234abcd.0").bytes, text_span("theirs")));
	CHECK(unlink(step.path) == 0);
	place_link(&book.place, "1234abcd.0", "other.pem");
	CHECK(!undoes(&book, &step, &err));
	CHECK_TEXT(state_of(&book, "1234abcd.0").version.link_target, "other.pem");
}

TEST(removed, "a link that is removed comes back; a file in its place stays")
{
	struct state before, undone;
	struct err err = { 0 };
	struct step step;
	BOOK;

	place_link(&book.place, "1234abcd.0", "gone.pem");
	age(&book, "1234abcd.0");
	step = step_of(&book, STEP_REMOVE, "1234abcd.0");
	before = (struct state){ step.before, text_span("") };
	CHECK(undoes(&book, &step, &err));
	CHECK(does(&book, &step, &err));
	CHECK(!state_of(&book, "1234abcd.0").version.exists);
	CHECK(undoes(&book, &step, &err));
	undone = state_of(&book, "1234abcd.0");
	CHECK(is_same(&undone, &before));
	CHECK(does(&book, &step, &err));
	place_file(&book.place, "1234abcd.0", "theirs");
	CHECK(!undoes(&book, &step, &err) && err.code == ERR_BUSY);
	CHECK(span_equal(state_of(&book, "1234abcd.0").bytes, text_span("theirs")));
}

TEST(directory, "a directory's times are had back, and nothing in it is touched")
{
	struct state before, undone;
	struct err err = { 0 };
	struct step step;
	BOOK;

	place_directory(&book.place, "store");
	place_file(&book.place, "store/a", "a");
	age(&book, "store");
	before = state_of(&book, "store");
	step = step_of(&book, STEP_DIRECTORY, "store");
	place_file(&book.place, "store/b", "b");
	CHECK(undoes(&book, &step, &err));
	undone = state_of(&book, "store");
	CHECK(is_same(&undone, &before));
	CHECK(state_of(&book, "store/b").version.exists);
}

TEST(take, "a version is taken without touching the file's access time, and no link is followed")
{
	struct state first, second;
	BOOK;

	old_file(&book, "ca.pem", "old");
	place_link(&book.place, "link.pem", "ca.pem");
	first = state_of(&book, "ca.pem");
	second = state_of(&book, "ca.pem");
	CHECK(first.version.accessed.seconds == 1'000'000);
	CHECK(second.version.accessed.seconds == 1'000'000);
	first = state_of(&book, "link.pem");
	CHECK(first.version.identity.type == FILE_LINK && first.bytes.length == 0);
	CHECK(!state_of(&book, "no/such").version.exists);
}

TAP_MAIN()
