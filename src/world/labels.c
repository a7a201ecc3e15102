/* SPDX-License-Identifier: Apache-2.0 */
/* Which security module a label is of, and what SELinux says. */
#include "world/labels.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SELINUX_DIRECTORY  "/sys/fs/selinux"
#define SELINUX_ATTRIBUTE  "security.selinux"
#define APPARMOR_DIRECTORY "/sys/kernel/security/apparmor"

enum { SELINUX_TEXT_SIZE = 4096, SELINUX_PATH_SIZE = 128, SELINUX_MAX_PERMISSIONS = 32 };
enum { SELINUX_PERMISSIVE_DOMAIN = 1 }; /* SELINUX_AVD_FLAGS_PERMISSIVE */

/* The kernel's own answers, not the world's: these are no files of the target. */
static bool
kernel_number(const char *path, unsigned max, unsigned *ret)
{
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";
	ssize_t length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	uint64_t number;

	if (length <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (text_number(text, max, &number) < 0)
		return false;
	*ret = (unsigned)number;
	return true;
}

static bool
selinux_permission(
	const char *class, const char *permission, unsigned *ret_class, uint32_t *ret_bit)
{
	char path[SELINUX_PATH_SIZE];
	unsigned number;

	(void)snprintf(path, sizeof(path), SELINUX_DIRECTORY "/class/%s/index", class);
	if (!kernel_number(path, UINT16_MAX, ret_class))
		return false;
	(void)snprintf(
		path, sizeof(path), SELINUX_DIRECTORY "/class/%s/perms/%s", class, permission);
	if (!kernel_number(path, SELINUX_MAX_PERMISSIONS, &number) || number == 0)
		return false;
	*ret_bit = UINT32_C(1) << (number - 1);
	return true;
}

/* The transaction of security_compute_av(3): two contexts and a class in, the decision out. */
static bool
selinux_ask(const char *subject, const char *object, unsigned class, uint32_t *ret_allowed)
{
	CLEANUP(fd_close) int fd = open(SELINUX_DIRECTORY "/access", O_RDWR | O_CLOEXEC);
	char text[SELINUX_TEXT_SIZE];
	unsigned allowed, decided, audit_allow, audit_deny, sequence, flags = 0;
	int length = snprintf(text, sizeof(text), "%s %s %u", subject, object, class);
	ssize_t count;

	if (fd < 0 || length < 0 || (size_t)length >= sizeof(text) ||
		write(fd, text, (size_t)length) < 0)
		return false;
	count = read(fd, text, sizeof(text) - 1);
	if (count <= 0)
		return false;
	text[count] = '\0';
	if (sscanf(text, "%x %x %x %x %u %x", &allowed, &decided, &audit_allow, &audit_deny,
		    &sequence, &flags) < 5)
		return false;
	*ret_allowed = (flags & SELINUX_PERMISSIVE_DOMAIN) != 0 ? UINT32_MAX : allowed;
	return true;
}

static const char *
selinux_label(struct world *world, const char *path)
{
	struct attributes attributes;

	if (world_attributes_of(world, path, &attributes) != 0)
		return NULL;
	for (size_t i = 0; i < attributes.count; i++)
		if (strcmp(attributes.list[i].name, SELINUX_ATTRIBUTE) == 0)
			return arena_strndup(world->arena,
				(const char *)attributes.list[i].value.data,
				attributes.list[i].value.length);
	return NULL;
}

bool
selinux_refuses(struct world *world, const char *context, const struct step *step,
	enum label_need need, const char **ret_reason)
{
	bool directory = step->node.identity.type == FILE_DIRECTORY;
	const char *class = directory ? "dir" : "file";
	const char *permission = need == LABEL_SEARCH ? "search" : "read";
	const char *object = selinux_label(world, step->path);
	unsigned enforcing, number;
	uint32_t bit, allowed;

	if (object == NULL || strpbrk(object, " \n") != NULL || strpbrk(context, " \n") != NULL)
		return false;
	if (!kernel_number(SELINUX_DIRECTORY "/enforce", 1, &enforcing) || enforcing == 0)
		return false;
	if (!selinux_permission(class, permission, &number, &bit) ||
		!selinux_ask(context, object, number, &allowed) || (allowed & bit) != 0)
		return false;
	*ret_reason =
		arena_printf(world->arena, "SELinux lets a process of %s not %s %s labelled %s",
			world_printable(world, context), permission,
			directory ? "a directory" : "a file", world_printable(world, object));
	return true;
}

bool
label_refuses(struct world *world, const char *label, const struct step *step, enum label_need need,
	const char **ret_reason)
{
	if (label == NULL || label[0] == '\0')
		return false;
	if (access(SELINUX_DIRECTORY "/enforce", F_OK) == 0)
		return selinux_refuses(world, label, step, need, ret_reason);
	if (access(APPARMOR_DIRECTORY, F_OK) == 0)
		return apparmor_refuses(world, label, step, need, ret_reason);
	return false;
}
