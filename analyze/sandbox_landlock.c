/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Landlock, by system calls: libc has no names for them. The build machine's header may be
 * older than the kernel, so what came after its first version is defined here.
 */
#include "analyze/sandbox_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ABI_USED 6 /* 7 is about what is logged */

#define FS_1 ((UINT64_C(1) << 13) - 1)	 /* 5.13: all kinds of access to files */
#define FS_REFER (UINT64_C(1) << 13)	 /* 5.19: another directory */
#define FS_TRUNCATE (UINT64_C(1) << 14)	 /* 6.2 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* 6.10 */
#define NET_TCP UINT64_C(3)		 /* 6.7: bind and connect */
#define SCOPES UINT64_C(3)		 /* 6.12: signals, and abstract unix sockets */

struct ruleset { /* struct landlock_ruleset_attr as of version 6 */
	uint64_t fs, net, scoped;
};

int landlock_abi(void)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

int landlock_abi_used(void)
{
	int abi = landlock_abi();

	return abi < ABI_USED ? abi : ABI_USED;
}

/* All that this version can forbid. */
static struct ruleset all_of(int abi)
{
	return (struct ruleset){
		.fs = FS_1 | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) |
		      (abi >= 5 ? FS_IOCTL_DEV : 0),
		.net = abi >= 4 ? NET_TCP : 0,
		.scoped = abi >= 6 ? SCOPES : 0,
	};
}

int landlock_new(void)
{
	int abi = landlock_abi();
	struct ruleset rules = all_of(abi);
	long fd;

	if (!abi)
		return -ENOSYS;
	/* what the kernel does not know is 0, so that it may be longer than the kernel's own */
	fd = syscall(__NR_landlock_create_ruleset, &rules, sizeof(rules), 0);
	return fd < 0 ? -errno : (int)fd;
}

static uint64_t access_of(enum landlock_place place)
{
	uint64_t truncate = landlock_abi() >= 3 ? FS_TRUNCATE : 0;

	switch (place) {
	case PLACE_WRITE:
		return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | truncate;
	case PLACE_REMOVE:
		return LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	case PLACE_RENAME:
		return LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG;
	case PLACE_LOOK:
		return LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	default:
		return LANDLOCK_ACCESS_FS_READ_FILE;
	}
}

int landlock_allow(int ruleset, const char *path, enum landlock_place place)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access_of(place) };
	int err = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		err = -errno;
	close(rule.parent_fd);
	return err;
}

int landlock_enter(int ruleset)
{
	return syscall(__NR_landlock_restrict_self, ruleset, 0) ? -errno : 0;
}
