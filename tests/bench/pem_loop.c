/* SPDX-License-Identifier: Apache-2.0 */
/* What a program that reads a file of certificates with libcrypto does: PEM_read_bio_X509(3) until
 * there is no more. Says how many there were. */
#include <openssl/pem.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	BIO *bio = argc == 2 ? BIO_new_file(argv[1], "r") : NULL;
	size_t count = 0;
	X509 *cert;

	if (bio == NULL)
		return 1;
	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		X509_free(cert);
		count++;
	}
	BIO_free(bio);
	(void)printf("%zu\n", count);
	return 0;
}
