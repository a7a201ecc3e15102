/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random graphs of CAs with what divides the engines, and what our model of each engine makes of
 * them. oracles.py gives the same to the engines themselves.
 *
 *	chains SEED COUNT
 *
 * A line each: number, moment, purpose, leaf, what is sent with it, what is trusted, CRLs (each in
 * base64, with commas between), and for each engine "name=verdict:text". Tabs between.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "court.h"
#include "seeded.h"

enum { KEYS = 5, CAS = 6, RING = 24, MAX_COUNT = 100'000 };

/* Keys are made once: those of RSA take most of the time. */
static struct pki *key_ring;
static const struct pki_cert *ring[RING];

static void
random_faults(struct pki_spec *spec)
{
	static const char *const usages[] = { "serverAuth", "clientAuth", "anyExtendedKeyUsage",
		"clientAuth,serverAuth", "codeSigning", "critical,emailProtection,clientAuth" };
	static const char *const key_usages[] = { "critical,keyEncipherment",
		"critical,keyCertSign", "digitalSignature,keyCertSign,cRLSign",
		"critical,encipherOnly", "-",
		"critical,digitalSignature,encipherOnly,keyCertSign" };
	static const char *const digests[] = { "SHA1", "SHA224", "SHA384", "SHA512" };

	if (chance(10))
		spec->days_from = -100, spec->days = 50;
	if (chance(4))
		spec->days_from = 5;
	if (chance(15))
		spec->authority_key_id = PKI_AKI_NONE;
	if (chance(8))
		spec->authority_key_id = PKI_AKI_WRONG;
	if (chance(8))
		spec->subject_key_id = "-";
	if (chance(5))
		spec->unknown_critical = true;
	if (chance(6))
		spec->broken_signature = true;
	if (chance(10))
		spec->digest = ONE_OF(digests);
	if (chance(20))
		spec->extended_key_usage = ONE_OF(usages);
	if (chance(15))
		spec->key_usage = ONE_OF(key_usages);
	if (chance(5))
		spec->crl_points = "critical,URI:http://lab.example/a.crl";
}

static void
random_policies(struct pki_spec *spec)
{
	static const char *const policies[] = { "1.3.6.1.4.1.99999.1",
		"critical,1.3.6.1.4.1.99999.1", "2.5.29.32.0", "critical,2.5.29.32.0",
		"1.3.6.1.4.1.99999.1,1.3.6.1.4.1.99999.2" };
	static const char *const constraints[] = { "requireExplicitPolicy:0",
		"critical,requireExplicitPolicy:1", "critical,inhibitPolicyMapping:0" };

	if (chance(15))
		spec->policies = ONE_OF(policies);
	if (chance(6))
		spec->policy_constraints = ONE_OF(constraints);
	if (chance(3))
		spec->inhibit_any = "critical,0";
}

static void
random_ca_faults(struct pki_spec *spec)
{
	static const char *const constraints[] = { "critical,CA:FALSE", "-", "CA:TRUE",
		"critical,CA:TRUE,pathlen:0", "critical,CA:TRUE,pathlen:1" };
	static const char *const names[] = { "critical,permitted;DNS:lab.example",
		"permitted;DNS:.lab.example", "critical,excluded;DNS:a.lab.example",
		"excluded;DNS:b.lab.example", "critical,permitted;email:lab.example",
		"permitted;email:.example", "critical,permitted;IP:10.0.0.0/255.0.0.0",
		"critical,excluded;IP:10.1.0.0/255.255.0.0", "permitted;URI:.lab.example",
		"critical,permitted;email:a@lab.example", "permitted;DNS:other.example" };

	if (chance(25))
		spec->basic_constraints = ONE_OF(constraints);
	if (chance(25))
		spec->name_constraints = ONE_OF(names);
	if (chance(8))
		spec->version = 1;
}

static const char *
random_alt_names(void)
{
	static const char *const names[] = { NULL, "DNS:a.lab.example", "DNS:lab.example",
		"DNS:b.lab.example,email:a@lab.example", "email:b@mail.lab.example", "IP:10.2.3.4",
		"IP:10.1.3.4,DNS:A.LAB.example", "URI:http://a.lab.example/x", "DNS:*.lab.example",
		"URI:spiffe://lab.example/a", "critical,DNS:a.lab.example",
		"critical,otherName:1.2.3.4;UTF8:x", "RID:1.2.3.4", "IP:::ffff:10.0.0.1" };

	return ONE_OF(names);
}

/* No two of a graph need differ: a CA may well share its key. */
static const struct pki_cert *
random_key(void)
{
	return ring[chance(80) ? below(RING / 2) : below(RING)];
}

static void
fill_ring(void)
{
	static const enum pki_key kinds[] = { PKI_RSA_2048, PKI_RSA_1024, PKI_ED25519,
		PKI_EC_EXPLICIT };

	key_ring = pki_new();
	for (unsigned i = 0; i < RING; i++)
		ring[i] = pki_issue(key_ring,
			&(struct pki_spec){ .subject = "CN=Key",
				.key = i < RING / 2 ? PKI_EC : kinds[i % COUNT_OF(kinds)] });
}

/* Few names and few keys, issued crosswise; one name in two string types, and in capitals. */
static void
random_certificates(struct court *court)
{
	static const char *const names[] = { "CN=Alpha,O=Lab", "CN=Beta,O=Lab", "CN=Gamma" };
	static const char *const leaves[] = { "CN=alice,O=Lab", "CN=a.lab.example", "CN=10.2.3.4",
		"O=Lab,CN=alice,emailAddress=a@lab.example" };
	const struct pki_cert *keys[KEYS];
	struct pki_spec leaf = { .subject = ONE_OF(leaves), .alt_names = random_alt_names() };

	for (unsigned i = 0; i < KEYS; i++)
		keys[i] = pki_issue(court->pki,
			&(struct pki_spec){
				.subject = names[i % 3], .ca = true, .key_of = random_key() });
	leaf.issuer = keys[below(KEYS)];
	leaf.key_of = random_key();
	if (chance(50))
		random_faults(&leaf);
	if (chance(50))
		random_policies(&leaf);
	if (chance(4))
		leaf.basic_constraints = "critical,CA:TRUE";
	court_send(court, pki_issue(court->pki, &leaf));
	for (unsigned i = 0; i < CAS; i++) {
		unsigned subject = below(KEYS);
		struct pki_spec spec = {
			.subject = names[subject % 3], .ca = true, .key_of = keys[subject]
		};
		const struct pki_cert *cert;

		spec.issuer = chance(40) ? keys[subject] : keys[below(KEYS)];
		if (chance(8))
			spec.issuer_name = "CN=ALPHA,O=lab";
		if (chance(8))
			spec.subject_type = V_ASN1_PRINTABLESTRING;
		if (chance(30))
			random_faults(&spec);
		if (chance(40))
			random_ca_faults(&spec);
		if (chance(30))
			random_policies(&spec);
		cert = pki_issue(court->pki, &spec);
		if (chance(50))
			court_trust(court, cert);
		if (chance(65))
			court_send(court, cert);
	}
	if (chance(5)) {
		struct trusted *trusted = court_trust(court, keys[0]);

		trusted->cert = &court->sent[0];
	}
}

static void
print_base64(struct span der)
{
	size_t room = (der.length + 2) / 3 * 4 + 1;
	unsigned char *text = mem_alloc(room);

	(void)EVP_EncodeBlock(text, der.data, (int)der.length);
	(void)fputs((const char *)text, stdout);
	mem_free(text);
}

static void
print_case(const struct court *court, unsigned number)
{
	static const char *const purposes[] = { "client", "server", "any" };

	printf("%u\t%lld\t%s\t", number, (long long)court->at, purposes[court->verifier.purpose]);
	print_base64(court->sent[0].der);
	(void)putchar('\t');
	for (size_t i = 1; i < court->client.chain_length; i++) {
		(void)fputs(i > 1 ? "," : "", stdout);
		print_base64(court->sent[i].der);
	}
	(void)putchar('\t');
	for (size_t i = 0; i < court->trust.anchor_count; i++) {
		(void)fputs(i > 0 ? "," : "", stdout);
		print_base64(court->anchors[i].cert->der);
	}
	(void)putchar('\t');
	for (size_t i = 0; i < court->trust.crl_count; i++) {
		(void)fputs(i > 0 ? "," : "", stdout);
		print_base64(court->crls[i]->der);
	}
}

static void
random_lists(struct court *court)
{
	for (size_t i = 0; i < court->trust.anchor_count && chance(30); i++) {
		const struct pki_cert *issuer = pki_issue(
			court->pki, &(struct pki_spec){ .subject = "CN=Alpha,O=Lab", .ca = true });
		struct pki_crl_spec spec = { .issuer = issuer };

		if (chance(20))
			spec.days_from = -100;
		if (chance(10))
			spec.scope = "critical,onlyuser:TRUE";
		court_crl(court, pki_crl(court->pki, &spec));
	}
}

static void
print_verdict(struct court *court, const char *engine)
{
	court->verifier.engine = engine;
	(void)court_judge(court);
	printf("\t%s=%s:%s", engine,
		court->verdict->undetermined ? "undetermined"
		: court->verdict->accepted   ? "accept"
					     : "reject",
		court->verdict->text);
}

int
main(int argc, char **argv)
{
	/* Those that the oracles ask; Mbed TLS alone looks at lists wherever it is given some. */
	static const struct {
		const char *name;
		bool reads_lists;
	} engines[] = { { "go", false }, { "jsse", false }, { "mbedtls", true } };
	unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (count == 0 || count > MAX_COUNT)
		return 64;
	fill_ring();
	seeded_begin(strtoull(argv[1], NULL, 10) * 2 + 1);
	for (unsigned i = 0; i < count; i++) {
		CLEANUP(court_end) struct court court = court_begin();

		random_certificates(&court);
		if (chance(15))
			random_lists(&court);
		court.verifier.purpose = chance(70)   ? PURPOSE_CLIENT
					 : chance(60) ? PURPOSE_SERVER
						      : PURPOSE_ANY;
		print_case(&court, i);
		for (size_t j = 0; j < COUNT_OF(engines); j++) {
			bool checks = engines[j].reads_lists && court.trust.crl_count > 0;

			court.verifier.crl_check = checks ? CRL_CHECK_CHAIN : CRL_CHECK_NONE;
			print_verdict(&court, engines[j].name);
		}
		(void)putchar('\n');
	}
	pki_free(key_ring);
	return 0;
}
