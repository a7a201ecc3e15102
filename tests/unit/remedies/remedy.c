/* SPDX-License-Identifier: Apache-2.0 */
/* Each remedy's edit is exactly what it promises, and nothing beside it. */
#include "remedies/remedy.h"

#include "pki.h"
#include "tap.h"
#include "world/place.h"

struct desk {
	struct place place;
	struct arena *arena;
	struct pki *pki;
	struct stores *stores;
	struct world *world, *overlay;
	const struct pki_cert *a, *b, *c;
	const char *pem_a, *pem_b, *pem_c;
};

static void
desk_end(struct desk *desk)
{
	world_free(desk->overlay);
	stores_free(desk->stores);
	world_free(desk->world);
	pki_free(desk->pki);
	arena_free(desk->arena);
	place_close(&desk->place);
}

static const char *
pem_of(struct desk *desk, const char *label, struct span der)
{
	CLEANUP(mem_freep) char *pem = pki_pem(label, der);

	return arena_strdup(desk->arena, pem);
}

static void
desk_begin(struct desk *desk)
{
	const struct pki_cert **certs[] = { &desk->a, &desk->b, &desk->c };
	const char **pems[] = { &desk->pem_a, &desk->pem_b, &desk->pem_c };

	*desk = (struct desk){ .arena = arena_new(), .pki = pki_new(), .stores = stores_new() };
	place_open(&desk->place);
	desk->world = place_world(&desk->place);
	desk->overlay = world_overlay(desk->world);
	for (size_t i = 0; i < 3; i++) {
		*certs[i] = pki_issue(desk->pki,
			&(struct pki_spec){
				.subject = arena_printf(desk->arena, "CN=CA %zu", i), .ca = true });
		*pems[i] = pem_of(desk, "CERTIFICATE", (*certs[i])->der);
	}
}

#define DESK                                     \
	CLEANUP(desk_end) struct desk desk = {}; \
	desk_begin(&desk)
#define JOIN(...) join(&desk, (const char *const[]){ __VA_ARGS__, NULL })

static const char *
join(struct desk *desk, const char *const *parts)
{
	const char *text = "";

	for (size_t i = 0; parts[i] != NULL; i++)
		text = arena_printf(desk->arena, "%s%s", text, parts[i]);
	return text;
}

static bool
mend(struct desk *desk, const char *kind, struct remedy remedy)
{
	struct err err = { 0 };

	remedy.kind = remedy_kind_find(kind);
	remedy.stores = desk->stores;
	return remedy_apply(&remedy, desk->overlay, desk->arena, &err) == 0;
}

static size_t
edits_of(struct desk *desk)
{
	const struct edit *edits;

	return overlay_edits(desk->overlay, &edits);
}

static struct span
text_of(const char *text)
{
	return span_of(text, strlen(text));
}

#define MEND(kind, ...)   mend(&desk, kind, (struct remedy){ __VA_ARGS__ })
#define HOLDS(path, text) reads_as(desk.overlay, path, text)

TEST(kinds, "every kind is found by its name, and no other is")
{
	CHECK(remedy_kind_find("add-entry") != NULL);
	CHECK_TEXT(remedy_kind_find("split-file")->name, "split-file");
	CHECK(remedy_kind_find("bless-present") == NULL);
}

TEST(add, "an entry is added behind what is there, comments and all, and nothing else changes")
{
	const char *before;
	DESK;

	before = JOIN("# of the lab\n", desk.pem_a, "\n# second\n", desk.pem_b);
	place_file(&desk.place, "ca.pem", before);
	CHECK(MEND("add-entry", .path = "/ca.pem", .bytes = desk.c->der, .label = "CERTIFICATE"));
	CHECK(HOLDS("/ca.pem", JOIN(before, desk.pem_c)));
	CHECK(edits_of(&desk) == 1);
	/* The world itself is as it was. */
	CHECK(reads_as(desk.world, "/ca.pem", before));
}

TEST(add_once, "what is there already is not added again, and adding twice adds once")
{
	DESK;

	place_file(&desk.place, "ca.pem", desk.pem_a);
	CHECK(MEND("add-entry", .path = "/ca.pem", .bytes = desk.a->der, .label = "CERTIFICATE"));
	CHECK(edits_of(&desk) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(MEND("add-entry", .path = "/ca.pem", .bytes = desk.b->der,
			.label = "CERTIFICATE"));
	CHECK(HOLDS("/ca.pem", JOIN(desk.pem_a, desk.pem_b)));
}

TEST(add_unended, "behind a last line without its end a block begins a line of its own")
{
	char *before;
	DESK;

	before = arena_strdup(desk.arena, desk.pem_a);
	before[strlen(before) - 1] = '\0';
	place_file(&desk.place, "ca.pem", before);
	CHECK(MEND("add-entry", .path = "/ca.pem", .bytes = desk.b->der, .label = "CERTIFICATE"));
	CHECK(HOLDS("/ca.pem", JOIN(desk.pem_a, desk.pem_b)));
}

TEST(add_new, "a file that was not there is made readable for all and writable for its owner")
{
	struct file_identity identity;
	struct err err;
	DESK;

	CHECK(MEND("add-entry", .path = "/ca.pem", .bytes = desk.a->der, .label = "CERTIFICATE"));
	CHECK(HOLDS("/ca.pem", desk.pem_a));
	CHECK(world_stat(desk.overlay, "/ca.pem", &identity, &err) == 0);
	CHECK(identity.mode == 0644 && identity.owner == 0);
}

TEST(add_to_directory, "in a hash directory an entry is a file and a link of its own")
{
	const char *const *names;
	size_t count;
	struct err err;
	DESK;

	place_directory(&desk.place, "cas");
	place_file(&desk.place, "cas/a.pem", desk.pem_a);
	CHECK(MEND("add-entry", .path = "/cas", .target = "b.pem", .bytes = desk.b->der,
		.label = "CERTIFICATE"));
	CHECK(HOLDS("/cas/b.pem", desk.pem_b) && HOLDS("/cas/a.pem", desk.pem_a));
	CHECK(world_list(desk.overlay, "/cas", &names, &count, &err) == 0);
	/* The file's own link alone: that a.pem has none is another cause. */
	CHECK(count == 3);
	for (size_t i = 0; i < count; i++) {
		const char *target;

		if (strstr(names[i], ".0") == NULL)
			continue;
		CHECK(world_readlink(desk.overlay, JOIN("/cas/", names[i]), &target, &err) == 0);
		CHECK_TEXT(target, "b.pem");
	}
}

TEST(replace, "one entry takes the place of another; what stands before and behind keeps its bytes")
{
	DESK;

	place_file(&desk.place, "ca.pem",
		JOIN("# one\n", desk.pem_a, "# two\r\n", desk.pem_b, "# end"));
	CHECK(MEND("replace-entry", .path = "/ca.pem", .damaged = desk.a->der, .bytes = desk.c->der,
		.label = "CERTIFICATE"));
	CHECK(HOLDS("/ca.pem", JOIN("# one\n", desk.pem_c, "# two\r\n", desk.pem_b, "# end")));
}

TEST(replace_gone, "where the entry is not there nothing is replaced, and nothing added")
{
	DESK;

	place_file(&desk.place, "ca.pem", desk.pem_b);
	CHECK(MEND("replace-entry", .path = "/ca.pem", .damaged = desk.a->der, .bytes = desk.c->der,
		.label = "CERTIFICATE"));
	CHECK(edits_of(&desk) == 0);
}

TEST(replace_known, "where the right one stands there already the wrong one only goes")
{
	DESK;

	place_file(&desk.place, "ca.pem", JOIN(desk.pem_a, desk.pem_c));
	CHECK(MEND("replace-entry", .path = "/ca.pem", .damaged = desk.a->der, .bytes = desk.c->der,
		.label = "CERTIFICATE"));
	/* The end of its last line is not part of a block. */
	CHECK(HOLDS("/ca.pem", JOIN("\n", desk.pem_c)));
}

TEST(restore_entry, "a damaged block is made whole, the others keep their bytes")
{
	const char *damaged;
	DESK;

	damaged = arena_strndup(desk.arena, desk.pem_b, 120);
	place_file(&desk.place, "ca.pem", JOIN(desk.pem_a, damaged, "\n", desk.pem_c));
	CHECK(MEND("restore-entry", .path = "/ca.pem", .damaged = text_of(JOIN(damaged, "\n")),
		.bytes = desk.b->der, .label = "CERTIFICATE"));
	CHECK(HOLDS("/ca.pem", JOIN(desk.pem_a, desk.pem_b, desk.pem_c)));
	/* Its object is gone: to do it again does nothing. */
	CHECK(MEND("restore-entry", .path = "/ca.pem", .damaged = text_of(JOIN(damaged, "\n")),
		.bytes = desk.a->der, .label = "CERTIFICATE"));
	CHECK(HOLDS("/ca.pem", JOIN(desk.pem_a, desk.pem_b, desk.pem_c)));
}

TEST(restore_elsewhere, "a damaged copy of what stands whole elsewhere only goes")
{
	const char *damaged;
	DESK;

	damaged = JOIN(arena_strndup(desk.arena, desk.pem_a, 120), "\n");
	place_file(&desk.place, "ca.pem", JOIN(damaged, desk.pem_b, desk.pem_a));
	CHECK(MEND("restore-entry", .path = "/ca.pem", .damaged = text_of(damaged),
		.bytes = desk.a->der, .label = "CERTIFICATE"));
	CHECK(HOLDS("/ca.pem", JOIN(desk.pem_b, desk.pem_a)));
}

TEST(any_order, "remedies find what they edit by content: in either order the file is the same")
{
	const char *wanted, *damaged;
	DESK;

	damaged = JOIN(arena_strndup(desk.arena, desk.pem_b, 90), "\n");
	place_file(&desk.place, "ca.pem", JOIN("# long comment\n", desk.pem_a, damaged));
	wanted = JOIN("# long comment\n", desk.pem_c, desk.pem_b);
	for (int turn = 0; turn < 2; turn++) {
		world_free(desk.overlay);
		desk.overlay = world_overlay(desk.world);
		for (int i = 0; i < 2; i++)
			CHECK(i == turn ? MEND("replace-entry", .path = "/ca.pem",
						  .damaged = desk.a->der, .bytes = desk.c->der,
						  .label = "CERTIFICATE")
					: MEND("restore-entry", .path = "/ca.pem",
						  .damaged = text_of(damaged), .bytes = desk.b->der,
						  .label = "CERTIFICATE"));
		CHECK(HOLDS("/ca.pem", wanted));
	}
}

TEST(restore_store, "a whole store comes back byte for byte, with the owner and mode it had")
{
	struct file_identity identity;
	struct err err;
	DESK;

	CHECK(MEND("restore-store", .path = "/ca.pem", .bytes = span_of("# \0\r\n", 5),
		.mode = 0640, .owner = 5, .group = 6));
	CHECK(world_stat(desk.overlay, "/ca.pem", &identity, &err) == 0);
	CHECK(identity.mode == 0640 && identity.owner == 5 && identity.group == 6 &&
		identity.size == 5);
	/* Of a file that is there, owner and mode stay. */
	place_file(&desk.place, "there.pem", "broken");
	CHECK(MEND("restore-store", .path = "/there.pem", .bytes = text_of("good"), .mode = 0600,
		.owner = 5));
	CHECK(world_stat(desk.overlay, "/there.pem", &identity, &err) == 0);
	CHECK(identity.mode == 0644 && identity.owner == getuid() && HOLDS("/there.pem", "good"));
}

TEST(convert, "certificates and CRLs are written as PEM, a private key beside them is left behind")
{
	const struct crl *crl;
	struct span mended;
	struct err err;
	DESK;

	crl = pki_crl(desk.pki, &(struct pki_crl_spec){ .issuer = desk.a });
	{
		CLEANUP(fd_close)
		int fd = open(place_path(&desk.place, "ca.pem"), O_WRONLY | O_CREAT, 0644);

		CHECK(write(fd, desk.a->der.data, desk.a->der.length) ==
			(ssize_t)desk.a->der.length);
	}
	CHECK(MEND("convert-format", .path = "/ca.pem"));
	CHECK(HOLDS("/ca.pem", desk.pem_a));
	place_file(&desk.place, "pem.pem", JOIN(desk.pem_a, pem_of(&desk, "X509 CRL", crl->der)));
	CHECK(MEND("convert-format", .path = "/pem.pem"));
	CHECK(edits_of(&desk) == 1);
	place_file(&desk.place, "nothing", "\x01\x02");
	CHECK(!MEND("convert-format", .path = "/nothing"));
	CHECK(world_read(desk.overlay, "/nothing", 10, &mended, &err) == 0 && mended.length == 2);
}

TEST(mend_text, "damage to the text is undone; where there is none nothing is edited")
{
	CLEANUP(buffer_free) struct buffer indented = { 0 };
	DESK;

	buffer_add_text(&indented, "\xef\xbb\xbf");
	buffer_add_text(&indented, desk.pem_a);
	place_file(&desk.place, "ca.pem", (const char *)indented.data);
	CHECK(MEND("mend-text", .path = "/ca.pem", .damage = CAUSE_STORE_BYTE_ORDER_MARK));
	CHECK(HOLDS("/ca.pem", desk.pem_a));
	place_file(&desk.place, "sound.pem", desk.pem_a);
	CHECK(MEND("mend-text", .path = "/sound.pem", .damage = CAUSE_STORE_BYTE_ORDER_MARK));
	CHECK(edits_of(&desk) == 1);
}

TEST(access, "owner and mode are set and nothing else; what is so already is no edit")
{
	struct file_identity identity;
	struct err err;
	DESK;

	place_file(&desk.place, "ca.pem", desk.pem_a);
	CHECK(MEND("set-access", .path = "/ca.pem", .mode = 0640, .owner = getuid(), .group = 33));
	CHECK(world_stat(desk.overlay, "/ca.pem", &identity, &err) == 0);
	CHECK(identity.mode == 0640 && identity.group == 33 && HOLDS("/ca.pem", desk.pem_a));
	place_file(&desk.place, "b.pem", desk.pem_b);
	CHECK(MEND("set-access", .path = "/b.pem", .mode = 0644, .owner = getuid(),
		.group = getgid()));
	CHECK(edits_of(&desk) == 2);
	CHECK(!MEND("set-access", .path = "/none.pem", .mode = 0644));
}

static struct setting
depth_at(const char *path, size_t offset, size_t length)
{
	return (struct setting){ .directive = "ssl_verify_depth",
		.where = { .path = path, .offset = offset, .length = length },
		.insert = { .path = path, .offset = offset },
		.insert_format = "\tdepth %d;\n" };
}

TEST(depth, "a depth is set where it is written, or by one line of its own; comments survive")
{
	struct setting setting = depth_at("/n.conf", 8, 1);
	DESK;

	place_file(&desk.place, "n.conf", "# a\nset 1; # one 1\n");
	CHECK(MEND("set-depth", .path = "/n.conf", .setting = &setting, .number = 12));
	CHECK(HOLDS("/n.conf", "# a\nset 12; # one 1\n"));
	setting = depth_at("/m.conf", 4, 0);
	setting.is_default = true;
	place_file(&desk.place, "m.conf", "# a\nset;\n");
	CHECK(MEND("set-depth", .path = "/m.conf", .setting = &setting, .number = 3));
	CHECK(HOLDS("/m.conf", "# a\n\tdepth 3;\nset;\n"));
}

TEST(outside, "a place that is not in the file is an error, and nothing is edited")
{
	static const struct {
		size_t offset, length;
	} places[] = { { 5, 1 }, { 0, 6 }, { SIZE_MAX, 1 }, { 1, SIZE_MAX } };
	DESK;

	place_file(&desk.place, "n.conf", "12345");
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct setting setting = depth_at("/n.conf", places[i].offset, places[i].length);

		CHECK(!MEND("set-depth", .path = "/n.conf", .setting = &setting, .number = 1));
		CHECK(!MEND("set-path", .path = "/n.conf", .target = "x", .where = setting.where));
	}
	CHECK(!MEND("set-path", .path = "/n.conf", .target = "x", .where = { .path = "/n.conf" }));
	CHECK(edits_of(&desk) == 0);
}

TEST(path, "a path in the configuration is corrected in place")
{
	DESK;

	place_file(&desk.place, "n.conf", "ca /etc/cs.pem; # here\n");
	CHECK(MEND("set-path", .path = "/n.conf", .target = "/etc/pki/ca.pem",
		.where = { .path = "/n.conf", .offset = 3, .length = 11 }));
	CHECK(HOLDS("/n.conf", "ca /etc/pki/ca.pem; # here\n"));
}

TEST(value, "a value is set where it stands or by a line of its own, wherever that has moved to")
{
	static const char text[] = "a {\n\tocsp on;\n}\nb {\n\tocsp on;\n\tasks http://x/;\n}\n";
	const struct locus behind = { .path = "/n.conf", .offset = 31 };
	struct locus url = { .path = "/n.conf", .offset = 37, .length = 9 };
	struct span line = span_of("\tocsp on;\n", 10), asks = span_of("\tasks http://x/", 15);
	DESK;

	place_file(&desk.place, "n.conf", text);
	CHECK(MEND("set-value", .path = "/n.conf", .where = behind, .damaged = line,
		.target = "\tresolver [::1];\n"));
	CHECK(HOLDS("/n.conf", "a {\n\tocsp on;\n}\nb {\n\tocsp on;\n\tresolver [::1];\n"
			       "\tasks http://x/;\n}\n"));
	CHECK(MEND("set-value", .path = "/n.conf", .where = url, .damaged = asks,
		.target = "http://y/"));
	CHECK(HOLDS("/n.conf", "a {\n\tocsp on;\n}\nb {\n\tocsp on;\n\tresolver [::1];\n"
			       "\tasks http://y/;\n}\n"));
	/* It has been set by now. */
	CHECK(!MEND("set-value", .path = "/n.conf", .where = url, .damaged = asks, .target = "z"));
	CHECK(!MEND("set-value", .path = "/n.conf", .where = url, .target = "z"));
	url.length = asks.length + 1;
	CHECK(!MEND("set-value", .path = "/n.conf", .where = url, .damaged = asks, .target = "z"));
}

TEST(links, "missing hash links are made, good links and all files stay")
{
	const char *const *names;
	struct err err;
	size_t count, before;
	DESK;

	place_directory(&desk.place, "cas");
	place_file(&desk.place, "cas/a.pem", desk.pem_a);
	place_file(&desk.place, "cas/b.pem", desk.pem_b);
	place_link(&desk.place, "cas/keep.me", "a.pem");
	CHECK(MEND("hash-links", .path = "/cas"));
	before = edits_of(&desk);
	CHECK(world_list(desk.overlay, "/cas", &names, &count, &err) == 0);
	CHECK(before == 2 && count == 5);
	CHECK(MEND("hash-links", .path = "/cas"));
	CHECK(edits_of(&desk) == before);
}

TEST(split, "each certificate of a file in a hash directory gets a file and a link; the file stays")
{
	const struct store *store;
	const char *both;
	DESK;

	both = JOIN(desk.pem_a, desk.pem_b);
	place_directory(&desk.place, "cas");
	place_file(&desk.place, "cas/both.pem", both);
	CHECK(MEND("split-file", .path = "/cas", .target = "both.pem"));
	CHECK(HOLDS("/cas/both.pem", both));
	store = stores_open(desk.stores, desk.overlay, "/cas", LOADER_OPENSSL_DIRECTORY);
	for (size_t i = 0; i < 2; i++) {
		const struct pki_cert *cert = i == 0 ? desk.a : desk.b;
		char digest[DIGEST_TEXT_SIZE];

		digest_text(&cert->cert.fingerprint, digest);
		digest[16] = '\0';
		CHECK(HOLDS(JOIN("/cas/", digest, ".pem"), i == 0 ? desk.pem_a : desk.pem_b));
		CHECK(remedy_find_entry(store, cert->der) != NULL);
	}
}

TAP_MAIN()
