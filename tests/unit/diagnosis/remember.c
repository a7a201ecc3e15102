/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnosis/remember.h"

#include "diagnosis/town.h"
#include "tap.h"

static bool
remembers(struct town *town, int64_t now)
{
	struct err err = { 0 };

	return diagnosis_remember(town->diagnosis, town->ledger, now, &err) == 0;
}

static bool
saves(struct town *town, struct baseline **ret, size_t *ret_count)
{
	struct err err = { 0 };

	return diagnosis_save_baselines(
		       town->diagnosis, town->ledger, "mine", ret, ret_count, &err) == 0;
}

/* "path text" of each difference to the newest baseline. */
static const char *
drifts(struct town *town)
{
	struct drift *list;
	struct err err = { 0 };
	const char *text = "";
	size_t count;

	(void)town_diagnose(town);
	if (diagnosis_check_baselines(town->diagnosis, town->ledger, &list, &count, &err) < 0)
		return err.code == ERR_NO_INPUT ? "no baseline" : err.message[0] != '\0' ? "?" : "";
	for (size_t i = 0; i < count; i++)
		text = arena_printf(town->arena, "%s%s%s %s", text, i > 0 ? "\n" : "", list[i].path,
			list[i].text);
	return text;
}

static size_t
versions_of(struct town *town, const char *path, struct file_version **ret)
{
	struct err err = { 0 };
	size_t count;

	return ledger_versions(town->ledger, town->arena, path, ret, &count, &err) == 0 ? count : 0;
}

TEST(sound, "what is seen while all is well is sound, and good to restore from")
{
	struct file_version *versions;
	TOWN;

	(void)town_diagnose(&town);
	CHECK(remembers(&town, 1'000));
	CHECK(versions_of(&town, TOWN_STORE, &versions) == 1 && versions[0].is_sound);
	CHECK(unlink(town_path(&town, TOWN_STORE)) == 0);
	CHECK_TEXT(town_findings(&town), "store.missing critical proved accept/alice.pem");
	CHECK(town.diagnosis->items[0].remedy != NULL);
}

TEST(not_blessed, "what is seen while clients are refused is kept, and vouches for nothing")
{
	struct file_version *versions;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	CHECK_TEXT(town_findings(&town), "chain.root-missing critical strong accept/alice.pem");
	CHECK(remembers(&town, 1'000));
	CHECK(versions_of(&town, TOWN_STORE, &versions) == 1 && !versions[0].is_sound);
}

TEST(supposed_only, "clients that are only supposed bless nothing")
{
	struct file_version *versions;
	TOWN;

	town.request.clients_directory = NULL;
	(void)town_diagnose(&town);
	CHECK(town.diagnosis->supposed_clients && remembers(&town, 1'000));
	CHECK(versions_of(&town, TOWN_STORE, &versions) == 1 && !versions[0].is_sound);
}

TEST(no_key, "a store with a private key in it is neither remembered nor in a baseline")
{
	CLEANUP(mem_freep) char *key = NULL;
	struct file_version *versions;
	struct baseline *baselines;
	size_t count;
	TOWN;

	key = pki_key_pem(town.root);
	town_put(&town, TOWN_STORE,
		arena_printf(town.arena, "%s%s", TOWN_PEM(&town, town.root, town.inter), key));
	(void)town_diagnose(&town);
	CHECK(remembers(&town, 1'000));
	CHECK(versions_of(&town, TOWN_STORE, &versions) == 0);
	CHECK(saves(&town, &baselines, &count) && count == 1);
	for (size_t i = 0; i < baselines[0].file_count; i++)
		CHECK(strcmp(baselines[0].files[i].path, TOWN_STORE) != 0);
	CHECK_TEXT(drifts(&town), "");
}

TEST(configuration, "of a configuration a baseline holds the digest, and the ledger nothing else")
{
	struct baseline *baselines;
	struct span bytes;
	struct err err = { 0 };
	size_t count;
	bool found = false;
	TOWN;

	(void)town_diagnose(&town);
	CHECK(saves(&town, &baselines, &count) && count == 1);
	CHECK_TEXT(baselines[0].name, "mine");
	CHECK_TEXT(baselines[0].service, "nginx:" TOWN_CONFIG);
	for (size_t i = 0; i < baselines[0].file_count; i++) {
		if (strcmp(baselines[0].files[i].path, TOWN_CONFIG) != 0)
			continue;
		found = true;
		CHECK(ledger_get(town.ledger, town.arena, &baselines[0].files[i].digest, &bytes,
			      &err) == 0);
	}
	CHECK(found);
}

TEST(compared,
	"what is as it was is no drift; content, mode, absence and kind are, each by its words")
{
	struct baseline *baselines;
	size_t count;
	TOWN;

	CHECK_TEXT(drifts(&town), "no baseline");
	CHECK(saves(&town, &baselines, &count));
	CHECK_TEXT(drifts(&town), "");
	CHECK(chmod(town_path(&town, TOWN_STORE), 0604) == 0);
	CHECK(strstr(drifts(&town), TOWN_STORE " is 0604 ") != NULL);
	CHECK(strstr(drifts(&town), "was 0644 ") != NULL);
	CHECK(chmod(town_path(&town, TOWN_STORE), 0644) == 0);
	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	CHECK_TEXT(drifts(&town), TOWN_STORE " has other content now");
	CHECK(unlink(town_path(&town, TOWN_STORE)) == 0);
	CHECK_TEXT(drifts(&town), TOWN_STORE " is gone");
	CHECK(mkdir(town_path(&town, TOWN_STORE), 0755) == 0);
	CHECK_TEXT(drifts(&town), TOWN_STORE " is another kind of file now");
}

TEST(added, "a file that came into a directory of the service's since is told: it may be a new CA")
{
	struct baseline *baselines;
	size_t count;
	TOWN;

	town_put(&town, "/etc/haproxy/haproxy.cfg",
		"defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect "
		"1s\n"
		"frontend f\n bind 127.0.0.1:18444 ssl crt c.pem ca-file /etc/cas verify required\n"
		" http-request return status 200\n");
	town_put(&town, "/etc/haproxy/c.pem", "");
	town_put(&town, "/etc/cas/root.pem", TOWN_PEM(&town, town.root, town.inter));
	town.targets[0] = "haproxy:/etc/haproxy/haproxy.cfg";
	(void)town_diagnose(&town);
	CHECK(saves(&town, &baselines, &count) && count == 1);
	CHECK_TEXT(drifts(&town), "");
	town_put(&town, "/etc/cas/new.pem", TOWN_PEM(&town, town.other));
	CHECK_TEXT(drifts(&town), "/etc/cas/new.pem is new");
}

TEST(in_baseline, "damage that the baseline holds too is told so")
{
	struct baseline *baselines;
	size_t count;
	TOWN;

	town_put(&town, TOWN_STORE, TOWN_PEM(&town, town.inter));
	(void)town_diagnose(&town);
	CHECK(saves(&town, &baselines, &count));
	(void)town_diagnose(&town);
	CHECK((town_finding(&town, CAUSE_CHAIN_ROOT_MISSING)->states & STATE_BASELINE) != 0);
	town_put(&town, TOWN_STORE, arena_printf(town.arena, "%s\n", TOWN_PEM(&town, town.inter)));
	(void)town_diagnose(&town);
	CHECK((town_finding(&town, CAUSE_CHAIN_ROOT_MISSING)->states & STATE_BASELINE) == 0);
}

TAP_MAIN()
