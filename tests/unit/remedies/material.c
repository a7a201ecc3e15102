/* SPDX-License-Identifier: Apache-2.0 */
/* What is known-good, and what is refused although it stands there. */
#include "remedies/material.h"

#include "ledger/book.h"
#include "pki.h"
#include "tap.h"

struct shelf {
	struct book book;
	struct pki *pki;
	struct judge *judge;
	struct stores *stores;
	struct world *world;
	struct material material;
	const struct pki_cert *root, *inter;
};

static void
shelf_end(struct shelf *shelf)
{
	stores_free(shelf->stores);
	judge_free(shelf->judge);
	world_free(shelf->world);
	pki_free(shelf->pki);
	book_end(&shelf->book);
}

static struct shelf
shelf_begin(void)
{
	struct shelf shelf = {
		.book = book_begin(), .pki = pki_new(), .judge = judge_new(), .stores = stores_new()
	};

	shelf.world = place_world(&shelf.book.place);
	shelf.material = (struct material){ .arena = shelf.book.arena, .stores = shelf.stores };
	shelf.root = pki_issue(shelf.pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	shelf.inter = pki_issue(shelf.pki,
		&(struct pki_spec){ .subject = "CN=Inter", .ca = true, .issuer = shelf.root });
	return shelf;
}

#define SHELF CLEANUP(shelf_end) struct shelf shelf = shelf_begin()

static const char *
pem_of(struct shelf *shelf, const char *label, struct span der)
{
	CLEANUP(mem_freep) char *pem = pki_pem(label, der);

	return arena_strdup(shelf->book.arena, pem);
}

static void
put_cert(struct shelf *shelf, const char *name, const struct pki_cert *cert)
{
	place_file(&shelf->book.place, name, pem_of(shelf, "CERTIFICATE", cert->der));
}

static bool
vouch(struct shelf *shelf, const char *path)
{
	struct err err = { 0 };

	return material_add_path(&shelf->material, shelf->world, path, &err) == 0;
}

TEST(directory, "a directory is read with all below it, each certificate once, in any format")
{
	SHELF;

	place_directory(&shelf.book.place, "good");
	place_directory(&shelf.book.place, "good/deep");
	put_cert(&shelf, "good/root.pem", shelf.root);
	put_cert(&shelf, "good/deep/again.pem", shelf.root);
	{
		CLEANUP(fd_close)
		int fd = open(place_path(&shelf.book.place, "good/deep/inter.der"),
			O_WRONLY | O_CREAT, 0644);

		CHECK(write(fd, shelf.inter->der.data, shelf.inter->der.length) ==
			(ssize_t)shelf.inter->der.length);
	}
	place_file(&shelf.book.place, "good/README", "nothing\n");
	place_link(&shelf.book.place, "good/gone", "nowhere");
	CHECK(vouch(&shelf, "/good"));
	CHECK(shelf.material.cert_count == 2);
	CHECK(material_has_cert(&shelf.material, &shelf.root->cert));
	CHECK(material_has_cert(&shelf.material, &shelf.inter->cert));
	CHECK(!vouch(&shelf, "/none"));
}

TEST(empty, "where nothing is known to be good nothing is vouched for")
{
	SHELF;

	CHECK(!material_has_cert(&shelf.material, &shelf.root->cert));
	CHECK(material_issuer(&shelf.material, shelf.judge, &shelf.inter->cert, 0) == NULL);
	CHECK(material_crl_for(&shelf.material, shelf.judge, &shelf.root->cert, PKI_NOW) == NULL);
}

TEST(named, "a single file of which nothing can be used is a mistake, and is said to be one")
{
	struct err err = { 0 };
	SHELF;

	place_file(&shelf.book.place, "kit.tgz", "\x1f\x8b\x08");
	place_file(&shelf.book.place, "notes.txt", "hello\n");
	CHECK(material_add_path(&shelf.material, shelf.world, "/kit.tgz", &err) < 0);
	CHECK(err.code == ERR_DATA && strstr(err.message, "archive") != NULL);
	CHECK(material_add_path(&shelf.material, shelf.world, "/notes.txt", &err) < 0);
	CHECK(err.code == ERR_DATA && strstr(err.message, "known-good /notes.txt") != NULL);
	CHECK(material_add_path(&shelf.material, shelf.world, "/nothing", &err) < 0);
	CHECK(err.code == ERR_NO_INPUT);
	put_cert(&shelf, "root.pem", shelf.root);
	CHECK(material_add_path(&shelf.material, shelf.world, "/root.pem", &err) == 0);
	CHECK(shelf.material.cert_count == 1);
}

TEST(deep, "directories are followed eight deep, and no further")
{
	char name[128] = "d";
	SHELF;

	place_directory(&shelf.book.place, name);
	for (int i = 0; i < 9; i++) {
		(void)strcat(name, "/d");
		place_directory(&shelf.book.place, name);
	}
	(void)strcat(name, "/root.pem");
	put_cert(&shelf, name, shelf.root);
	CHECK(vouch(&shelf, "/d") && shelf.material.cert_count == 0);
}

TEST(same_name, "a certificate of the same name vouches for no other: fingerprints are compared")
{
	const struct pki_cert *impostor;
	SHELF;

	impostor = pki_issue(shelf.pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	put_cert(&shelf, "root.pem", shelf.root);
	CHECK(vouch(&shelf, "/root.pem"));
	CHECK(!material_has_cert(&shelf.material, &impostor->cert));
}

TEST(issuer, "an issuer is one by name and signature; an impostor of the name is none")
{
	const struct pki_cert *impostor;
	const struct material_cert *found;
	SHELF;

	impostor = pki_issue(shelf.pki,
		&(struct pki_spec){ .subject = "CN=Root", .ca = true, .subject_key_id = "-" });
	put_cert(&shelf, "a.pem", impostor);
	put_cert(&shelf, "b.pem", shelf.inter);
	CHECK(vouch(&shelf, "/a.pem") && vouch(&shelf, "/b.pem"));
	CHECK(material_issuer(&shelf.material, shelf.judge, &shelf.inter->cert, 0) == NULL);
	put_cert(&shelf, "c.pem", shelf.root);
	CHECK(vouch(&shelf, "/c.pem"));
	found = material_issuer(&shelf.material, shelf.judge, &shelf.inter->cert, 0);
	CHECK(found != NULL && cert_same(found->cert, &shelf.root->cert));
	CHECK(material_issuer(&shelf.material, shelf.judge, &shelf.inter->cert, 1) == NULL);
}

TEST(bit_flip,
	"a self-signed certificate with a changed bit is no known-good one, though it parses")
{
	const struct pki_cert *flipped;
	SHELF;

	flipped = pki_issue(shelf.pki,
		&(struct pki_spec){ .subject = "CN=Root", .ca = true, .broken_signature = true });
	put_cert(&shelf, "root.pem", flipped);
	CHECK(vouch(&shelf, "/root.pem"));
	CHECK(shelf.material.cert_count == 0);
	CHECK(!material_has_cert(&shelf.material, &flipped->cert));
}

static bool
add_crl(struct shelf *shelf, const char *name, const struct pki_crl_spec *spec)
{
	struct pki_crl_spec whole = *spec;

	whole.issuer = shelf->root;
	place_file(&shelf->book.place, name,
		pem_of(shelf, "X509 CRL", pki_crl(shelf->pki, &whole)->der));
	return vouch(shelf, arena_printf(shelf->book.arena, "/%s", name));
}

static const struct crl *
chosen(struct shelf *shelf)
{
	const struct material_crl *found =
		material_crl_for(&shelf->material, shelf->judge, &shelf->root->cert, PKI_NOW);

	return found != NULL ? found->crl : NULL;
}

TEST(refused_crls,
	"a list that is unsigned, over, not begun, a delta, partial or not understood is not taken")
{
	static const struct pki_crl_spec bad[] = {
		{ .broken_signature = true },
		{ .days_from = -40, .days = 30 },
		{ .days_from = 1 },
		{ .delta_of = 1, .number = 9 },
		{ .scope = "critical,onlyCA:TRUE" },
		{ .unknown_critical = true },
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		SHELF;

		CHECK(add_crl(&shelf, "bad.pem", &bad[i]) && shelf.material.crl_count == 1);
		CHECK(chosen(&shelf) == NULL);
		CHECK(add_crl(&shelf, "good.pem", &(struct pki_crl_spec){ .number = 1 }));
		CHECK(chosen(&shelf) == shelf.material.crls[1].crl);
	}
}

TEST(impostor_crl,
	"a list of a CA with the same name and another key is not taken, whatever its number")
{
	const struct pki_cert *impostor;
	SHELF;

	impostor = pki_issue(shelf.pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	CHECK(add_crl(&shelf, "a.pem", &(struct pki_crl_spec){ .number = 5 }));
	CHECK(add_crl(&shelf, "b.pem", &(struct pki_crl_spec){ .number = 9, .signer = impostor }));
	CHECK(chosen(&shelf) == shelf.material.crls[0].crl);
}

TEST(newest_crl,
	"of several lists the one with the highest number is taken, in whatever order they come")
{
	static const uint64_t orders[][3] = { { 9, 10, 255 }, { 255, 10, 9 }, { 10, 256, 255 } };

	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		uint64_t highest = 0;
		size_t best = 0;
		SHELF;

		for (size_t j = 0; j < 3; j++) {
			CHECK(add_crl(&shelf,
				j == 0   ? "0"
				: j == 1 ? "1"
					 : "2",
				&(struct pki_crl_spec){ .number = orders[i][j] }));
			if (orders[i][j] > highest)
				best = j;
			highest = orders[i][j] > highest ? orders[i][j] : highest;
		}
		CHECK(chosen(&shelf) == shelf.material.crls[best].crl);
	}
}

/* Keeps a file in the ledger as it is. */
static struct file_version
keep(struct shelf *shelf, const char *path, const char *text, bool sound)
{
	struct file_version version = { .path = path, .exists = true, .is_sound = sound };
	struct err err = { 0 };

	place_must(ledger_put(shelf->book.ledger, text_span(text), &version.digest, &err) == 0 &&
			   ledger_saw(shelf->book.ledger, &version, 1, &err) == 0,
		err.message);
	return version;
}

TEST(ledger, "the newest baseline is known-good, and sound versions; what was seen broken is not")
{
	const char *const paths[] = { "/sound.pem", "/broken.pem" };
	struct file_version old, new;
	struct baseline baseline = { .service = "nginx:/n", .files = &old, .file_count = 1 };
	const struct pki_cert *certs[4];
	struct err err = { 0 };
	SHELF;

	for (size_t i = 0; i < 4; i++)
		certs[i] = pki_issue(shelf.pki,
			&(struct pki_spec){
				.subject = arena_printf(shelf.book.arena, "CN=CA %zu", i),
				.ca = true });
	(void)keep(&shelf, "/sound.pem", pem_of(&shelf, "CERTIFICATE", certs[0]->der), true);
	(void)keep(&shelf, "/broken.pem", pem_of(&shelf, "CERTIFICATE", certs[1]->der), false);
	old = keep(&shelf, "/old.pem", pem_of(&shelf, "CERTIFICATE", certs[2]->der), false);
	new = keep(&shelf, "/new.pem", pem_of(&shelf, "CERTIFICATE", certs[3]->der), false);
	CHECK(ledger_baseline_save(shelf.book.ledger, &baseline, &err) == 0);
	baseline.files = &new;
	CHECK(ledger_baseline_save(shelf.book.ledger, &baseline, &err) == 0);
	CHECK(material_add_ledger(&shelf.material, shelf.book.ledger, "nginx:/n", paths, 2, &err) ==
		0);
	CHECK(material_has_cert(&shelf.material, &certs[0]->cert));
	CHECK(!material_has_cert(&shelf.material, &certs[1]->cert));
	CHECK(!material_has_cert(&shelf.material, &certs[2]->cert));
	CHECK(material_has_cert(&shelf.material, &certs[3]->cert));
	CHECK(shelf.material.certs[0].source == MATERIAL_BASELINE);
	CHECK(shelf.material.files[1].version != NULL);
	CHECK(material_add_ledger(&shelf.material, NULL, "nginx:/n", paths, 2, &err) == 0);
}

TEST(other_service, "a baseline of another service vouches for nothing here")
{
	struct file_version file;
	struct baseline baseline = { .service = "nginx:/other", .files = &file, .file_count = 1 };
	struct err err = { 0 };
	SHELF;

	file = keep(&shelf, "/a.pem", pem_of(&shelf, "CERTIFICATE", shelf.root->der), false);
	CHECK(ledger_baseline_save(shelf.book.ledger, &baseline, &err) == 0);
	CHECK(material_add_ledger(&shelf.material, shelf.book.ledger, "nginx:/n", NULL, 0, &err) ==
		0);
	CHECK(shelf.material.cert_count == 0);
}

TEST(many, "of very many certificates each is found again")
{
	enum { MANY = 700 };
	CLEANUP(buffer_free) struct buffer bundle = { 0 };
	const struct pki_cert *certs[MANY];
	SHELF;

	for (size_t i = 0; i < MANY; i++) {
		certs[i] = pki_issue(shelf.pki,
			&(struct pki_spec){ .subject = "CN=A", .ca = true, .key_of = shelf.root });
		buffer_add_text(&bundle, pem_of(&shelf, "CERTIFICATE", certs[i]->der));
	}
	place_file(&shelf.book.place, "many.pem", (const char *)bundle.data);
	CHECK(vouch(&shelf, "/many.pem") && shelf.material.cert_count == MANY);
	for (size_t i = 0; i < MANY; i++)
		CHECK(material_has_cert(&shelf.material, &certs[i]->cert));
	CHECK(!material_has_cert(&shelf.material, &shelf.root->cert));
}

TAP_MAIN()
