/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distinguished names: comparing them as RFC 5280 7.1 does (case and inner white space folded,
 * string types converted to UTF-8), byte for byte as some engines do, hashing, and showing them to
 * people. A name is a span: the DER of the Name.
 */
#pragma once

#include "base/bytes.h"
#include "base/mem.h"

enum { NAME_MAX_ATTRIBUTES = 64, NAME_HASH_TEXT_SIZE = 9 };

/* RFC 5280 7.1, as OpenSSL 3 carries it out (crypto/x509/x_name.c, asn1_string_canon). */
bool name_equal(struct span a, struct span b);
/* The same texts to the letter, of whatever string types; NumericString counts as one, which
 * name_equal (and OpenSSL) compares by its bytes. */
bool name_same_text(struct span a, struct span b);
/* Equal names (in the sense above) have equal hashes. Not a digest. */
uint64_t name_hash(struct span name);
/* True for the empty sequence. */
bool name_is_empty(struct span name);
/* RFC 4514 order reversed into reading order: "CN=alice, O=Lab"; sanitised. "(empty)" for an empty
 * name. */
const char *name_text(struct arena *, struct span name);
/* The last common name, or else name_text. */
const char *name_common(struct arena *, struct span name);
/* The eight hex digits by which OpenSSL finds a name in a directory: X509_NAME_hash, and before 1.0
 * X509_NAME_hash_old. */
int name_openssl_hash(struct span name, char text[static NAME_HASH_TEXT_SIZE]);
int name_openssl_hash_old(struct span name, char text[static NAME_HASH_TEXT_SIZE]);
/* The canonical encoding that name_equal compares; from the arena. */
struct span name_canonical(struct arena *, struct span name);
