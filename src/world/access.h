/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "May this user read that path?" answered component by component, as the kernel would
 * (path_resolution(7), acl(5), capabilities(7)), without becoming that user: in an overlay and
 * below a foreign root as well. Where the kernel has SELinux or AppArmor, what the process's label
 * and the file's label say is added.
 */
#pragma once

#include "world/world.h"

enum { CREDENTIALS_MAX_GROUPS = 65536 };

/* Bits of capabilities(7) that decide about reading. */
#define CREDENTIALS_DAC_OVERRIDE    (UINT64_C(1) << 1)
#define CREDENTIALS_DAC_READ_SEARCH (UINT64_C(1) << 2)

/* Ids as we see them, which a user namespace has ids for. */
struct id_range {
	uint32_t first, count;
};

struct id_map {
	const struct id_range *ranges;
	size_t count;
};

struct credentials {
	uid_t user;
	gid_t group;
	const gid_t *groups;
	size_t group_count;
	uint64_t capabilities; /* effective set */
	/* In a user namespace capabilities hold for files alone whose owner and group it maps
	 * (user_namespaces(7)): root of a container is nobody to the files of the host. */
	bool in_user_namespace;
	struct id_map mapped_users, mapped_groups;
	const char *label; /* of the process: SELinux context, "profile (enforce)" of AppArmor, or
			      NULL */
	const char *user_name; /* for people, or NULL */
};

enum access_stop {
	ACCESS_GRANTED,
	ACCESS_MISSING,        /* a component does not exist */
	ACCESS_DANGLING,       /* a symbolic link leads nowhere */
	ACCESS_NOT_SEARCHABLE, /* a directory on the way may not be passed (x) */
	ACCESS_NOT_READABLE,   /* the file or directory itself may not be read */
	ACCESS_LABEL,          /* SELinux or AppArmor */
	ACCESS_NOT_DIRECTORY,  /* a component on the way is no directory */
};

struct access {
	enum access_stop stop;
	const char *component; /* the path that stops it, as the world sees it */
	mode_t mode;
	uid_t owner;
	gid_t group;
	bool by_acl;      /* an ACL entry, not the mode, decided */
	const char *text; /* one sentence for people: "directory /etc/ssl/private is 0710
			     root:ssl-cert: user www-data may not pass" */
};

/* For a directory, reading means listing it and passing through it. Text is from the world. */
struct access world_may_read(struct world *, const char *path, const struct credentials *);

/* Whether others than root and owner could change the file or one of the directories above it; text
 * names which. */
bool world_is_writable_by_others(
	struct world *, const char *path, uid_t owner, const char **ret_text);
/* The same of the directories alone: whether others could put another file, or a link, in the
 * place of the one that path names while somebody writes it. */
bool world_is_redirectable_by_others(
	struct world *, const char *path, uid_t owner, const char **ret_text);
