/* SPDX-License-Identifier: Apache-2.0 */
/* Judging loose certificates, as the command does it. */
#include <jansson.h>
#include <string.h>

#include "cli/cli.h"
#include "pki.h"
#include "tap.h"
#include "world/place.h"

enum { WORDS_MAX = 32 };

struct desk {
	struct place place;
	struct arena *arena;
	struct pki *pki;
	struct buffer out;
	json_t *results;
	const struct pki_cert *root, *inter, *alice, *bob;
};

static void
desk_end(struct desk *desk)
{
	json_decref(desk->results);
	buffer_free(&desk->out);
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

static const char *
put_cert(struct desk *desk, const char *name, const struct pki_cert *cert)
{
	place_file(&desk->place, name, pem_of(desk, "CERTIFICATE", cert->der));
	return arena_strdup(desk->arena, place_path(&desk->place, name));
}

static void
desk_begin(struct desk *desk)
{
	*desk = (struct desk){ .arena = arena_new(), .pki = pki_new() };
	place_open(&desk->place);
	desk->root = pki_issue(desk->pki, &(struct pki_spec){ .subject = "CN=Root", .ca = true });
	desk->inter = pki_issue(desk->pki,
		&(struct pki_spec){ .subject = "CN=Inter", .ca = true, .issuer = desk->root });
	desk->alice = pki_issue(
		desk->pki, &(struct pki_spec){ .subject = "CN=alice", .issuer = desk->inter });
	desk->bob = pki_issue(
		desk->pki, &(struct pki_spec){ .subject = "CN=bob", .issuer = desk->root });
}

#define DESK                                     \
	CLEANUP(desk_end) struct desk desk = {}; \
	desk_begin(&desk)

/* Runs verify at the moment of the tests, in the test's own directory; its status. */
static int
verify_words(struct desk *desk, const char *const *words)
{
	const char *argv[WORDS_MAX] = { "verify", "--json", "--at", "2026-06-01T00:00:00Z" };
	int count = 4, status;

	for (; *words != NULL && count < WORDS_MAX; words++)
		argv[count++] = *words;
	buffer_clear(&desk->out);
	if (chdir(desk->place.root) < 0)
		return -1;
	status = cli_run(count, argv, false, &desk->out);
	json_decref(desk->results);
	desk->results = desk->out.length > 0 ? json_loadb((const char *)desk->out.data,
						       desk->out.length, 0, NULL)
					     : NULL;
	return status;
}

#define VERIFY(...) verify_words(&desk, (const char *const[]){ __VA_ARGS__, NULL })

static json_t *
result(const struct desk *desk, size_t number)
{
	return json_array_get(json_object_get(desk->results, "results"), number);
}

static size_t
results(const struct desk *desk)
{
	return json_array_size(json_object_get(desk->results, "results"));
}

static const char *
verdict(const struct desk *desk, size_t number)
{
	const char *text = json_string_value(json_object_get(result(desk, number), "verdict"));

	return text != NULL ? text : "(none)";
}

TEST(accepted,
	"a certificate below a trusted root is accepted with the intermediate that it needs, 0")
{
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	(void)put_cert(&desk, "inter.pem", desk.inter);
	(void)put_cert(&desk, "alice.pem", desk.alice);
	CHECK(VERIFY("--trust", "root.pem", "--untrusted", "inter.pem", "alice.pem") == 0);
	CHECK_TEXT(verdict(&desk, 0), "accept");
	CHECK(VERIFY("--trust", "root.pem", "alice.pem") == 2);
	CHECK_TEXT(verdict(&desk, 0), "refuse");
	CHECK(VERIFY("--trust", "inter.pem", "alice.pem") == 2);
	CHECK(VERIFY("--trust", "inter.pem", "--partial-chain", "alice.pem") == 0);
}

TEST(untrusted, "what is given as untrusted ends no path, be it a root")
{
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	(void)put_cert(&desk, "inter.pem", desk.inter);
	(void)put_cert(&desk, "alice.pem", desk.alice);
	CHECK(VERIFY("--trust", "inter.pem", "--untrusted", "root.pem", "alice.pem") == 2);
}

TEST(bundle,
	"each certificate of a bundle is judged by itself, unless the rest belongs to the first")
{
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	place_file(&desk.place, "bundle.pem",
		arena_printf(desk.arena, "%s%s", pem_of(&desk, "CERTIFICATE", desk.alice->der),
			pem_of(&desk, "CERTIFICATE", desk.inter->der)));
	CHECK(VERIFY("--trust", "root.pem", "bundle.pem") == 2);
	CHECK(results(&desk) == 2);
	CHECK_TEXT(verdict(&desk, 0), "refuse");
	CHECK(VERIFY("--trust", "root.pem", "--chain", "bundle.pem") == 0);
	CHECK(results(&desk) == 1);
}

TEST(directory, "all files of a directory are judged; a damaged one is not passed over as accepted")
{
	const char *pem;
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	place_directory(&desk.place, "d");
	(void)put_cert(&desk, "d/bob.pem", desk.bob);
	CHECK(VERIFY("--trust", "root.pem", "d") == 0 && results(&desk) == 1);
	pem = pem_of(&desk, "CERTIFICATE", desk.alice->der);
	place_file(&desk.place, "d/cut.pem", arena_strndup(desk.arena, pem, strlen(pem) / 2));
	CHECK(VERIFY("--trust", "root.pem", "d") == 2);
	CHECK(results(&desk) == 2);
	CHECK(VERIFY("--trust", "root.pem", "d/cut.pem") == 2);
	CHECK_TEXT(verdict(&desk, 0), "refuse");
}

TEST(nothing, "where nothing can be judged nothing is accepted")
{
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	place_directory(&desk.place, "d");
	place_file(&desk.place, "d/README", "nothing\n");
	CHECK(VERIFY("--trust", "root.pem", "d") == 65);
	CHECK(VERIFY("--trust", "root.pem", "d/README") == 65);
	CHECK(VERIFY("--trust", "root.pem", "none.pem") == 66);
	CHECK(VERIFY("--trust", "none.pem", "root.pem") == 66);
	CHECK(VERIFY("root.pem") == 64);
	CHECK(VERIFY("--trust", "root.pem") == 64);
}

TEST(revocation, "a list that is given is asked; one that is missing refuses, unless that is said "
		 "to be fine")
{
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	(void)put_cert(&desk, "bob.pem", desk.bob);
	place_file(&desk.place, "empty.crl",
		pem_of(&desk, "X509 CRL",
			pki_crl(desk.pki, &(struct pki_crl_spec){ .issuer = desk.root })->der));
	place_file(&desk.place, "revoked.crl",
		pem_of(&desk, "X509 CRL",
			pki_crl(desk.pki,
				&(struct pki_crl_spec){ .issuer = desk.root, .revoked = desk.bob })
				->der));
	CHECK(VERIFY("--trust", "root.pem", "--crl", "empty.crl", "bob.pem") == 0);
	CHECK(VERIFY("--trust", "root.pem", "--crl", "revoked.crl", "bob.pem") == 2);
	CHECK(VERIFY("--trust", "root.pem", "--crl", "revoked.crl", "--crl-check", "none",
		      "bob.pem") == 0);
	CHECK(VERIFY("--trust", "root.pem", "--crl-check", "leaf", "bob.pem") == 2);
	CHECK(VERIFY("--trust", "root.pem", "--crl-check", "leaf", "--crl-missing", "ok",
		      "bob.pem") == 0);
}

TEST(options, "purpose and depth are those that are given")
{
	const struct pki_cert *server;
	DESK;

	server = pki_issue(desk.pki, &(struct pki_spec){ .subject = "CN=s",
					     .issuer = desk.inter,
					     .extended_key_usage = "serverAuth" });
	(void)put_cert(&desk, "root.pem", desk.root);
	(void)put_cert(&desk, "inter.pem", desk.inter);
	(void)put_cert(&desk, "s.pem", server);
	CHECK(VERIFY("--trust", "root.pem", "--untrusted", "inter.pem", "s.pem") == 2);
	CHECK(VERIFY("--trust", "root.pem", "--untrusted", "inter.pem", "--purpose", "server",
		      "s.pem") == 0);
	CHECK(VERIFY("--trust", "root.pem", "--untrusted", "inter.pem", "--purpose", "any",
		      "--depth", "0", "s.pem") == 2);
	CHECK(VERIFY("--trust", "root.pem", "--untrusted", "inter.pem", "--purpose", "any",
		      "--depth", "1", "s.pem") == 0);
}

/* What a list of a division holds, as one text. */
static const char *
names_of(struct desk *desk, const json_t *names)
{
	const char *text = "";

	for (size_t i = 0; i < json_array_size(names); i++)
		text = arena_printf(desk->arena, "%s%s%s", text, i > 0 ? " " : "",
			json_string_value(json_array_get(names, i)));
	return text;
}

TEST(divided, "of all engines it is said who accepts, who refuses, and by which rule")
{
	const json_t *division, *rule;
	const struct pki_cert *any;
	DESK;

	any = pki_issue(desk.pki, &(struct pki_spec){ .subject = "CN=any",
					  .issuer = desk.root,
					  .extended_key_usage = "anyExtendedKeyUsage" });
	(void)put_cert(&desk, "root.pem", desk.root);
	(void)put_cert(&desk, "any.pem", any);
	(void)put_cert(&desk, "bob.pem", desk.bob);
	CHECK(VERIFY("--trust", "root.pem", "--engine", "all", "any.pem", "bob.pem") == 2);
	CHECK(json_array_size(json_object_get(desk.results, "divisions")) == 2);
	CHECK(json_integer_value(json_object_get(desk.results, "divisions_more")) == 0);
	division = json_array_get(json_object_get(desk.results, "divisions"), 0);
	CHECK(json_is_true(json_object_get(division, "divided")));
	CHECK(strstr(names_of(&desk, json_object_get(division, "accepted_by")), "gnutls") != NULL);
	CHECK(strstr(names_of(&desk, json_object_get(division, "refused_by")), "openssl nss") !=
		NULL);
	rule = json_array_get(json_object_get(division, "rules"), 0);
	CHECK_TEXT(json_string_value(json_object_get(rule, "rule")), "extended-key-usage");
	division = json_array_get(json_object_get(desk.results, "divisions"), 1);
	CHECK(json_is_false(json_object_get(division, "divided")));
	CHECK(json_array_size(json_object_get(division, "rules")) == 0);
}

TEST(divided_text, "a person reads who accepts, who refuses, and the rule between them")
{
	const char *words[] = { "verify", "--at", "2026-06-01T00:00:00Z", "--trust", "root.pem",
		"--engine", "all", "any.pem" };
	const char *text;
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	(void)put_cert(&desk, "any.pem",
		pki_issue(desk.pki, &(struct pki_spec){ .subject = "CN=any",
					    .issuer = desk.root,
					    .extended_key_usage = "anyExtendedKeyUsage" }));
	CHECK(chdir(desk.place.root) == 0);
	CHECK(cli_run((int)COUNT_OF(words), words, false, &desk.out) == 2);
	text = arena_strndup(desk.arena, (const char *)desk.out.data, desk.out.length);
	CHECK(strstr(text, "accepted by rfc5280") != NULL);
	CHECK(strstr(text, "; refused by openssl") != NULL);
	CHECK(strstr(text, "divided by extended-key-usage (openssl") != NULL);
	CHECK(strstr(text, "all agree") == NULL);
}

TEST(alone, "one engine alone divides nobody")
{
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	(void)put_cert(&desk, "bob.pem", desk.bob);
	CHECK(VERIFY("--trust", "root.pem", "--engine", "gnutls", "bob.pem") == 0);
	CHECK(json_array_size(json_object_get(desk.results, "divisions")) == 0);
}

TEST(usage, "a word that is no choice is refused, and the choices are named")
{
	static const char *const options[][2] = { { "--purpose", "clients" },
		{ "--crl-check", "all" }, { "--crl-missing", "maybe" }, { "--security", "2" },
		{ "--depth", "-1" }, { "--depth", "101" }, { "--engine", "gnuttls" } };
	DESK;

	(void)put_cert(&desk, "root.pem", desk.root);
	for (size_t i = 0; i < COUNT_OF(options); i++)
		CHECK(VERIFY("--trust", "root.pem", options[i][0], options[i][1], "root.pem") ==
			64);
}

TAP_MAIN()
