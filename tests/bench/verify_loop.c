/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libcrypto itself takes for a population of clients, in a tight loop of its own.
 *
 *     verify_loop library STORE CLIENTS THREADS    X509_verify_cert, one shared X509_STORE
 *     verify_loop raw STORE CLIENTS THREADS        EVP_PKEY_verify alone: keys, digests and
 *                                                  contexts are ready before the clock starts
 *
 * Prints how many were good, and the seconds (wall, processor) of the work itself.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 64, DIGEST_SIZE = 32, ISSUERS_MAX = 4'096 };

/* One of the clients, encoded; and for the raw loop what its signature is of and by whom. */
struct subject {
	unsigned char *der;
	long length;
	unsigned char digest[DIGEST_SIZE];
	const unsigned char *signature;
	size_t signature_length;
	size_t issuer;
	X509 *kept; /* owns the signature */
};

static struct {
	X509_STORE *store;
	X509 *issuers[ISSUERS_MAX];
	size_t issuer_count;
	struct subject *subjects;
	size_t count, capacity;
	size_t threads;
	atomic_size_t next; /* of the clients: whoever is done takes it */
} all;

struct worker {
	pthread_t thread;
	size_t good;
};

_Noreturn static void
fail(const char *what)
{
	(void)fprintf(
		stderr, "verify_loop: %s: %s\n", what, errno != 0 ? strerror(errno) : "failed");
	exit(1);
}

static double
seconds(clockid_t clock)
{
	struct timespec time;

	(void)clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
read_store(const char *path)
{
	FILE *file = fopen(path, "r");
	X509 *cert;

	all.store = X509_STORE_new();
	if (file == NULL || all.store == NULL)
		fail(path);
	while ((cert = PEM_read_X509(file, NULL, NULL, NULL)) != NULL) {
		if (X509_STORE_add_cert(all.store, cert) != 1 || all.issuer_count == ISSUERS_MAX)
			fail("store");
		all.issuers[all.issuer_count++] = cert;
	}
	(void)fclose(file);
}

static void
read_subjects(const char *path)
{
	FILE *file = fopen(path, "r");
	char *name, *header;
	unsigned char *der;
	long length;

	if (file == NULL)
		fail(path);
	while (PEM_read(file, &name, &header, &der, &length) == 1) {
		if (all.count == all.capacity) {
			all.capacity = all.capacity > 0 ? 2 * all.capacity : 1'024;
			all.subjects =
				realloc(all.subjects, all.capacity * sizeof(all.subjects[0]));
			if (all.subjects == NULL)
				fail("memory");
		}
		all.subjects[all.count++] = (struct subject){ .der = der, .length = length };
		OPENSSL_free(name);
		OPENSSL_free(header);
	}
	(void)fclose(file);
}

/* The first CA of that name whose key made the signature. */
static size_t
find_issuer(X509 *cert)
{
	for (size_t i = 0; i < all.issuer_count; i++)
		if (X509_check_issued(all.issuers[i], cert) == X509_V_OK)
			return i;
	fail("an issuer");
}

static void
prepare_signatures(void)
{
	for (size_t i = 0; i < all.count; i++) {
		struct subject *subject = &all.subjects[i];
		const unsigned char *at = subject->der;
		const ASN1_BIT_STRING *signature;
		unsigned char *tbs = NULL;
		int length;

		subject->kept = d2i_X509(NULL, &at, subject->length);
		if (subject->kept == NULL)
			fail("a certificate");
		length = i2d_re_X509_tbs(subject->kept, &tbs);
		if (length <= 0 || EVP_Digest(tbs, (size_t)length, subject->digest, NULL,
					   EVP_sha256(), NULL) != 1)
			fail("a digest");
		OPENSSL_free(tbs);
		X509_get0_signature(&signature, NULL, subject->kept);
		subject->signature = signature->data;
		subject->signature_length = (size_t)signature->length;
		subject->issuer = find_issuer(subject->kept);
	}
}

static bool
verify_by_library(X509_STORE_CTX *context, const struct subject *subject)
{
	const unsigned char *at = subject->der;
	X509 *cert = d2i_X509(NULL, &at, subject->length);
	bool is_good;

	if (cert == NULL || X509_STORE_CTX_init(context, all.store, cert, NULL) != 1 ||
		X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) != 1)
		fail("context");
	is_good = X509_verify_cert(context) == 1;
	X509_STORE_CTX_cleanup(context);
	X509_free(cert);
	return is_good;
}

static void *
work_library(void *data)
{
	struct worker *worker = data;
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	for (size_t i; (i = atomic_fetch_add(&all.next, 1)) < all.count;)
		worker->good += verify_by_library(context, &all.subjects[i]);
	X509_STORE_CTX_free(context);
	return NULL;
}

/* A key of the thread's own: one that is shared is fought over. */
static EVP_PKEY_CTX *
prepare_key(X509 *issuer)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &der);
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context;

	at = der;
	if (length > 0)
		key = d2i_PUBKEY(NULL, &at, length);
	context = EVP_PKEY_CTX_new(key, NULL);
	if (context == NULL || EVP_PKEY_verify_init(context) != 1 ||
		EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) != 1)
		fail("key");
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return context;
}

static void *
work_raw(void *data)
{
	struct worker *worker = data;
	static _Thread_local EVP_PKEY_CTX *contexts[ISSUERS_MAX];

	for (size_t i; (i = atomic_fetch_add(&all.next, 1)) < all.count;) {
		const struct subject *subject = &all.subjects[i];

		if (contexts[subject->issuer] == NULL)
			contexts[subject->issuer] = prepare_key(all.issuers[subject->issuer]);
		worker->good +=
			EVP_PKEY_verify(contexts[subject->issuer], subject->signature,
				subject->signature_length, subject->digest, DIGEST_SIZE) == 1;
	}
	for (size_t i = 0; i < all.issuer_count; i++)
		EVP_PKEY_CTX_free(contexts[i]);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct worker workers[THREADS_MAX] = {};
	bool is_raw = argc == 5 && strcmp(argv[1], "raw") == 0;
	double wall, cpu;
	size_t good = 0;

	if (argc == 5)
		all.threads = strtoul(argv[4], NULL, 10);
	if (all.threads < 1 || all.threads > THREADS_MAX) {
		(void)fprintf(stderr,
			"usage: verify_loop library|raw STORE CLIENTS THREADS (to %d)\n",
			THREADS_MAX);
		return 64;
	}
	read_store(argv[2]);
	read_subjects(argv[3]);
	if (is_raw)
		prepare_signatures();
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < all.threads; i++)
		if (pthread_create(&workers[i].thread, NULL, is_raw ? work_raw : work_library,
			    &workers[i]) != 0)
			fail("thread");
	for (size_t i = 0; i < all.threads; i++) {
		(void)pthread_join(workers[i].thread, NULL);
		good += workers[i].good;
	}
	(void)printf("%zu good of %zu, %.6f s wall, %.6f s cpu\n", good, all.count,
		seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	return good == all.count ? 0 : 1;
}
