/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this server accepts and another engine would not: notes, for the day on which a program that
 * is built with GnuTLS, Go or a strict profile reads the same CAs. Nothing is repaired: only the CA
 * can issue its certificate anew.
 */
#include <string.h>

#include "diagnosis/check.h"

enum {
	SERIAL_LONGEST = 20, /* octets: RFC 5280 4.1.2.2 */
	ASKED_MAX = 64,      /* issuing CAs of one verifier whose paths are looked at */
};

/* The issuing CAs of one verifier that were looked at: all that is said here is true of each of
 * their clients. */
struct asked {
	const struct cert *issuers[ASKED_MAX];
	size_t count;
};

static struct locus
place_of(const struct trusted *trusted)
{
	return (struct locus){ .path = trusted->entry->path,
		.line = trusted->entry->line,
		.offset = trusted->entry->offset };
}

static struct suspect *
note(struct scene *scene, struct suspects *suspects, enum cause_code cause,
	const struct trusted *trusted)
{
	struct locus where = place_of(trusted);
	struct suspect *suspect = suspect_add(scene, suspects, cause, &where, NULL);

	suspect->certain = true;
	suspect->idle = SEVERITY_NOTE;
	suspect_subject(scene, suspect, trusted->cert);
	return suspect;
}

/* RFC 5280 7.1 compares names as OpenSSL does; GnuTLS and Go compare their bytes. */
static void
check_link(struct scene *scene, struct suspects *suspects, const struct path *path, unsigned lower)
{
	const struct cert *below = path->certs[lower];
	const struct trusted *above = path->anchors[lower + 1];
	bool same_text;
	struct suspect *suspect;

	if (below == NULL || above == NULL || span_equal(below->issuer, above->cert->subject) ||
		!name_equal(below->issuer, above->cert->subject))
		return;
	same_text = name_same_text(below->issuer, above->cert->subject);
	suspect = note(scene, suspects,
		same_text ? CAUSE_CHAIN_NAME_ENCODING : CAUSE_CHAIN_NAME_SPELLING, above);
	suspect_evidence(scene, suspect,
		"%s names its issuer %s, and that is %s at %s:%u, %s: OpenSSL takes them for one, "
		"GnuTLS and Go do not",
		scene_name(scene, below), name_text(scene->diagnosis->arena, below->issuer),
		name_text(scene->diagnosis->arena, above->cert->subject), above->entry->path,
		above->entry->line, same_text ? "in other string types" : "in another spelling");
	suspect->why = "OpenSSL needs no repair: for other engines the CA has to issue its "
		       "certificate again, with the same key and the name as its clients bear it";
}

/* False where an earlier client had the same issuing CA, or there are too many. */
static bool
is_first_of_issuer(struct asked *asked, const struct cert *issuer)
{
	for (size_t i = 0; i < asked->count; i++)
		if (cert_same(asked->issuers[i], issuer))
			return false;
	if (asked->count == ASKED_MAX)
		return false;
	asked->issuers[asked->count++] = issuer;
	return true;
}

/* The library itself is asked, with the flag; of the clients' own certificates nothing is said. */
static void
check_profile(struct scene *scene, struct suspects *suspects, const struct cell *cell)
{
	const struct path *path = &cell->verdict->paths[0];
	struct verifier strict = *cell->verifier;
	const struct trust *trust = scene->trusts[cell->verifier - scene->service->verifiers];
	const struct verdict *verdict;
	struct suspect *suspect;

	strict.strict_profile = strict.ignores_all_leaf_errors = true;
	verdict = judge_client(scene->diagnosis->judge, scene->diagnosis->arena, &strict, trust,
		cell->client, scene->request->at);
	if (verdict->accepted || verdict->depth >= path->length ||
		path->anchors[verdict->depth] == NULL)
		return;
	suspect = note(scene, suspects, CAUSE_CHAIN_STRICT_PROFILE, path->anchors[verdict->depth]);
	suspect_evidence(scene, suspect,
		"with the strict profile OpenSSL refuses %s at depth %u: error %d: %s",
		scene_name(scene, path->anchors[verdict->depth]->cert), verdict->depth,
		verdict->error, verdict->text);
	suspect->why = "this server does not ask for the strict profile: the CA can be issued "
		       "again, with the same key, before one does that asks";
}

static void
check_cell(struct scene *scene, struct suspects *suspects, struct asked *asked,
	const struct cell *cell)
{
	const struct path *path;

	if (!cell->concerns || !cell->accepted || !cell->client->must_be_accepted ||
		cell->verdict == NULL || cell->verdict->path_count == 0)
		return;
	path = &cell->verdict->paths[0];
	if (path->length < 2 || !is_first_of_issuer(asked, path->certs[1]))
		return;
	for (unsigned i = 0; i + 1 < path->length; i++)
		check_link(scene, suspects, path, i);
	check_profile(scene, suspects, cell);
}

/* RFC 5280 4.1.2.2 asks for a positive number of 20 octets at most. */
static const char *
serial_fault(struct span serial)
{
	size_t skip = serial.length > 1 && serial.data[0] == 0 ? 1 : 0;

	if (serial.length == 1 && serial.data[0] == 0)
		return "is zero";
	if (serial.length > 0 && serial.data[0] >= 0x80)
		return "is negative, for which Go 1.23 refuses the whole bundle";
	return serial.length - skip > SERIAL_LONGEST ? "is longer than 20 octets" : NULL;
}

/* One note for all of a verifier: a bundle may hold hundreds. */
static void
check_serials(struct scene *scene, struct suspects *suspects, const struct trust *trust)
{
	struct suspect *suspect = NULL;

	for (size_t i = 0; i < trust->anchor_count; i++) {
		const struct trusted *anchor = &trust->anchors[i];
		const char *fault = serial_fault(anchor->cert->serial);

		if (fault == NULL)
			continue;
		if (suspect == NULL)
			suspect = note(scene, suspects, CAUSE_CHAIN_MALFORMED, anchor);
		suspect->why = "OpenSSL reads it all the same: its CA can issue it again before a "
			       "stricter program has to read it";
		suspect_evidence(scene, suspect,
			"%s:%u: the serial number of %s %s (RFC 5280 4.1.2.2)", anchor->entry->path,
			anchor->entry->line, scene_name(scene, anchor->cert), fault);
		if (suspect->evidence_count == SUSPECT_MAX_EVIDENCE)
			return;
	}
}

static void
engines_run(struct scene *scene, struct suspects *suspects)
{
	for (size_t i = 0; i < scene->service->verifier_count; i++) {
		const struct verifier *verifier = &scene->service->verifiers[i];
		struct asked asked = {};

		if (verifier->mode == MODE_NONE)
			continue;
		check_serials(scene, suspects, scene->trusts[i]);
		for (size_t j = 0; j < scene->cell_count; j++)
			if (scene->cells[j].verifier == verifier)
				check_cell(scene, suspects, &asked, &scene->cells[j]);
	}
}

const struct check check_engines = {
	.name = "engines",
	.run = engines_run,
};
