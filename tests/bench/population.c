/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a population of clients, and the store that they are judged by.
 *
 *     population DIRECTORY CLIENTS CAS SEED [files]
 *
 * DIRECTORY gets store.pem (20 roots, 60 intermediates, a cross-certificate for every third of
 * these from another root, and roots that nobody is below, up to CAS), clients.pem (one bundle),
 * and, where files are asked for, clients/NNNNNN.pem. One root in a hundred has the subject of
 * another and a key of its own; each of the 20 has such a double. Half of the clients are below
 * CAs with P-256 keys, half below RSA-2048. Who is below whom follows from the seed alone; keys are
 * fresh, for libcrypto gives no way to choose them that is not deprecated.
 */
#include "maker.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ROOTS = 20,
	INTERMEDIATES = 60,
	CROSS_EVERY = 3,
	AUTHORITIES = ROOTS + INTERMEDIATES,
	SAME_NAME_EVERY = 100,
	CLIENT_KEYS = 64, /* shared out: making one takes as long as a signature */
	VALID_DAYS = 3650,
	CLIENTS_MAX = 10'000'000,
	CAS_MAX = 100'000,
	WORKERS_MAX = 64
};

struct authority {
	X509 *cert;
	EVP_PKEY *key;
};

struct population {
	const char *directory;
	long clients, cas;
	uint64_t seed;
	bool files;
	struct authority authorities[AUTHORITIES];
	EVP_PKEY *keys[CLIENT_KEYS];
};

/* splitmix64 of a number: the same from the same seed on every machine, in whatever order. */
static uint64_t
chance(uint64_t seed, uint64_t number)
{
	uint64_t value = seed + (number + 1) * 0x9e3779b97f4a7c15;

	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return value ^ (value >> 31);
}

static void
set_name(X509_NAME *name, const char *common)
{
	if (X509_NAME_add_entry_by_txt(
		    name, "O", MBSTRING_UTF8, (const unsigned char *)"Benchmark", -1, -1, 0) != 1 ||
		X509_NAME_add_entry_by_txt(
			name, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0) != 1)
		fail("name");
}

static X509 *
new_certificate(const char *common, uint64_t serial, EVP_PKEY *key)
{
	X509 *cert = X509_new();

	if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial) != 1 ||
		X509_gmtime_adj(X509_getm_notBefore(cert), -86'400) == NULL ||
		X509_time_adj_ex(X509_getm_notAfter(cert), VALID_DAYS, 0, NULL) == NULL ||
		X509_set_pubkey(cert, key) != 1)
		fail("certificate");
	set_name(X509_get_subject_name(cert), common);
	return cert;
}

/* A CA of this name and key; without an issuer it signs itself. */
static X509 *
new_authority(const char *common, uint64_t serial, EVP_PKEY *key, const struct authority *issuer)
{
	X509 *cert = new_certificate(common, serial, key);
	X509 *above = issuer != NULL ? issuer->cert : cert;

	if (X509_set_issuer_name(cert, X509_get_subject_name(above)) != 1)
		fail("issuer");
	add_extension(cert, above, NID_subject_key_identifier, "hash");
	if (issuer != NULL)
		add_extension(cert, above, NID_authority_key_identifier, "keyid");
	add_extension(cert, above, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(cert, above, NID_key_usage, "critical,keyCertSign,cRLSign");
	if (X509_sign(cert, issuer != NULL ? issuer->key : key, EVP_sha256()) == 0)
		fail("sign");
	return cert;
}

static EVP_PKEY *
new_key(bool is_rsa)
{
	EVP_PKEY *key = is_rsa ? EVP_RSA_gen(2'048) : EVP_EC_gen("P-256");

	if (key == NULL)
		fail("key");
	return key;
}

static void
put(FILE *file, X509 *cert)
{
	if (PEM_write_X509(file, cert) != 1)
		fail("write");
}

static void
end(FILE *file)
{
	if (fclose(file) != 0)
		fail("write");
}

/* Odd ones have RSA keys; an intermediate has a root of its own kind. */
static void
make_authorities(struct population *population)
{
	char name[64];

	for (int i = 0; i < AUTHORITIES; i++) {
		struct authority *made = &population->authorities[i];
		int root = (int)(chance(population->seed, (uint64_t)i) % (ROOTS / 2)) * 2 + i % 2;

		made->key = new_key(i % 2 == 1);
		(void)snprintf(name, sizeof(name), "%s %d", i < ROOTS ? "Root" : "Intermediate", i);
		made->cert = new_authority(name, (uint64_t)i + 1, made->key,
			i < ROOTS ? NULL : &population->authorities[root]);
	}
}

static long
write_known(const struct population *population, FILE *store)
{
	long count = 0;
	char name[64];

	for (int i = 0; i < AUTHORITIES; i++, count++)
		put(store, population->authorities[i].cert);
	for (int i = ROOTS; i < AUTHORITIES; i += CROSS_EVERY, count++) {
		const struct authority *same = &population->authorities[i];
		X509 *cross;

		(void)snprintf(name, sizeof(name), "Intermediate %d", i);
		cross = new_authority(name, (uint64_t)i + 1'000, same->key,
			&population->authorities[(i * 7 + 1) % ROOTS]);
		put(store, cross);
		X509_free(cross);
	}
	return count;
}

static void
write_store(const struct population *population)
{
	FILE *store = create(population->directory, "store.pem");
	long count = write_known(population, store);

	for (long i = 0; count < population->cas; i++, count++) {
		bool shares = i % SAME_NAME_EVERY == SAME_NAME_EVERY - 1;
		EVP_PKEY *key = new_key(false);
		X509 *cert;
		char name[64];

		if (i < ROOTS)
			(void)snprintf(name, sizeof(name), "Root %ld", i);
		else
			(void)snprintf(name, sizeof(name), "Authority %ld", shares ? i - 1 : i);
		cert = new_authority(name, (uint64_t)i + 10'000, key, NULL);
		put(store, cert);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
	end(store);
}

static X509 *
new_client(const struct population *population, long number)
{
	uint64_t dice = chance(population->seed ^ UINT64_C(0xc11e47), (uint64_t)number);
	const struct authority *issuer =
		&population
			 ->authorities[ROOTS + (long)(dice % (INTERMEDIATES / 2)) * 2 + number % 2];
	char name[64], alternative[96];
	X509 *cert;

	(void)snprintf(name, sizeof(name), "Client %ld", number);
	(void)snprintf(alternative, sizeof(alternative), "DNS:client-%ld.bench.example", number);
	cert = new_certificate(name, (dice >> 1) | 1, population->keys[number % CLIENT_KEYS]);
	if (X509_set_issuer_name(cert, X509_get_subject_name(issuer->cert)) != 1)
		fail("issuer");
	add_extension(cert, issuer->cert, NID_subject_key_identifier, "hash");
	add_extension(cert, issuer->cert, NID_authority_key_identifier, "keyid");
	add_extension(cert, issuer->cert, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(cert, issuer->cert, NID_key_usage, "critical,digitalSignature");
	add_extension(cert, issuer->cert, NID_ext_key_usage, "clientAuth");
	add_extension(cert, issuer->cert, NID_subject_alt_name, alternative);
	if (X509_sign(cert, issuer->key, EVP_sha256()) == 0)
		fail("sign");
	return cert;
}

static void
write_clients(const struct population *population, long from, long to, long part)
{
	char name[64];
	FILE *bundle;

	(void)snprintf(name, sizeof(name), "part-%ld", part);
	bundle = create(population->directory, name);
	for (long i = from; i < to; i++) {
		X509 *cert = new_client(population, i);

		put(bundle, cert);
		if (population->files) {
			FILE *file;

			(void)snprintf(name, sizeof(name), "clients/%07ld.pem", i);
			file = create(population->directory, name);
			put(file, cert);
			end(file);
		}
		X509_free(cert);
	}
	end(bundle);
}

/* Parts in their order become one bundle. */
static void
join_parts(const struct population *population, long parts)
{
	FILE *bundle = create(population->directory, "clients.pem");
	static char block[1 << 16];
	char path[PATH_SIZE];

	for (long i = 0; i < parts; i++) {
		FILE *part;
		size_t length;

		(void)snprintf(path, sizeof(path), "%s/part-%ld", population->directory, i);
		part = fopen(path, "r");
		if (part == NULL)
			fail(path);
		while ((length = fread(block, 1, sizeof(block), part)) > 0)
			if (fwrite(block, 1, length, bundle) != length)
				fail("write");
		end(part);
		(void)unlink(path);
	}
	end(bundle);
}

static void
make_clients(struct population *population)
{
	long workers = sysconf(_SC_NPROCESSORS_ONLN);
	int status;

	workers = workers < 1 ? 1 : workers > WORKERS_MAX ? WORKERS_MAX : workers;
	for (int i = 0; i < CLIENT_KEYS; i++)
		population->keys[i] = new_key(false);
	for (long i = 0; i < workers; i++) {
		pid_t child = fork();

		if (child < 0)
			fail("fork");
		if (child > 0)
			continue;
		write_clients(population, population->clients * i / workers,
			population->clients * (i + 1) / workers, i);
		_exit(0);
	}
	for (long i = 0; i < workers; i++)
		if (wait(&status) < 0 || status != 0)
			fail("a worker");
	join_parts(population, workers);
}

int
main(int argc, char **argv)
{
	static struct population population;

	if (argc == 5 || (argc == 6 && strcmp(argv[5], "files") == 0)) {
		population.directory = argv[1];
		population.clients = strtol(argv[2], NULL, 10);
		population.cas = strtol(argv[3], NULL, 10);
		population.seed = strtoull(argv[4], NULL, 10);
		population.files = argc == 6;
	}
	if (population.clients < 1 || population.clients > CLIENTS_MAX ||
		population.cas < 2 * AUTHORITIES || population.cas > CAS_MAX) {
		(void)fprintf(stderr,
			"usage: population DIRECTORY CLIENTS CAS SEED [files] (CLIENTS up to %d, "
			"CAS from %d to %d)\n",
			CLIENTS_MAX, 2 * AUTHORITIES, CAS_MAX);
		return 64;
	}
	make_directory(population.directory, "");
	if (population.files)
		make_directory(population.directory, "clients");
	make_authorities(&population);
	write_store(&population);
	make_clients(&population);
	return 0;
}
