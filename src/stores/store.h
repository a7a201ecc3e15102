/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate stores: whatever a server reads its trust from.
 *
 * A store is read whole, into entries, by the first format that recognises it. Damage is not an
 * error: readers keep what can be kept, with the byte range and line of each entry and of each
 * defect. Beside that stands what an engine itself loads from the same bytes, by asking the engine:
 * for that is where "loads without complaint and lacks half of its anchors" shows.
 *
 * Bytes are read in a box (boxed.h), and what it says of them is checked here; those of a long CRL
 * in parts, by our own cursor (listed.h).
 *
 * Ownership: everything belongs to the struct stores that opened it, and dies with it. Paths are
 * read through a world; the world must outlive the stores.
 */
#pragma once

#include "causes/finding.h"
#include "ledger/ledger.h"
#include "stores/passwords.h"
#include "world/world.h"
#include "x509/x509.h"

enum {
	STORE_MAX_SIZE = 64 << 20,     /* bytes of a store file that is read as a whole */
	STORE_LIST_IN_PARTS = 1 << 20, /* bytes of a CRL that who only looks reads in parts */
	STORE_MAX_ENTRIES = 200'000,   /* of one store */
	STORE_MAX_DEFECTS = 1'000,     /* kept; one more says that there are more */
	STORE_MAX_FILES = 20'000,      /* of one directory */
};

enum entry_kind {
	ENTRY_CERTIFICATE,
	ENTRY_CRL,
	ENTRY_PRIVATE_KEY, /* its bytes are neither kept nor shown: der is empty */
	ENTRY_REQUEST,
	ENTRY_SECRET_KEY, /* of a keystore: as a private key */
	ENTRY_OTHER,      /* a block of another label: PKCS7, parameters … */
};

/* What a keystore says of an entry. */
enum entry_role {
	ENTRY_IS_PLAIN,   /* nothing: files of certificates have no roles */
	ENTRY_IS_TRUSTED, /* trustedCertEntry of Java: the certificate is trusted by itself */
	ENTRY_IS_KEY,     /* a key, private or secret */
	ENTRY_IS_CHAIN,   /* a certificate of the key before it: its own first, then its issuers' */
	ENTRY_IS_UNASSIGNED, /* a certificate that is neither marked as trusted nor a key's, in a
				store that has such marks */
};

/* Trust settings of a TRUSTED CERTIFICATE block (OpenSSL X509_CERT_AUX). */
struct trust_settings {
	bool present;
	bool has_trust, has_reject;         /* the lists exist */
	bool trusts_client, rejects_client; /* clientAuth or anyExtendedKeyUsage is in the list */
	bool trusts_server, rejects_server; /* serverAuth or the same */
	struct span bytes;                  /* as they stand: DER of X509_CERT_AUX */
};

struct entry {
	enum entry_kind kind;
	struct span der;  /* the object alone, without trust settings */
	struct cert cert; /* where kind is ENTRY_CERTIFICATE */
	struct crl crl;   /* where kind is ENTRY_CRL */
	struct trust_settings trust;
	const char *label; /* PEM label as found, or NULL for DER */
	const char *path;  /* the file it stands in: of a directory store, the file's own path */
	const char *link;  /* the hash link's name by which a directory finds it, or NULL */
	enum entry_role role;
	const char *alias;     /* name in a keystore, sanitised, or NULL */
	int64_t created;       /* when it was put there; MOMENT_NEVER where that is not said */
	struct span key_id;    /* localKeyID of PKCS#12 (RFC 2985 5.5.2), or empty */
	size_t offset, length; /* of the whole block in that file */
	bool is_enclosed;   /* it stands in encrypted or encoded content: offset and length are of
			       that, its own place in the file is unknown */
	size_t text_offset; /* where comments that belong to it begin; = offset if there are none */
	unsigned line;
};

/* Damage, and what is odd enough to be named; by the cause's code. */
struct defect {
	enum cause_code cause;
	const char *path;
	size_t offset, length;
	unsigned line;
	const char *text;    /* one sentence, sanitised */
	struct span salvage; /* what could be decoded of a damaged block: the first bytes of its
				DER; may be empty */
	bool is_block;       /* a damaged block (BEGIN line seen): an entry is lost here */
	bool harmless;       /* OpenSSL reads it all the same */
	/* A certificate that is no entry, and that an engine may read from salvage all the same:
	 * what the store says of it. ENTRY_IS_PLAIN where it is no such, or nothing is said. */
	enum entry_role role;
};

/* How a server hands a path to its library. Each is a row in loaders.def. */
enum store_loader {
	LOADER_ANY,           /* nobody in particular: inspect, known-good */
	LOADER_OPENSSL_FILE,  /* X509_load_cert_crl_file(3), by SSL_CTX_load_verify_locations and
				 X509_LOOKUP_load_file */
	LOADER_OPENSSL_NAMES, /* SSL_load_client_CA_file(3): the names of CertificateRequest */
	LOADER_OPENSSL_DIRECTORY, /* X509_LOOKUP_hash_dir(3): hash links, at handshake time */
	LOADER_HAPROXY_DIRECTORY, /* each file of known suffix; a damaged one is skipped */
	LOADER_OPENSSL_PKCS12,    /* PKCS12_parse(3) */
	LOADER_JAVA_KEYSTORE, /* java.security.KeyStore, and what of it JSSE takes for anchors */
	LOADER_GNUTLS_FILE,   /* gnutls_certificate_set_x509_trust_file(3) */
	LOADER_GO_FILE,       /* x509.CertPool.AppendCertsFromPEM */
	LOADER_NODE_FILE,     /* the option "ca" of tls.createSecureContext */
	LOADER_MBEDTLS_FILE,  /* mbedtls_x509_crt_parse_file */
	LOADER_NSS,           /* a database of NSS: what it trusts to issue client certificates */
	LOADER_P11KIT,        /* p11-kit's trust module, by which GnuTLS has its anchors */
	LOADER__COUNT
};

enum store_state {
	STORE_PRESENT,
	STORE_MISSING,
	STORE_UNREADABLE,
	STORE_TOO_LARGE,
	STORE_NOT_A_FILE,
	STORE_UNREAD, /* it is there, and its reader did not get through it (boxed.h): of what it
			 holds, or of what is loaded of it, nothing is known */
};

/* What the library makes of it. */
struct loading {
	bool loads;                /* the call succeeds */
	const char *error;         /* the library's own words where it does not: "bad end line" */
	size_t certificates, crls; /* as counted by the library */
	const bool *loaded;        /* one per entry: whether that entry is among them */
};

/* Whether the bytes of a keystore are those that were written, as its MAC or digest says. */
enum store_integrity {
	INTEGRITY_NONE, /* the format has none, or the file has left it out */
	INTEGRITY_GOOD,
	INTEGRITY_UNKNOWN, /* no password that is given or known fits */
	INTEGRITY_BAD,     /* the password opens the content, and the content has changed */
};

struct store {
	const char *path;
	const char *format;  /* "pem", "der", "hashdir", "pkcs7", "pkcs12", … or "unknown" */
	const char *profile; /* of a keystore: how it is encrypted, "Modern2023"; or NULL */
	enum store_integrity integrity;
	const char *password_source; /* of the password that fits, or NULL */
	bool password_is_empty;
	enum store_loader loader;
	enum store_state state;
	const char *problem;           /* why it is not STORE_PRESENT, for people */
	struct file_identity identity; /* where it is present */
	struct digest
		digest; /* of the file's bytes; of a directory: of the sorted (name, digest) list */
	struct span bytes; /* of a file */
	const struct entry *entries;
	size_t entry_count;
	const struct defect *defects;
	size_t defect_count;
	struct loading loading; /* by loader; empty for LOADER_ANY */
};

struct stores; /* opaque: all stores read in one examination, each version once */

void stores_free(struct stores *);
ALLOCATES(stores_free) struct stores *stores_new(void);
DEFINE_CLEANUP(struct stores, stores_free)
/* Makes the process that reads, which gets ready beside this one: before there are threads here. */
void stores_begin(struct stores *);
/* Nothing more is to be read for now: the process need not wait for its end afterwards. */
void stores_rest(struct stores *);
/* Bytes are read in this process, where they can do harm: for fuzzing, and to compare. */
ALLOCATES(stores_free) struct stores *stores_new_unboxed(void);
/* For a thread beside others: boxed, but where a sanitizer is in the program, whose allocator does
 * not outlive a fork beside threads that allocate. */
ALLOCATES(stores_free) struct stores *stores_new_in_thread(void);
/* Reads where the other does, which outlives it, and in the same thread. */
ALLOCATES(stores_free) struct stores *stores_new_beside(struct stores *);
/* Never NULL. The same path, content and loader give the same store again, across worlds. */
const struct store *stores_open(
	struct stores *, struct world *, const char *path, enum store_loader);
/*
 * The same, but without waiting for the signatures of the roots in it, which are checked meanwhile:
 * its defects are complete only when somebody opens it or settles all. For judging, which takes
 * roots as its library takes them, unchecked.
 */
const struct store *stores_open_early(
	struct stores *, struct world *, const char *path, enum store_loader);
/* Waits for all that is being checked: the defects of all stores are complete then. */
void stores_settle(struct stores *);
/* From bytes that are in no file: a ledger's version, a probe's answer. name stands for the path.
 * bytes must outlive the stores. */
const struct store *stores_open_bytes(
	struct stores *, const char *name, struct span bytes, enum store_loader);
/* The same of several, by no loader, and in few goes. */
struct named_bytes {
	const char *name;
	struct span bytes;
	struct digest digest;
};
void stores_open_several(
	struct stores *, const struct named_bytes *, size_t count, const struct store *ret[]);

/* The same of bytes that come once, among many that do: they are not looked for among those that
 * were read, so that no digest of them is made. */
const struct store *stores_read_bytes(struct stores *, const char *name, struct span bytes);

/*
 * CRLs of their own files are read in parts from this size on (x509/crl_list.h): der of such an
 * entry is empty, and so are the store's bytes. Otherwise that is done with what is larger than any
 * store. For commands that only look: a remedy edits bytes.
 */
void stores_read_lists_in_parts(struct stores *, uint64_t size);
/* Which digests of those that are read in parts from now on are needed. Where nobody is shown a
 * fingerprint, digest of such a store is not of the file, but of what was read of it. */
void stores_digest_lists(struct stores *, enum crl_digests);
/* Serials that will be asked for of lists that are read from now on; borrowed. */
void stores_expect_serials(struct stores *, const struct crl_wanted *);

/* What is known of such lists is asked of it, and told to it; borrowed. */
void stores_use_ledger(struct stores *, struct ledger *);

/* Signatures that were checked while stores were read, kept for everybody. Never NULL. */
struct signature_cache *stores_signatures(struct stores *);
/* Passwords to try on keystores that are opened from now on; borrowed. */
void stores_use_passwords(struct stores *, const struct passwords *);

/* Whoever judges asks no root for its signature of itself: from now on none is checked, and no
 * defect tells of it. */
void stores_skip_signatures(struct stores *);
/* Nor whether what is whole is odd: defects that are left are those by which something is lost. */
void stores_skip_reviews(struct stores *);
/* Ends all stores that were opened; what was learnt of signatures and passwords stays. */
void stores_forget(struct stores *);

/* Number of entries of a kind. */
size_t store_count(const struct store *, enum entry_kind);
const char *entry_kind_name(enum entry_kind);
const char *entry_role_name(enum entry_role);           /* NULL for ENTRY_IS_PLAIN */
const char *store_integrity_name(enum store_integrity); /* NULL for INTEGRITY_NONE */

/* How the format's own reader is asked: a keystore by Java, a file of certificates as OpenSSL's
 * servers read it. LOADER_ANY for what no library reads by itself. */
enum store_loader store_native_loader(const struct store *);
/* Whether it is a PKCS#7, PKCS#12 or another container, which is no file of certificates. */
bool store_is_container(const struct store *);
/* Whether it is there, and nobody can tell what it holds. */
bool store_is_unknown(const struct store *);
/* 0 where it is there and was read; else err says why not, of the store by this name. */
[[nodiscard]] int store_need(const struct store *, const char *name, struct err *err);
/* Whether something that the store was to hold is lost by this defect, or cannot be had. */
bool defect_is_loss(const struct defect *);
/* Whether something of its content is lost, or cannot be had; how it is laid out is no matter. */
bool store_is_damaged(const struct store *);
/* The first thing of the kind, in words; NULL where it is not damaged. */
const char *store_damage(const struct store *);
/* Whether an entry belongs in a file of CAs and CRLs that is made of this store: of a container,
 * which comes with the certificate that it was made for, only CAs do. */
bool store_offers(const struct store *, const struct entry *);
/* Settings that say no more than "trusted for clients" or "rejected for them", in OpenSSL's form;
 * empty for any other. */
struct span trust_settings_bytes(const struct trust_settings *);
/* Whether the store itself says not to trust this certificate for clients: it is rejected, or
 * without a mark where those that are trusted have one. Nobody vouches for it, then. */
bool store_leaves_untrusted(const struct store *, const struct entry *);
/* "/etc/pki/nssdb" of "sql:/etc/pki/nssdb", as NSS names a database; else the name itself. */
const char *store_name_path(const char *name);
/* How a directory is asked: as NSS where it holds a database of it, else by hash links. */
enum store_loader store_directory_loader(struct world *, struct arena *, const char *path);
/* "openssl", "java": whose view a loader's is; and for people: "Java, from a keystore". */
const char *store_loader_engine(enum store_loader);
const char *store_loader_title(enum store_loader);
