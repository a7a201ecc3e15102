-- SPDX-License-Identifier: Apache-2.0
-- CRLs that were read and found sound: what need not be read again while the file is the same.
CREATE TABLE list (
	path TEXT PRIMARY KEY,
	device INTEGER NOT NULL,
	inode INTEGER NOT NULL,
	size INTEGER NOT NULL,
	modified_s INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
	changed_s INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
	digest BLOB NOT NULL CHECK (length(digest) = 32),
	record BLOB NOT NULL
) WITHOUT ROWID;
