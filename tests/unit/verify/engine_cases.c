/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes PKIs by a seed, each with a fault or none, for engines to judge: engine_cases DIR SEED
 * COUNT. DIR/NNN gets trust.pem, untrusted.pem (where there is any), leaf.pem, crl.pem (where there
 * is one) and what, which says what is odd.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/mem.h"
#include "pki.h"
#include "seeded.h"

enum { MAX_CAS = 3, MAX_COUNT = 10'000, PATH_SIZE = 4096, DAY = 86'400 };

struct plan {
	struct pki_spec root, cas[MAX_CAS], leaf;
	unsigned ca_count;
	struct pki_crl_spec list; /* of the leaf's issuer, where has_list */
	bool trusts_intermediate, trusts_leaf, drops_intermediate, has_list, revokes;
	bool list_by_other; /* somebody else signs it */
};

static struct pki_spec *
some_ca(struct plan *plan)
{
	return plan->ca_count > 0 ? &plan->cas[below(plan->ca_count)] : &plan->root;
}

#define FAULT(name) static void name(struct plan *plan)

FAULT(sound)
{
	(void)plan;
}
FAULT(leaf_expired)
{
	plan->leaf.days_from = -20, plan->leaf.days = 10;
}
FAULT(leaf_early)
{
	plan->leaf.days_from = 10;
}
FAULT(ca_expired)
{
	struct pki_spec *ca = some_ca(plan);

	ca->days_from = -20, ca->days = 10;
}
FAULT(root_expired)
{
	plan->root.days_from = -20, plan->root.days = 10;
}
FAULT(usage_server)
{
	plan->leaf.extended_key_usage = "serverAuth";
}
FAULT(usage_any)
{
	plan->leaf.extended_key_usage = "anyExtendedKeyUsage";
}
FAULT(usage_code)
{
	plan->leaf.extended_key_usage = "codeSigning";
}
FAULT(usage_both)
{
	plan->leaf.extended_key_usage = "clientAuth,serverAuth";
}
FAULT(usage_none)
{
	plan->leaf.extended_key_usage = "-";
}
FAULT(ca_usage_client)
{
	some_ca(plan)->extended_key_usage = "clientAuth";
}
FAULT(ca_usage_server)
{
	some_ca(plan)->extended_key_usage = "serverAuth";
}
FAULT(ca_usage_code)
{
	some_ca(plan)->extended_key_usage = "codeSigning";
}
FAULT(ca_usage_any)
{
	some_ca(plan)->extended_key_usage = "anyExtendedKeyUsage";
}
FAULT(root_usage_code)
{
	plan->root.extended_key_usage = "codeSigning";
}
FAULT(key_enciphers)
{
	plan->leaf.key_usage = "critical,keyEncipherment";
}
FAULT(key_agrees)
{
	plan->leaf.key_usage = "critical,keyAgreement";
}
FAULT(key_unsaid)
{
	plan->leaf.key_usage = "-";
}
FAULT(ca_signs_lists)
{
	some_ca(plan)->key_usage = "critical,cRLSign";
}
FAULT(ca_key_unsaid)
{
	some_ca(plan)->key_usage = "-";
}
FAULT(ca_no_constraints)
{
	some_ca(plan)->basic_constraints = "-";
}
FAULT(ca_says_no)
{
	some_ca(plan)->basic_constraints = "critical,CA:FALSE";
}
FAULT(root_no_constraints)
{
	plan->root.basic_constraints = "-";
}
FAULT(root_version_1)
{
	plan->root.version = 1;
}
FAULT(ca_path_length)
{
	plan->root.basic_constraints = "critical,CA:TRUE,pathlen:0";
}
FAULT(leaf_is_ca)
{
	plan->leaf.ca = true, plan->leaf.key_usage = "-";
}
FAULT(names_permitted)
{
	plan->leaf.alt_names = "DNS:a.good.example";
	plan->root.name_constraints = "critical,permitted;DNS:good.example";
}
FAULT(names_outside)
{
	plan->leaf.alt_names = "DNS:a.bad.example";
	plan->root.name_constraints = "critical,permitted;DNS:good.example";
}
FAULT(names_excluded)
{
	plan->leaf.alt_names = "DNS:a.bad.example";
	some_ca(plan)->name_constraints = "critical,excluded;DNS:bad.example";
}
FAULT(mail_excluded)
{
	plan->leaf.alt_names = "email:a@bad.example";
	some_ca(plan)->name_constraints = "critical,excluded;email:bad.example";
}
FAULT(leaf_critical)
{
	plan->leaf.unknown_critical = true;
}
FAULT(ca_critical)
{
	some_ca(plan)->unknown_critical = true;
}
FAULT(root_critical)
{
	plan->root.unknown_critical = true;
}
FAULT(leaf_wrong_key_id)
{
	plan->leaf.authority_key_id = PKI_AKI_WRONG;
}
FAULT(leaf_no_key_id)
{
	plan->leaf.authority_key_id = PKI_AKI_NONE;
}
FAULT(leaf_broken)
{
	plan->leaf.broken_signature = true;
}
FAULT(ca_broken)
{
	some_ca(plan)->broken_signature = true;
}
FAULT(root_broken)
{
	plan->root.broken_signature = true;
}
FAULT(leaf_sha1)
{
	plan->leaf.digest = "SHA1";
}
FAULT(ca_sha1)
{
	some_ca(plan)->digest = "SHA1";
}
FAULT(leaf_sha512)
{
	plan->leaf.digest = "SHA512";
}
FAULT(leaf_rsa_1024)
{
	plan->leaf.key = PKI_RSA_1024;
}
FAULT(root_rsa_1024)
{
	plan->root.key = PKI_RSA_1024;
}
FAULT(leaf_rsa_2048)
{
	plan->leaf.key = PKI_RSA_2048;
}
FAULT(root_rsa_2048)
{
	plan->root.key = PKI_RSA_2048;
}
FAULT(leaf_edwards)
{
	plan->leaf.key = PKI_ED25519;
}
FAULT(leaf_explicit)
{
	plan->leaf.key = PKI_EC_EXPLICIT;
}
FAULT(root_printable)
{
	plan->root.subject_type = V_ASN1_PRINTABLESTRING;
}
FAULT(issuer_spelled)
{
	plan->leaf.issuer_name = plan->ca_count > 0 ? "CN=ca 0" : "CN=root";
}
FAULT(issuer_other)
{
	plan->leaf.issuer_name = "CN=Somebody else";
}
FAULT(trusts_intermediate)
{
	plan->trusts_intermediate = true;
}
FAULT(trusts_leaf)
{
	plan->trusts_leaf = true;
}
FAULT(drops_intermediate)
{
	plan->drops_intermediate = true;
}
FAULT(policies)
{
	plan->leaf.policies = "1.2.3.4";
}
FAULT(needs_policy)
{
	plan->root.policy_constraints = "critical,requireExplicitPolicy:0";
}
FAULT(ca_needs_policy)
{
	some_ca(plan)->policy_constraints = "critical,requireExplicitPolicy:0";
}
FAULT(serial_negative)
{
	plan->leaf.serial = -128;
}
FAULT(list_sound)
{
	plan->has_list = true;
}
FAULT(revoked)
{
	plan->has_list = plan->revokes = true;
}
FAULT(list_expired)
{
	plan->has_list = true;
	plan->list.days_from = -20, plan->list.days = 10;
}
FAULT(list_early)
{
	plan->has_list = true;
	plan->list.days_from = 10;
}
FAULT(list_endless)
{
	plan->has_list = plan->list.no_next_update = true;
}
FAULT(list_critical)
{
	plan->has_list = plan->list.unknown_critical = true;
}
FAULT(list_broken)
{
	plan->has_list = plan->list.broken_signature = true;
}
FAULT(list_by_other)
{
	plan->has_list = plan->list_by_other = true;
}
FAULT(list_of_users)
{
	plan->has_list = true;
	plan->list.scope = "critical,onlyuser:TRUE";
}
FAULT(list_of_cas)
{
	plan->has_list = true;
	plan->list.scope = "critical,onlyCA:TRUE";
}
FAULT(ca_signs_no_lists)
{
	plan->has_list = true;
	some_ca(plan)->key_usage = "critical,keyCertSign";
}

static const struct {
	const char *name;
	void (*apply)(struct plan *);
} faults[] = {
#define ROW(name)           \
	{                   \
#name, name \
	}
	ROW(sound),
	ROW(leaf_expired),
	ROW(leaf_early),
	ROW(ca_expired),
	ROW(root_expired),
	ROW(usage_server),
	ROW(usage_any),
	ROW(usage_code),
	ROW(usage_both),
	ROW(usage_none),
	ROW(ca_usage_client),
	ROW(ca_usage_server),
	ROW(ca_usage_code),
	ROW(ca_usage_any),
	ROW(root_usage_code),
	ROW(key_enciphers),
	ROW(key_agrees),
	ROW(key_unsaid),
	ROW(ca_signs_lists),
	ROW(ca_key_unsaid),
	ROW(ca_no_constraints),
	ROW(ca_says_no),
	ROW(root_no_constraints),
	ROW(root_version_1),
	ROW(ca_path_length),
	ROW(leaf_is_ca),
	ROW(names_permitted),
	ROW(names_outside),
	ROW(names_excluded),
	ROW(mail_excluded),
	ROW(leaf_critical),
	ROW(ca_critical),
	ROW(root_critical),
	ROW(leaf_wrong_key_id),
	ROW(leaf_no_key_id),
	ROW(leaf_broken),
	ROW(ca_broken),
	ROW(root_broken),
	ROW(leaf_sha1),
	ROW(ca_sha1),
	ROW(leaf_sha512),
	ROW(leaf_rsa_1024),
	ROW(root_rsa_1024),
	ROW(leaf_rsa_2048),
	ROW(root_rsa_2048),
	ROW(leaf_edwards),
	ROW(leaf_explicit),
	ROW(root_printable),
	ROW(issuer_spelled),
	ROW(issuer_other),
	ROW(trusts_intermediate),
	ROW(trusts_leaf),
	ROW(drops_intermediate),
	ROW(policies),
	ROW(needs_policy),
	ROW(ca_needs_policy),
	ROW(serial_negative),
	ROW(revoked),
	ROW(list_sound),
	ROW(list_expired),
	ROW(list_early),
	ROW(list_endless),
	ROW(list_critical),
	ROW(list_broken),
	ROW(list_by_other),
	ROW(list_of_users),
	ROW(list_of_cas),
	ROW(ca_signs_no_lists),
#undef ROW
};

static void
write_text(const char *folder, const char *name, const char *text)
{
	char path[PATH_SIZE];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "a");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void
write_cert(const char *folder, const char *name, const struct pki_cert *cert)
{
	CLEANUP(mem_freep) char *pem = pki_pem("CERTIFICATE", cert->der);

	write_text(folder, name, pem);
}

static void
write_crl(const char *folder, const struct crl *crl)
{
	CLEANUP(mem_freep) char *pem = pki_pem("X509 CRL", crl->der);

	write_text(folder, "crl.pem", pem);
}

/* From the day of the tests to this one. */
static int
shift(void)
{
	return (int)((time(NULL) - (time_t)PKI_NOW) / DAY);
}

static void
bring_here(struct pki_spec *spec)
{
	spec->days_from = (spec->days_from != 0 ? spec->days_from : -1) + shift();
}

/* Where it is odd, it lists the leaf every other time. */
static void
carry_out_list(const char *folder, struct pki *pki, struct plan *plan, const struct pki_cert *leaf)
{
	plan->list.issuer = plan->leaf.issuer;
	plan->list.days_from = (plan->list.days_from != 0 ? plan->list.days_from : -1) + shift();
	if (plan->list_by_other)
		plan->list.signer = pki_issue(pki, &(struct pki_spec){ .subject = "CN=Other" });
	if (plan->revokes || below(2) == 1)
		plan->list.revoked = leaf;
	write_text(folder, "what", plan->list.revoked != NULL ? ", listed" : ", not listed");
	write_crl(folder, pki_crl(pki, &plan->list));
}

static void
carry_out(const char *folder, struct plan *plan)
{
	CLEANUP(pki_freep) struct pki *pki = pki_new();
	const struct pki_cert *issuer, *leaf;
	bool sends = !plan->drops_intermediate;

	bring_here(&plan->root);
	bring_here(&plan->leaf);
	issuer = pki_issue(pki, &plan->root);

	if (!plan->trusts_leaf && !(plan->trusts_intermediate && plan->ca_count > 0))
		write_cert(folder, "trust.pem", issuer);
	for (unsigned i = 0; i < plan->ca_count; i++) {
		bool is_trusted = plan->trusts_intermediate && i + 1 == plan->ca_count;

		bring_here(&plan->cas[i]);
		plan->cas[i].issuer = issuer;
		issuer = pki_issue(pki, &plan->cas[i]);
		if (is_trusted || sends)
			write_cert(folder, is_trusted ? "trust.pem" : "untrusted.pem", issuer);
	}
	plan->leaf.issuer = issuer;
	leaf = pki_issue(pki, &plan->leaf);
	write_cert(folder, "leaf.pem", leaf);
	if (plan->trusts_leaf)
		write_cert(folder, "trust.pem", leaf);
	if (plan->has_list)
		carry_out_list(folder, pki, plan, leaf);
}

static void
make_case(const char *directory, unsigned number)
{
	static const char *const names[MAX_CAS] = { "CN=CA 0", "CN=CA 1", "CN=CA 2" };
	struct plan plan = { .root = { .subject = "CN=Root", .ca = true },
		.leaf = { .subject = "CN=client" },
		.ca_count = below(MAX_CAS + 1) };
	/* Each once before any comes again, and every third case has two of them. */
	unsigned fault = number % COUNT_OF(faults), other = below(COUNT_OF(faults));
	char folder[PATH_SIZE];

	for (unsigned i = 0; i < plan.ca_count; i++)
		plan.cas[i] = (struct pki_spec){ .subject = names[i], .ca = true };
	(void)snprintf(folder, sizeof(folder), "%s/%03u", directory, number);
	if (mkdir(folder, 0700) < 0) {
		perror(folder);
		exit(1);
	}
	faults[fault].apply(&plan);
	write_text(folder, "what", faults[fault].name);
	if (number % 3 == 2) {
		faults[other].apply(&plan);
		write_text(folder, "what", " ");
		write_text(folder, "what", faults[other].name);
	}
	carry_out(folder, &plan);
}

int
main(int argc, char **argv)
{
	unsigned long count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

	if (count == 0 || count > MAX_COUNT || strlen(argv[1]) > PATH_SIZE / 2) {
		(void)fprintf(stderr, "engine_cases DIR SEED COUNT\n");
		return 64;
	}
	seeded_begin(strtoull(argv[2], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1);
	for (unsigned i = 0; i < count; i++)
		make_case(argv[1], i);
	return 0;
}
