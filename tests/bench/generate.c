/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the material of the benchmarks: a store of as many CAs as asked for, and ten clients below
 * some of them. What depends on chance (which CAs have clients, which share a name) follows from
 * the seed alone; keys are fresh, for libcrypto gives no way to choose them that is not deprecated.
 *
 *     generate DIRECTORY COUNT SEED
 *
 * DIRECTORY gets store.pem, nginx.conf and clients/accept/NN.pem. One CA in a hundred has the
 * subject of the one before it and a key of its own, as after a rollover that kept the name.
 */
#include "maker.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdint.h>

enum { CLIENTS = 10, SAME_NAME_EVERY = 100, VALID_DAYS = 3650, COUNT_MAX = 100'000 };

struct authority {
	X509 *cert;
	EVP_PKEY *key;
};

/* splitmix64: the same inputs from the same seed on every machine. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t value = *state += 0x9e3779b97f4a7c15;

	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return value ^ (value >> 31);
}

static void
add_extensions(X509 *cert, X509 *issuer, bool is_ca)
{
	add_extension(cert, issuer, NID_subject_key_identifier, "hash");
	if (is_ca) {
		add_extension(cert, issuer, NID_basic_constraints, "critical,CA:TRUE");
		add_extension(cert, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
		return;
	}
	add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
	add_extension(cert, issuer, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(cert, issuer, NID_key_usage, "critical,digitalSignature");
	add_extension(cert, issuer, NID_ext_key_usage, "clientAuth");
}

/* A certificate with a key of its own; without an issuer it signs itself. */
static struct authority
make_certificate(const char *name, long serial, const struct authority *issuer)
{
	struct authority made = { X509_new(), EVP_EC_gen("P-256") };
	X509_NAME *subject = X509_NAME_new();
	const struct authority *signer = issuer != NULL ? issuer : &made;

	if (made.cert == NULL || made.key == NULL || subject == NULL)
		fail("key");
	(void)X509_set_version(made.cert, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(made.cert), serial);
	(void)X509_gmtime_adj(X509_getm_notBefore(made.cert), -86'400);
	(void)X509_time_adj_ex(X509_getm_notAfter(made.cert), VALID_DAYS, 0, NULL);
	(void)X509_NAME_add_entry_by_txt(
		subject, "O", MBSTRING_UTF8, (const unsigned char *)"Benchmark", -1, -1, 0);
	(void)X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	(void)X509_set_subject_name(made.cert, subject);
	(void)X509_set_issuer_name(
		made.cert, issuer != NULL ? X509_get_subject_name(issuer->cert) : subject);
	(void)X509_set_pubkey(made.cert, made.key);
	add_extensions(made.cert, signer->cert, issuer == NULL);
	if (X509_sign(made.cert, signer->key, EVP_sha256()) == 0)
		fail("sign");
	X509_NAME_free(subject);
	return made;
}

static void
write_client(const char *directory, int number, const struct authority *issuer)
{
	char name[64];
	struct authority client;
	FILE *file;

	(void)snprintf(name, sizeof(name), "clients/accept/%02d.pem", number);
	file = create(directory, name);
	(void)snprintf(name, sizeof(name), "Client %d", number);
	client = make_certificate(name, 1'000'000 + number, issuer);
	if (PEM_write_X509(file, client.cert) != 1 || fclose(file) != 0)
		fail("write");
	X509_free(client.cert);
	EVP_PKEY_free(client.key);
}

/* A share of the store for each client, and in it one CA that has its name to itself: OpenSSL 3.0
 * looks at the first of several with one name only where no key identifier tells them apart. */
static void
choose_issuers(long *chosen, long count, uint64_t *chance)
{
	for (long i = 0; i < CLIENTS; i++) {
		long first = i * count / CLIENTS, last = (i + 1) * count / CLIENTS;

		chosen[i] = first + (long)(next_random(chance) % (uint64_t)(last - first));
	}
}

static void
write_store(const char *directory, long count, uint64_t seed)
{
	FILE *store = create(directory, "store.pem");
	long chosen[CLIENTS];

	choose_issuers(chosen, count, &seed);
	for (long i = 0, client = 0; i < count; i++) {
		char name[64];
		struct authority authority;
		bool shares = i % SAME_NAME_EVERY == SAME_NAME_EVERY - 1;

		(void)snprintf(name, sizeof(name), "Authority %ld", shares ? i - 1 : i);
		authority = make_certificate(name, i + 1, NULL);
		if (PEM_write_X509(store, authority.cert) != 1)
			fail("write");
		while (client < CLIENTS && chosen[client] == i)
			write_client(directory, (int)client++, &authority);
		X509_free(authority.cert);
		EVP_PKEY_free(authority.key);
	}
	if (fclose(store) != 0)
		fail("write");
}

static void
write_config(const char *directory)
{
	FILE *config = create(directory, "nginx.conf");

	(void)fprintf(config,
		"events {}\nhttp {\n\tserver {\n\t\tlisten 127.0.0.1:1 ssl;\n"
		"\t\tssl_client_certificate %s/store.pem;\n\t\tssl_verify_client on;\n\t}\n}\n",
		directory);
	if (fclose(config) != 0)
		fail("write");
}

int
main(int argc, char **argv)
{
	long count = argc == 4 ? strtol(argv[2], NULL, 10) : 0;

	if (count < CLIENTS || count > COUNT_MAX) {
		(void)fprintf(stderr,
			"usage: generate DIRECTORY COUNT SEED (COUNT from %d to %d)\n", CLIENTS,
			COUNT_MAX);
		return 64;
	}
	make_directory(argv[1], "");
	make_directory(argv[1], "clients");
	make_directory(argv[1], "clients/accept");
	write_store(argv[1], count, strtoull(argv[3], NULL, 10));
	write_config(argv[1]);
	return 0;
}
