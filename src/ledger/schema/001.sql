-- SPDX-License-Identifier: Apache-2.0
-- Everything the ledger holds is public material. Times are seconds since 1970; digests are 32 bytes.
CREATE TABLE object (
	digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
	bytes BLOB NOT NULL
) WITHOUT ROWID;

-- One state of one file: content by digest, and what a way back needs beside it.
CREATE TABLE version (
	id INTEGER PRIMARY KEY,
	service TEXT,
	path TEXT NOT NULL,
	present INTEGER NOT NULL,
	digest BLOB,
	type INTEGER NOT NULL,
	size INTEGER NOT NULL,
	owner INTEGER NOT NULL,
	grp INTEGER NOT NULL,
	mode INTEGER NOT NULL,
	links INTEGER NOT NULL,
	device INTEGER NOT NULL,
	inode INTEGER NOT NULL,
	modified_s INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
	changed_s INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
	accessed_s INTEGER NOT NULL, accessed_ns INTEGER NOT NULL,
	link_target TEXT,
	first_seen INTEGER NOT NULL,
	last_seen INTEGER NOT NULL,
	sound INTEGER NOT NULL
);
CREATE INDEX version_path ON version (path, id);

CREATE TABLE attribute (
	version INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (version, name)
) WITHOUT ROWID;

-- Which versions of a path were observed in place, as against those that belong to a baseline or a step alone.
CREATE TABLE seen (
	version INTEGER PRIMARY KEY REFERENCES version (id) ON DELETE CASCADE
);

CREATE TABLE baseline (
	id INTEGER PRIMARY KEY,
	service TEXT NOT NULL,
	name TEXT NOT NULL,
	saved_at INTEGER NOT NULL
);
CREATE TABLE baseline_file (
	baseline INTEGER NOT NULL REFERENCES baseline (id) ON DELETE CASCADE,
	version INTEGER NOT NULL REFERENCES version (id),
	PRIMARY KEY (baseline, version)
) WITHOUT ROWID;

CREATE TABLE repair (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	service TEXT NOT NULL,
	state INTEGER NOT NULL,
	begun_at INTEGER NOT NULL,
	ended_at INTEGER NOT NULL,
	summary TEXT NOT NULL,
	proof TEXT NOT NULL,
	causes TEXT NOT NULL
);
CREATE TABLE step (
	repair INTEGER NOT NULL REFERENCES repair (id) ON DELETE CASCADE,
	number INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	state INTEGER NOT NULL,
	path TEXT,
	text TEXT NOT NULL,
	staged TEXT,
	before INTEGER REFERENCES version (id),
	after BLOB,
	offset INTEGER NOT NULL,
	old_bytes BLOB,
	new_bytes BLOB,
	mode INTEGER NOT NULL,
	owner INTEGER NOT NULL,
	grp INTEGER NOT NULL,
	PRIMARY KEY (repair, number)
) WITHOUT ROWID;
CREATE TABLE trust_change (
	repair INTEGER NOT NULL REFERENCES repair (id) ON DELETE CASCADE,
	added INTEGER NOT NULL,
	fingerprint TEXT NOT NULL,
	subject TEXT NOT NULL,
	store TEXT NOT NULL,
	kind TEXT NOT NULL,
	at INTEGER NOT NULL
);
CREATE TABLE verdict (
	repair INTEGER NOT NULL REFERENCES repair (id) ON DELETE CASCADE,
	client TEXT NOT NULL,
	verifier TEXT NOT NULL,
	state TEXT NOT NULL,
	before INTEGER NOT NULL,
	expected INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	text TEXT
);
