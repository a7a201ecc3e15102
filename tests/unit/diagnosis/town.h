/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A town: below a directory taken as root an nginx that asks for client certificates, beside it
 * clients, known-good material and a ledger. At first root > inter > alice, all is well, and
 * mallory of another CA must stay out. Each test breaks a part, and asks for the diagnosis.
 */
#pragma once

#include "diagnosis/diagnosis.h"
#include "diagnosis/remember.h"
#include "pki.h"
#include "world/place.h"

#define TOWN_CONFIG "/etc/nginx/nginx.conf"
#define TOWN_STORE  "/etc/pki/ca.pem"
#define TOWN_CRLS   "/etc/pki/crl.pem"
#define TOWN_SERVER                                                                         \
	"http {\n\tserver {\n\t\tlisten 127.0.0.1:18443 ssl;\n\t\tserver_name localhost;\n" \
	"\t\tssl_certificate c.pem;\n\t\tssl_certificate_key c.key;\n"                      \
	"\t\tssl_client_certificate /etc/pki/ca.pem;\n\t\tssl_verify_client on;\n"
/* A second one behind it, with the same store. */
#define TOWN_ANOTHER                                                                     \
	"\t}\n\tserver {\n\t\tlisten 127.0.0.1:18444 ssl;\n\t\tssl_certificate c.pem;\n" \
	"\t\tssl_certificate_key c.key;\n\t\tssl_client_certificate /etc/pki/ca.pem;\n"  \
	"\t\tssl_verify_client on;\n"
#define TOWN_END "\t}\n}\n"

enum { TOWN_MAX = 16 };

struct town {
	struct place place;
	struct pki *pki;
	struct arena *arena;
	struct world *world;
	struct ledger *ledger;
	struct request request;
	struct diagnosis *diagnosis;
	const char *targets[1], *known_good[1];
	const struct pki_cert *root, *inter, *alice, *other, *mallory;
};

static inline void
town_forget(struct town *town)
{
	if (town->diagnosis != NULL)
		diagnosis_free(town->diagnosis);
	if (town->world != NULL)
		world_free(town->world);
	town->diagnosis = NULL;
	town->world = NULL;
}

static inline void
town_end(struct town *town)
{
	town_forget(town);
	ledger_close(town->ledger);
	arena_free(town->arena);
	pki_free(town->pki);
	place_close(&town->place);
}

/* A path of the server's world on the host. */
static inline const char *
town_path(struct town *town, const char *path)
{
	return arena_printf(town->arena, "%s/root%s", town->place.root, path);
}

static inline void
town_write(const char *path, const char *text)
{
	CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	place_must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
}

static inline void
town_put(struct town *town, const char *path, const char *text)
{
	const char *host = town_path(town, path);
	struct err err = { 0 };

	place_must(directory_make(path_parent(town->arena, host), 0755, &err) == 0, err.message);
	town_write(host, text);
}

/* PEM of certificates up to NULL. */
static inline const char *
town_pem(struct town *town, const struct pki_cert *const *certs)
{
	const char *text = "";

	for (size_t i = 0; certs[i] != NULL; i++) {
		CLEANUP(mem_freep) char *pem = pki_pem("CERTIFICATE", certs[i]->der);

		text = arena_printf(town->arena, "%s%s", text, pem);
	}
	return text;
}

static inline const char *
town_crl_pem(struct town *town, const struct crl *crl)
{
	CLEANUP(mem_freep) char *pem = pki_pem("X509 CRL", crl->der);

	return arena_strdup(town->arena, pem);
}

#define TOWN_PEM(town, ...) town_pem(town, (const struct pki_cert *const[]){ __VA_ARGS__, NULL })

/* "accept/alice" or "reject/mallory"; the key is with it. */
static inline void
town_client(struct town *town, const char *name, const struct pki_cert *leaf, const char *sent)
{
	CLEANUP(mem_freep) char *key = pki_key_pem(leaf);

	town_write(arena_printf(town->arena, "%s/clients/%s.pem", town->place.root, name),
		arena_printf(town->arena, "%s%s%s", TOWN_PEM(town, leaf), sent, key));
}

static inline void
town_vouch(struct town *town, const char *name, const char *text)
{
	town_write(arena_printf(town->arena, "%s/good/%s", town->place.root, name), text);
}

static inline const struct pki_cert *
town_issue(struct town *town, const struct pki_spec *spec)
{
	return pki_issue(town->pki, spec);
}

static inline void
town_begin(struct town *town)
{
	static const char *const directories[] = { "root", "clients", "clients/accept",
		"clients/reject", "good" };
	struct err err = { 0 };

	*town = (struct town){ .pki = pki_new(), .arena = arena_new() };
	place_open(&town->place);
	for (size_t i = 0; i < COUNT_OF(directories); i++)
		place_directory(&town->place, directories[i]);
	town->root = town_issue(town, &(struct pki_spec){ .subject = "CN=Root,O=Lab", .ca = true });
	town->inter = town_issue(
		town, &(struct pki_spec){
			      .subject = "CN=Inter,O=Lab", .ca = true, .issuer = town->root });
	town->alice = town_issue(
		town, &(struct pki_spec){ .subject = "CN=alice,O=Lab", .issuer = town->inter });
	town->other =
		town_issue(town, &(struct pki_spec){ .subject = "CN=Other,O=Away", .ca = true });
	town->mallory = town_issue(
		town, &(struct pki_spec){ .subject = "CN=mallory,O=Away", .issuer = town->other });
	town_put(town, TOWN_CONFIG, TOWN_SERVER "\t\tssl_verify_depth 2;\n" TOWN_END);
	town_put(town, TOWN_STORE, TOWN_PEM(town, town->root, town->inter));
	town_client(town, "accept/alice", town->alice, "");
	town_client(town, "reject/mallory", town->mallory, TOWN_PEM(town, town->other));
	town->ledger =
		ledger_open(arena_printf(town->arena, "%s/state", town->place.root), true, &err);
	place_must(town->ledger != NULL, err.message);
	town->targets[0] = "nginx:" TOWN_CONFIG;
	town->known_good[0] = arena_printf(town->arena, "%s/good", town->place.root);
	town->request = (struct request){ .targets = town->targets,
		.target_count = 1,
		.clients_directory = arena_printf(town->arena, "%s/clients", town->place.root),
		.known_good = town->known_good,
		.known_good_count = 1,
		.ledger = town->ledger,
		.now = PKI_NOW,
		.at = PKI_NOW };
}

/* Reads everything anew. */
static inline struct diagnosis *
town_diagnose(struct town *town)
{
	struct err err = { 0 };

	town_forget(town);
	town->world = world_below(arena_printf(town->arena, "%s/root", town->place.root), &err);
	place_must(town->world != NULL, err.message);
	town->request.world = town->world;
	town->diagnosis = diagnosis_make(&town->request, &err);
	place_must(town->diagnosis != NULL, err.message);
	return town->diagnosis;
}

/* The findings but for notes, in their order: "chain.root-missing critical proved
 * accept/alice.pem". */
static inline const char *
town_findings(struct town *town)
{
	const struct diagnosis *diagnosis = town_diagnose(town);
	const char *text = "";

	for (size_t i = 0; i < findings_count(diagnosis->findings); i++) {
		const struct finding *finding = findings_get(diagnosis->findings, i);

		if (finding->severity == SEVERITY_NOTE)
			continue;
		text = arena_printf(town->arena, "%s%s%s %s %s", text, text[0] != '\0' ? "\n" : "",
			cause_get(finding->cause)->code, severity_name(finding->severity),
			confidence_name(finding->confidence));
		for (size_t j = 0; j < finding->refuses_count; j++)
			text = arena_printf(town->arena, "%s %s", text, finding->refuses[j]);
		for (size_t j = 0; j < finding->admits_count; j++)
			text = arena_printf(town->arena, "%s +%s", text, finding->admits[j]);
	}
	return text;
}

/* The first finding of a cause, NULL where there is none. */
static inline const struct finding *
town_finding(const struct town *town, enum cause_code cause)
{
	for (size_t i = 0; i < findings_count(town->diagnosis->findings); i++)
		if (findings_get(town->diagnosis->findings, i)->cause == cause)
			return findings_get(town->diagnosis->findings, i);
	return NULL;
}

#define TOWN                                     \
	CLEANUP(town_end) struct town town = {}; \
	town_begin(&town)
#define ISSUE(...) town_issue(&town, &(struct pki_spec){ __VA_ARGS__ })
