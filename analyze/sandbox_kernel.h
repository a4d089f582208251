/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two means of the sandbox. Internal to it. */
#ifndef NETSNOOP_ANALYZE_SANDBOX_KERNEL_H
#define NETSNOOP_ANALYZE_SANDBOX_KERNEL_H

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0 /* else: the checker of leaks stops all threads from outside */
#endif

/* ---- sandbox_landlock.c ---- */

enum landlock_place {
	PLACE_READ,   /* a file that may be opened for reading */
	PLACE_WRITE,  /* and for writing */
	PLACE_REMOVE, /* a directory: names in it may be removed, and it may be synced */
	PLACE_RENAME, /* a directory: names in it may be made and removed */
	PLACE_LOOK,   /* a directory: all in it may be read */
};

/* The kernel's version of Landlock; 0: it has none. */
int landlock_abi(void);

/* The newest version that is made use of. */
int landlock_abi_used(void);

/* A set of rules that allows nothing: its descriptor, or -ENOSYS without Landlock, or -errno. */
int landlock_new(void);

/* Allow something. A path that is not there is none. 0 or -errno. */
int landlock_allow(int ruleset, const char *path, enum landlock_place place);

/* Make the rules those of this thread. 0 or -errno. */
int landlock_enter(int ruleset);

/* ---- sandbox_seccomp.c ---- */

/* Has the kernel filters of system calls? */
bool seccomp_is_there(void);

/* Only the calls that are needed. opens: files by name; changes: names too. 0, -ENOSYS or -errno. */
int seccomp_enter(bool opens, bool changes);

#endif
