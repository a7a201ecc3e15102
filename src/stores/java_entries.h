/* SPDX-License-Identifier: Apache-2.0 */
/* What the keystores of Java and of BouncyCastle share: fields of a DataOutputStream, and
 * certificates that say their own type. */
#pragma once

#include "stores/format.h"

enum {
	JAVA_MAX_CHAIN = 1000, /* certificates of one key */
	JAVA_SHA1_SIZE = 20,   /* the digest or MAC at the end */
};

/* A cursor that remembers running out. */
struct java_cursor {
	struct span bytes;
	size_t at;
	bool ended;
};

uint64_t java_number(struct java_cursor *, size_t size); /* big-endian */
struct span java_bytes(struct java_cursor *, uint64_t length);
struct span java_text(struct java_cursor *); /* writeUTF: two octets of length */

/* One certificate: of which type, where, and its bytes. False where it is not all there. */
struct java_cert {
	struct span type, der;
	size_t offset, length; /* in the cursor's bytes */
};
bool java_cert_read(struct java_cursor *, bool has_type, struct java_cert *ret);

struct java_entry {
	enum entry_role role;
	struct span alias; /* modified UTF-8 */
	int64_t created;   /* milliseconds */
	struct place place;
};

/* Adds the certificate; false and the defect where it is damaged. Where the cursor's bytes are
 * not the file's, enclosing says what they came out of. */
bool java_cert_add(struct store_builder *, const struct java_cert *, const struct java_entry *);
/* Adds a key: that it is there. */
void java_key_add(struct store_builder *, enum entry_kind, const struct java_entry *);

/* Whether these milliseconds are of the time since Java is there, and of the century to come. */
bool java_date_is_likely(uint64_t milliseconds);
/* Whether an alias is text that a person would give. */
/* Names the bytes from there to the end, which no reader looks at. */
void java_bytes_behind(struct store_builder *, size_t from);
bool java_alias_is_likely(struct span alias);
