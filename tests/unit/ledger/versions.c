/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/book.h"
#include "tap.h"

static const struct extended_attribute labels[] = {
	{ "security.selinux", { (const uint8_t *)"cert_t", 7 } },
	{ "user.empty", { (const uint8_t *)"", 0 } },
};

static struct file_version
version_of(const char *path, const char *content)
{
	return (struct file_version){
		.service = "nginx:/etc/nginx/nginx.conf",
		.path = path,
		.exists = true,
		.digest = digest_of(text_span(content)),
		.identity = { .type = FILE_REGULAR,
			.device = UINT64_MAX,
			.inode = 7,
			.size = strlen(content),
			.links = 1,
			.owner = UINT32_MAX - 1,
			.group = 33,
			.mode = 04640,
			.modified = { 1'000, 999'999'999 },
			.changed = { -5, 1 } },
		.accessed = { 3'000'000'000, 5 },
		.attributes = labels,
		.attribute_count = COUNT_OF(labels),
		.is_sound = true,
	};
}

static int
see(struct book *book, const struct file_version *version, int64_t now)
{
	struct err err = { 0 };

	return ledger_saw(book->ledger, version, now, &err);
}

static size_t
versions_of(struct book *book, const char *path, struct file_version **ret)
{
	struct err err = { 0 };
	size_t count;

	return ledger_versions(book->ledger, book->arena, path, ret, &count, &err) == 0 ? count
											: SIZE_MAX;
}

static bool
same_version(const struct file_version *a, const struct file_version *b)
{
	if (a->attribute_count != b->attribute_count)
		return false;
	for (size_t i = 0; i < a->attribute_count; i++)
		if (strcmp(a->attributes[i].name, b->attributes[i].name) != 0 ||
			!span_equal(a->attributes[i].value, b->attributes[i].value))
			return false;
	return strcmp(a->service, b->service) == 0 && strcmp(a->path, b->path) == 0 &&
	       a->exists == b->exists && digest_equal(&a->digest, &b->digest) &&
	       a->identity.type == b->identity.type && a->identity.device == b->identity.device &&
	       a->identity.inode == b->identity.inode && a->identity.size == b->identity.size &&
	       a->identity.links == b->identity.links && a->identity.owner == b->identity.owner &&
	       a->identity.group == b->identity.group && a->identity.mode == b->identity.mode &&
	       a->identity.modified.seconds == b->identity.modified.seconds &&
	       a->identity.modified.nanoseconds == b->identity.modified.nanoseconds &&
	       a->identity.changed.seconds == b->identity.changed.seconds &&
	       a->identity.changed.nanoseconds == b->identity.changed.nanoseconds &&
	       a->accessed.seconds == b->accessed.seconds &&
	       a->accessed.nanoseconds == b->accessed.nanoseconds && a->is_sound == b->is_sound;
}

TEST(whole, "a version comes back with everything that a way back needs")
{
	struct file_version version = version_of("/ca.pem", "a"), *found;
	BOOK;

	CHECK(see(&book, &version, 100) == 0);
	book_reopen(&book);
	CHECK(versions_of(&book, "/ca.pem", &found) == 1);
	CHECK(same_version(&found[0], &version));
	CHECK(found[0].first_seen == 100 && found[0].last_seen == 100);
	CHECK(found[0].link_target == NULL);
	CHECK(versions_of(&book, "/ca.pe", &found) == 0);
}

TEST(again, "the same version seen again moves its time on and is no new one")
{
	struct file_version version = version_of("/ca.pem", "a"), *found;
	BOOK;

	CHECK(see(&book, &version, 100) == 0 && see(&book, &version, 200) == 0);
	CHECK(versions_of(&book, "/ca.pem", &found) == 1);
	CHECK(found[0].first_seen == 100 && found[0].last_seen == 200);
	/* It was thought sound, and is not by what is known today. */
	version.is_sound = false;
	CHECK(see(&book, &version, 300) == 0);
	CHECK(versions_of(&book, "/ca.pem", &found) == 1);
	CHECK(!found[0].is_sound);
}

TEST(newest_first,
	"other content, owner, mode or change time is a new version; the newest is first")
{
	struct file_version changes[5], *found;
	BOOK;

	for (size_t i = 0; i < COUNT_OF(changes); i++)
		changes[i] = version_of("/ca.pem", i >= 1 ? "b" : "a");
	changes[2].identity.owner = 0;
	changes[3].identity.mode = 0600;
	changes[4].identity.changed.nanoseconds = 2;
	for (size_t i = 0; i < COUNT_OF(changes); i++)
		CHECK(see(&book, &changes[i], 100 + (int64_t)i) == 0);
	CHECK(versions_of(&book, "/ca.pem", &found) == COUNT_OF(changes));
	for (size_t i = 0; i < COUNT_OF(changes); i++)
		CHECK(same_version(&found[i], &changes[COUNT_OF(changes) - 1 - i]));
}

TEST(returned,
	"a content that comes back is a version of its own: what lay between is not forgotten")
{
	struct file_version a = version_of("/ca.pem", "a"), b = version_of("/ca.pem", "b"), *found;
	BOOK;

	CHECK(see(&book, &a, 100) == 0 && see(&book, &b, 200) == 0 && see(&book, &a, 300) == 0);
	CHECK(versions_of(&book, "/ca.pem", &found) == 3);
	CHECK(found[0].first_seen == 300 && found[2].last_seen == 100);
}

TEST(links, "of a symbolic link the target is kept; of what is missing, that it is")
{
	struct file_version link = { .path = "/ca.pem", .exists = true, .link_target = "a\nb" };
	struct file_version gone = { .path = "/gone.pem" }, *found;
	BOOK;

	link.identity.type = FILE_LINK;
	CHECK(see(&book, &link, 1) == 0 && see(&book, &gone, 1) == 0);
	CHECK(versions_of(&book, "/ca.pem", &found) == 1);
	CHECK(found[0].identity.type == FILE_LINK && found[0].service == NULL);
	CHECK_TEXT(found[0].link_target, "a\nb");
	CHECK(versions_of(&book, "/gone.pem", &found) == 1);
	CHECK(!found[0].exists);
}

TEST(batch, "a batch is kept whole where it ends well, and not at all where it is aborted")
{
	struct file_version version = version_of("/ca.pem", "a"), *found;
	struct digest digest;
	struct span bytes;
	struct err err = { 0 };
	BOOK;

	CHECK(ledger_batch_begin(book.ledger, &err) == 0);
	CHECK(ledger_put(book.ledger, text_span("a"), &digest, &err) == 0);
	CHECK(see(&book, &version, 1) == 0);
	ledger_batch_abort(book.ledger);
	CHECK(versions_of(&book, "/ca.pem", &found) == 0);
	CHECK(ledger_get(book.ledger, book.arena, &digest, &bytes, &err) == 0);
	CHECK(ledger_batch_begin(book.ledger, &err) == 0);
	CHECK(see(&book, &version, 1) == 0);
	CHECK(ledger_batch_end(book.ledger, &err) == 0);
	book_reopen(&book);
	CHECK(versions_of(&book, "/ca.pem", &found) == 1);
}

static int
save(struct book *book, const char *service, const char *name, struct file_version *files,
	size_t count, int64_t *ret_id)
{
	struct baseline baseline = { .service = service,
		.name = name,
		.saved_at = 500,
		.files = files,
		.file_count = count };
	struct err err = { 0 };
	int result = ledger_baseline_save(book->ledger, &baseline, &err);

	*ret_id = baseline.id;
	return result;
}

TEST(baselines, "baselines are listed newest first, of one service or of all, each with its files")
{
	struct file_version files[] = { version_of("/b.pem", "b"), version_of("/a.pem", "a") };
	int64_t first, second, other;
	struct baseline *found;
	struct err err = { 0 };
	size_t count;
	BOOK;

	CHECK(save(&book, "nginx:/n", "before", files, 2, &first) == 0);
	CHECK(save(&book, "haproxy:/h", NULL, files, 1, &other) == 0);
	CHECK(save(&book, "nginx:/n", "after", files, 1, &second) == 0);
	book_reopen(&book);
	CHECK(ledger_baselines(book.ledger, book.arena, "nginx:/n", &found, &count, &err) == 0);
	CHECK(count == 2 && found[0].id == second && found[1].id == first);
	CHECK_TEXT(found[0].name, "after");
	CHECK(found[1].saved_at == 500 && found[1].file_count == 2);
	CHECK(same_version(&found[1].files[0], &files[0]));
	CHECK(same_version(&found[1].files[1], &files[1]));
	CHECK(ledger_baselines(book.ledger, book.arena, NULL, &found, &count, &err) == 0);
	CHECK(count == 3 && found[1].id == other);
	CHECK_TEXT(found[1].name, "");
	CHECK(ledger_baselines(book.ledger, book.arena, "nginx:/", &found, &count, &err) == 0);
	CHECK(count == 0);
}

TEST(baseline_apart, "a baseline's versions were not seen in place, and what is seen changes none")
{
	struct file_version files[] = { version_of("/a.pem", "a") }, *found;
	struct baseline *baselines;
	struct err err = { 0 };
	int64_t id;
	size_t count;
	BOOK;

	CHECK(save(&book, "nginx:/n", "", files, 1, &id) == 0);
	CHECK(versions_of(&book, "/a.pem", &found) == 0);
	files[0].is_sound = false;
	CHECK(see(&book, &files[0], 900) == 0);
	CHECK(ledger_baselines(book.ledger, book.arena, NULL, &baselines, &count, &err) == 0);
	CHECK(baselines[0].files[0].is_sound && baselines[0].files[0].last_seen != 900);
}

TEST(baseline_whole, "a baseline of which one file cannot be kept is not kept at all")
{
	struct file_version files[] = { version_of("/a.pem", "a"), { .path = NULL } };
	struct baseline *found;
	struct err err = { 0 };
	int64_t id;
	size_t count;
	BOOK;

	CHECK(save(&book, "nginx:/n", "", files, 2, &id) == -1);
	CHECK(ledger_baselines(book.ledger, book.arena, NULL, &found, &count, &err) == 0);
	CHECK(count == 0);
	/* And the ledger goes on. */
	CHECK(save(&book, "nginx:/n", "", files, 1, &id) == 0);
}

TAP_MAIN()
