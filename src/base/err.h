/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors are ours: we may not read, the disk is full, the usage is wrong. What is wrong with the
 * world that is examined is a finding, never an error.
 *
 * A struct err is a value of the caller. Functions return 0 or -1 (or a pointer or NULL) and fill
 * it.
 */
#pragma once

#include "base/own.h"

enum err_code {
	ERR_NONE,
	ERR_USAGE,      /* 64 */
	ERR_DATA,       /* 65 input of ours (a plan, a journal) is not what it must be */
	ERR_NO_INPUT,   /* 66 */
	ERR_INTERNAL,   /* 70 */
	ERR_CREATE,     /* 73 cannot create an output */
	ERR_IO,         /* 74 */
	ERR_BUSY,       /* 75 lock held, plan stale */
	ERR_PERMISSION, /* 77 */
	ERR_CONFIG,     /* 78 */
	ERR_LIMIT,      /* 3  an input is larger than its named bound */
	ERR_UNKNOWN,    /* 3  could not be determined, or failed and was undone */
	ERR_UNDONE_NOT, /* 4  failed and could not be undone */
	ERR__COUNT
};

struct err {
	enum err_code code;
	int sys; /* errno, or 0 */
	char message[1024];
};

/* Fills err (which may be NULL) and returns -1. */
int err_set(struct err *err, enum err_code code, const char *format, ...) PRINTF(3, 4);

/* As err_set, with ": " and the text of errno behind the message; keeps errno in sys. EACCES and
 * EPERM become ERR_PERMISSION, ENOENT ERR_NO_INPUT, whatever code says otherwise. */
int err_sys(struct err *err, enum err_code code, const char *format, ...) PRINTF(3, 4);

/* Puts "context: " before the message on the way up; returns -1. */
int err_prefix(struct err *err, const char *format, ...) PRINTF(2, 3);

/* The exit status of the interface that belongs to a code (sysexits.h and 3, 4). */
int err_exit_status(enum err_code code);
