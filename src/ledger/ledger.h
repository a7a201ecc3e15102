/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: the record, in SQLite in the state directory. Every version of a store that was seen,
 * by its digest; baselines; transactions with each step, each certificate added or removed,
 * verdicts before and after. It is the journal of repair as well: a step is in it, on disk, before
 * it happens.
 *
 * It holds public material alone: bytes with a private key in them are refused. Of configuration
 * files only the changed bytes are kept, for they may hold secrets.
 */
#pragma once

#include "world/world.h"

struct ledger; /* opaque */

void ledger_close(struct ledger *);
/* Opens or creates directory/ledger.db (0700, 0600) and brings its schema up to date. create false:
 * NULL with ERR_NO_INPUT where there is none. */
ALLOCATES(ledger_close)
struct ledger *ledger_open(const char *directory, bool create, struct err *err);
/* The same with create, for who looks alone: a new one is made beside what the caller does, and
 * written when its first batch has ended well, or when it is locked. Nothing but batches may be
 * written to it before that. */
ALLOCATES(ledger_close) struct ledger *ledger_open_lazily(const char *directory, struct err *err);
DEFINE_CLEANUP(struct ledger, ledger_close)

/* As it was given. */
const char *ledger_directory(const struct ledger *);
/* The default: /var/lib/trustmend, for others than root $XDG_STATE_HOME/trustmend or
 * ~/.local/state/trustmend. */
char *ledger_default_directory(struct arena *);

/* Takes the one lock of this state directory; ERR_BUSY with the holder's pid where another has it.
 * Released by ledger_close. */
[[nodiscard]] int ledger_lock(struct ledger *, struct err *err);

/* No private key is in it, as far as can be told, and it is not too large. */
bool ledger_may_keep(struct span);
/* Content by digest. Putting twice is one object. ERR_DATA where the bytes hold a private key. */
[[nodiscard]] int ledger_put(struct ledger *, struct span, struct digest *ret, struct err *err);
/* 1: there, bytes from the arena (their digest checked); 0: not there. */
[[nodiscard]] int ledger_get(
	struct ledger *, struct arena *, const struct digest *, struct span *ret, struct err *err);

/* A version of a file: its content, and everything else that a way back needs. */
struct file_version {
	const char *service; /* target, or NULL */
	const char *path;
	bool exists;
	struct digest digest;
	struct file_identity identity;
	struct timestamp accessed;
	const struct extended_attribute *attributes;
	size_t attribute_count;
	const char *link_target;       /* of a symbolic link */
	int64_t first_seen, last_seen; /* moments */
	bool is_sound;                 /* no defect was found in it when it was seen */
};

/* What is put and seen between these is written as one, with one wait for the disk; nothing is kept
 * where it is not ended well. */
[[nodiscard]] int ledger_batch_begin(struct ledger *, struct err *err);
[[nodiscard]] int ledger_batch_end(struct ledger *, struct err *err);
void ledger_batch_abort(struct ledger *);

/* Notes that this version was seen now; its content must have been put. */
[[nodiscard]] int ledger_saw(
	struct ledger *, const struct file_version *, int64_t now, struct err *err);
/* Versions of a path, newest first. */
[[nodiscard]] int ledger_versions(struct ledger *, struct arena *, const char *path,
	struct file_version **ret, size_t *ret_count, struct err *err);

/*
 * A CRL that was read in parts and found sound, by the file that it was read from. It is the same
 * while path, device, inode, size and both times are: who cannot write to the file cannot change it
 * otherwise. A file that was changed less than LEDGER_SETTLED_S before it was read is not to be
 * put: it may be changed again within one tick of its file system's clock. (Who maps the file and
 * writes to a page that is dirty already leaves no trace before that is flushed; CRLs are not
 * written so.)
 */
enum { LEDGER_SETTLED_S = 2, LEDGER_MAX_LIST_RECORD = 2 << 20 };
struct known_list {
	const char *path;
	struct file_identity identity;
	struct digest digest; /* of the file, or what its reader has instead */
	struct span record;   /* of its reader's making */
};
/* In a batch of its own. */
[[nodiscard]] int ledger_list_put(struct ledger *, const struct known_list *, struct err *err);
/* path and identity are given. 1: known; 0: not. */
[[nodiscard]] int ledger_list_get(
	struct ledger *, struct arena *, struct known_list *, struct err *err);

struct baseline {
	int64_t id;
	const char *service; /* target */
	const char *name;    /* given by the operator, or "" */
	int64_t saved_at;
	struct file_version *files;
	size_t file_count;
};

[[nodiscard]] int ledger_baseline_save(
	struct ledger *, struct baseline *, struct err *err); /* sets id */
/* Newest first; service NULL: all. */
[[nodiscard]] int ledger_baselines(struct ledger *, struct arena *, const char *service,
	struct baseline **ret, size_t *ret_count, struct err *err);

enum transaction_state {
	TRANSACTION_OPEN,        /* steps are being added */
	TRANSACTION_PREPARED,    /* locks held, preconditions true, new files staged */
	TRANSACTION_APPLYING,    /* steps are being carried out: a crash here is undone */
	TRANSACTION_APPLIED,     /* all steps done, proof outstanding: a crash here is undone */
	TRANSACTION_CLOSED,      /* proved and final */
	TRANSACTION_ROLLED_BACK, /* as it was before */
	TRANSACTION_STUCK,       /* could not be undone: by hand */
	TRANSACTION__COUNT
};

enum step_kind {
	STEP_DIRECTORY, /* a directory that others edit: only its times are to be had back */
	STEP_WRITE,
	STEP_SPLICE,
	STEP_MODE,
	STEP_OWNER,
	STEP_LINK,
	STEP_REMOVE,
	STEP_RELOAD,
	STEP_START,
	STEP_MAKE_DIRECTORY, /* a directory that was missing; made before anything is staged in it
			      */
	STEP__COUNT
};
enum step_state { STEP_PLANNED, STEP_BEGUN, STEP_DONE, STEP_UNDONE };

struct step {
	int number; /* from 1 */
	enum step_kind kind;
	enum step_state state;
	const char *path;           /* on the host */
	const char *text;           /* for people */
	const char *staged;         /* temporary file in the same directory, or NULL */
	struct file_version before; /* exists false: the step creates the path */
	struct digest after;        /* content after, of STEP_WRITE and STEP_SPLICE */
	/* STEP_SPLICE: the bytes at offset that were and that will be. Of STEP_LINK: target in
	 * new_bytes. */
	struct span content; /* of STEP_WRITE and STEP_SPLICE while it is planned; the ledger keeps
				none of it */
	size_t offset;
	struct span old_bytes, new_bytes;
	mode_t mode;
	uid_t owner;
	gid_t group;
};

/* A certificate or CRL that a transaction added to or removed from what is trusted. */
struct trust_change {
	bool added;
	const char *fingerprint, *subject, *store,
		*kind; /* kind: "anchor", "intermediate", "crl" */
	int64_t at;
};

struct recorded_verdict {
	const char *client, *verifier, *state; /* "running" or "disk" */
	bool before, must_be_accepted, accepted;
	const char *text;
};

struct transaction {
	int64_t id;
	const char *service; /* target */
	enum transaction_state state;
	int64_t begun_at, ended_at; /* ended_at 0: not ended */
	const char *summary;        /* one line */
	const char *proof;          /* "handshake", "stand-in", "" */
	const char *causes;         /* codes, space-separated */
	struct step *steps;
	size_t step_count;
	struct trust_change *changes;
	size_t change_count;
	struct recorded_verdict *verdicts;
	size_t verdict_count;
};

/* Writes a new transaction with all its steps, changes and verdicts before; sets id. Durable when
 * it returns. */
[[nodiscard]] int ledger_transaction_begin(struct ledger *, struct transaction *, struct err *err);
/* These are durable when they return. */
[[nodiscard]] int ledger_transaction_state(
	struct ledger *, int64_t id, enum transaction_state, int64_t now, struct err *err);
[[nodiscard]] int ledger_step_state(
	struct ledger *, int64_t id, int number, enum step_state, struct err *err);
[[nodiscard]] int ledger_step_staged(
	struct ledger *, int64_t id, int number, const char *staged, struct err *err);
[[nodiscard]] int ledger_transaction_proof(struct ledger *, int64_t id, const char *proof,
	const struct recorded_verdict *, size_t count, struct err *err);
/* Newest first, whole. limit 0: all. */
[[nodiscard]] int ledger_transactions(struct ledger *, struct arena *, size_t limit,
	struct transaction **ret, size_t *ret_count, struct err *err);
/* 1: found; 0: not there. */
[[nodiscard]] int ledger_transaction_get(
	struct ledger *, struct arena *, int64_t id, struct transaction *ret, struct err *err);
const char *transaction_state_name(enum transaction_state);
const char *step_kind_name(enum step_kind);
