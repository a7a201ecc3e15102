/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store format: one file in formats/, one row in formats.def. Formats are asked in the order of
 * the table; the first that recognises the bytes reads them.
 */
#pragma once

#include "stores/directory.h"
#include "stores/keystore_crypt.h"
#include "stores/openssl_reader.h"
#include "stores/write.h"

/* Spent on one store whose structure is gone, be it made for that. */
enum {
	/* Bytes gone through, in each of the forms that they may have, and what was read in vain:
	 * all of a file of 15 MiB that is base64 twice; of the largest, what takes a second. */
	SALVAGE_MAX_READ = 6 * STORE_MAX_SIZE,
	SALVAGE_MAX_PARTS = 16, /* encrypted ones: each may cost as much as a container */
	SALVAGE_MAX_DECRYPTED = 256 << 20, /* bytes */
};

struct salvage_work {
	size_t read, decrypted;
	unsigned parts;
};

/* What a file of PEM decodes to, shown piece by piece before anybody can say what it is. */
struct decoding {
	struct span bytes; /* by now */
	size_t shown;
	size_t (*show)(struct span bytes); /* how many of these were taken */
};

/* What a reader fills; all of it is from the arena. */
struct store_builder {
	struct arena *arena;
	const struct directory *directory; /* NULL for a file */
	struct openssl_reader *openssl;
	struct keystore_crypt *crypt;      /* NULL: nothing is decrypted */
	const struct passwords *passwords; /* NULL: the known ones alone */
	enum store_loader loader;
	bool losses_only;          /* as in the task */
	struct decoding *decoding; /* of the first file of PEM; or NULL */
	const char *path; /* of the file being read: of a directory store, each file in turn */
	struct span bytes;
	struct line_index *lines; /* of bytes; made by the first builder_line */
	struct entry *entries;
	size_t entry_count, entry_capacity;
	struct defect *defects;
	size_t defect_count, defect_capacity;
	/* Of a keystore. */
	const char *profile;
	enum store_integrity integrity;
	const char *password_source;
	bool password_is_empty;
	struct keystore_work work; /* that the last keystore cost */
	/* Of what stands in something else. */
	unsigned nesting, nested_keystores;
	struct salvage_work salvage;
};

/* Opened in one file, where others stand in it: each may cost KEYSTORE_MAX_WORK. */
enum { NESTED_MAX_KEYSTORES = 4 };

/* Who reads a format by itself, beside those that read files of certificates. */
enum format_family {
	FAMILY_TEXT,
	FAMILY_CONTAINER,
	FAMILY_KEYSTORE,
	FAMILY_CARRIER, /* no library: it carries stores to where one reads them */
	FAMILY_NSS,
	FAMILY_P11KIT,
};

struct store_format {
	const char *name, *title;
	bool (*sniff)(struct span bytes);
	enum format_family family;
	const char *container; /* "PKCS#12 container": what it is where PEM is wanted; or NULL */
	/* Without this text no keystore stands within; NULL: none ever does. */
	const char *keystore_mark;
	void (*read)(struct store_builder *);     /* never fails: what cannot be read is a defect */
	bool (*claims)(const struct directory *); /* a directory of this form; NULL: none is */
	/* Certificates are trusted where they are marked, and not by being there. */
	bool marks_trust;
	bool carries_crls;     /* of the writer, which is given nothing that it cannot hold */
	bool carries_settings; /* trust settings of a certificate */
	bool carries_names;    /* aliases */
	bool carries_unmarked; /* certificates that it says not to trust */
	/* Of a certificate: whether it can be held, with its settings; NULL: each can. */
	bool (*holds)(const struct entry *);
	int (*write)(const struct store_content *, struct buffer *, struct err *); /* or NULL */
	const struct directory_writer *directory; /* or NULL: it is a file */
};

/* How this family is asked; LOADER_ANY: by nobody. */
enum store_loader format_family_loader(enum format_family);

#define FORMAT(name) extern const struct store_format store_##name;
#include "stores/formats.def"
#undef FORMAT

/* In the order of formats.def; NULL behind the last one. */
const struct store_format *format_get(size_t index);
/* The format of this name. Never NULL. */
const struct store_format *format_find(const char *name);
/* How many keystores may be opened where these bytes are read: one that a reader takes them for by
 * how they begin, or those that stand within. */
unsigned format_keystores(struct span);

/* Zeroed additions; NULL past STORE_MAX_ENTRIES or STORE_MAX_DEFECTS. */
struct entry *builder_entry(struct store_builder *);
struct defect *builder_defect(struct store_builder *, enum cause_code, size_t offset, size_t length,
	const char *format, ...) PRINTF(5, 6);
/* Line of a byte offset, from 1. Lines end in LF; in a file without any, in CR. */
unsigned builder_line(const struct store_builder *, size_t offset);
/* Makes room for so many entries at once. */
void builder_reserve(struct store_builder *, size_t entries);
/* Turns to the next file of a directory: what is added from now on stands in it. */
void builder_turn_to(struct store_builder *, const char *path, struct span bytes);

/* The first format that recognises the bytes. Never NULL. */
const struct store_format *format_of(struct span bytes);
/* Reads the builder's bytes by the first format that recognises them; its name. */
const char *format_read(struct store_builder *);
/* The same of its directory. */
const char *format_read_directory(struct store_builder *);

/* What the bytes of one DER object are said to be. */
struct object {
	enum entry_kind kind;
	bool has_trust; /* trust settings follow the certificate: OpenSSL's X509_AUX */
	struct span der;
};

/* Whether clientAuth or anyExtendedKeyUsage is in this list of identifiers. */
bool usages_name_client(const struct der_element *list);

/* Where the bytes of an object stand in the file, or what they stand in. */
struct place {
	size_t offset, length, text_offset;
	bool is_enclosing;
};

/* Of bytes that may be the file's own, or come out of what stands at enclosing. */
struct place builder_place(
	const struct store_builder *, struct span, const struct place *enclosing);
/* The same bytes where they outlive the reader: the file's own, or a copy. */
struct span builder_keep(struct store_builder *, struct span);
/* Adds what is whole among bytes that no structure leads to any more: certificates and CRLs. */
void builder_salvage(struct store_builder *, struct span, const struct place *enclosing);
/* Counts bytes that are gone through; false where SALVAGE_MAX_READ is spent. */
bool salvage_may(struct store_builder *, size_t bytes);
/* Of the entries from known on, which were salvaged, drops those that are there from first on. */
void builder_drop_known(struct store_builder *, size_t first, size_t known);
/*
 * Reads bytes that came out of the file at place as a store of their own: entries and defects stand
 * in that place, under the name of what holds them. False where they are of no known format:
 * nothing is added then.
 */
bool builder_read_nested(
	struct store_builder *, struct span, const struct place *, const char *name);

/*
 * Adds an entry for a certificate or CRL whose DER is whole, else a defect STORE_CORRUPT_ENTRY with
 * the bytes for salvage. Returns the entry or NULL.
 */
struct entry *builder_object(
	struct store_builder *, const struct object *, const struct place *, const char *label);
/* What a store that has marks says of an object that became no entry: of the defects from
 * first_defect on, which tell of it. */
void builder_put_role(struct store_builder *, size_t first_defect, enum entry_role);

/* Fills in what can be read of the settings behind a certificate, and of the name among them; false
 * where they are damaged. */
bool trust_settings_read(struct span, struct trust_settings *ret, struct span *ret_alias);
/* Where the library refused the file and no defect says why: the entries that it refuses. */
void builder_blame(struct store_builder *, const char *error);
/* Defects that show only in what was read: duplicates, foreign objects, trust settings. Where
 * losses are enough, labels that hide an entry. */
void builder_review(struct store_builder *, size_t first_entry);
/* Self-signed certificates whose own signature does not hold: no library checks that by itself. The
 * first begins to check them, the second waits for that and adds what it says. */
ALLOCATES(signature_batch_free)
struct signature_batch *builder_check_signatures(
	const struct store_builder *, struct signature_cache *);
void builder_review_signatures(struct store_builder *, struct signature_cache *);
