/* SPDX-License-Identifier: Apache-2.0 */
/* What a client sends cannot keep any engine busy. */
#include <stdio.h>
#include <time.h>

#include "court.h"
#include "tap.h"
#include "verify/engine.h"

enum { SECONDS = 0, CAS = 60, POLICIES = 1'000 };

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *
many_policies(struct arena *arena)
{
	CLEANUP(buffer_free) struct buffer text = {};

	for (unsigned i = 0; i < POLICIES; i++)
		buffer_addf(&text, "%s1.3.6.1.4.1.99999.%u", i > 0 ? "," : "", i);
	return arena_strndup(arena, (const char *)text.data, text.length);
}

/* Two names that certify each other crosswise, each CA with the same two keys, so that every
 * signature is good and every path may go on; the names differ, so that none repeats another. */
static void
send_crowd(struct court *court, const struct pki_spec *extra)
{
	static const char *const names[] = { "CN=A,O=Lab", "CN=B,O=Lab" };
	const struct pki_cert *keys[2];
	struct pki_spec spec = *extra;
	char alt_names[64];

	for (unsigned i = 0; i < COUNT_OF(keys); i++)
		keys[i] = pki_issue(
			court->pki, &(struct pki_spec){ .subject = names[i], .ca = true });
	court_send(court,
		pki_issue(court->pki,
			&(struct pki_spec){ .subject = "CN=alice", .issuer = keys[0] }));
	for (unsigned i = 0; i < CAS; i++) {
		(void)snprintf(alt_names, sizeof(alt_names), "DNS:ca%u.lab.example", i);
		spec.subject = names[i % 2];
		spec.ca = true;
		spec.key_of = keys[i % 2];
		spec.issuer = keys[(i + 1) % 2];
		spec.alt_names = alt_names;
		court_send(court, pki_issue(court->pki, &spec));
	}
}

static bool
all_end_soon(struct court *court)
{
	const struct engine *engine;
	bool all = true;

	for (size_t i = 0; (engine = engine_at(i)) != NULL; i++) {
		double began = seconds(), took;

		court->verifier.engine = engine->name;
		(void)court_judge(court);
		took = seconds() - began;
		if (took >= SECONDS || court->verdict->accepted)
			printf("# %s: %.2f s, %s\n", engine->name, took, court->verdict->text);
		all = all && took < SECONDS && !court->verdict->accepted;
	}
	return all;
}

TEST(crowd, "CAs that certify each other crosswise, and no anchor")
{
	COURT;

	send_crowd(&court, &(struct pki_spec){});
	CHECK(all_end_soon(&court));
}

TEST(policies, "each with a thousand policies")
{
	COURT;

	send_crowd(&court, &(struct pki_spec){ .policies = many_policies(court.arena) });
	CHECK(all_end_soon(&court));
}

TEST(constraints, "each with name constraints, below an anchor that is none of them")
{
	COURT;
	ROOT();

	court_trust(&court, root);
	send_crowd(&court,
		&(struct pki_spec){ .name_constraints = "critical,permitted;DNS:lab.example" });
	CHECK(all_end_soon(&court));
}

TAP_MAIN()
