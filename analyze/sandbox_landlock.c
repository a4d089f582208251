/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Landlock, by system calls: libc has no names for them. The build machine's headers may be
 * older than the kernel, or than Landlock (5.13), so that all it takes is defined here.
 */
#include "analyze/sandbox_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same numbers on all machines but these. */
#ifndef __NR_landlock_create_ruleset
#if defined(__alpha__) || defined(__mips__)
#define __NR_landlock_create_ruleset (-1) /* fails with ENOSYS, as all kernels without it do */
#define __NR_landlock_add_rule (-1)
#define __NR_landlock_restrict_self (-1)
#else
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule 445
#define __NR_landlock_restrict_self 446
#endif
#endif

#define TELL_VERSION 1 /* flag of landlock_create_ruleset */
#define PATH_BENEATH 1 /* kind of rule */

#define ABI_USED 6 /* 7 is about what is logged */

#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_1 ((UINT64_C(1) << 13) - 1)	 /* 5.13: all kinds of access to files */
#define FS_REFER (UINT64_C(1) << 13)	 /* 5.19: another directory */
#define FS_TRUNCATE (UINT64_C(1) << 14)	 /* 6.2 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* 6.10 */
#define NET_TCP UINT64_C(3)		 /* 6.7: bind and connect */
#define SCOPES UINT64_C(3)		 /* 6.12: signals, and abstract unix sockets */

struct ruleset { /* struct landlock_ruleset_attr as of version 6 */
	uint64_t fs, net, scoped;
};

struct rule { /* struct landlock_path_beneath_attr */
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

int landlock_abi(void)
{
	long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, TELL_VERSION);

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
		return FS_READ_FILE | FS_WRITE_FILE | truncate;
	case PLACE_REMOVE:
		return FS_REMOVE_FILE | FS_READ_DIR;
	case PLACE_RENAME:
		return FS_REMOVE_FILE | FS_MAKE_REG;
	case PLACE_LOOK:
		return FS_READ_FILE | FS_READ_DIR;
	default:
		return FS_READ_FILE;
	}
}

int landlock_allow(int ruleset, const char *path, enum landlock_place place)
{
	struct rule rule = { .allowed = access_of(place) };
	int err = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (syscall(__NR_landlock_add_rule, ruleset, PATH_BENEATH, &rule, 0))
		err = -errno;
	close(rule.parent_fd);
	return err;
}

int landlock_enter(int ruleset)
{
	return syscall(__NR_landlock_restrict_self, ruleset, 0) ? -errno : 0;
}
