/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The process that opens what the recorder may not open any more, and is asked
 * only where that was refused: executables of live processes, for reading, and the
 * paths of cgroups. It holds CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, as far as the
 * recorder had these.
 */
#ifndef NETSNOOP_RECORD_OPENER_H
#define NETSNOOP_RECORD_OPENER_H

#include <stddef.h>
#include <stdint.h>

struct opener;
struct user;

/* Fork it, as keeper_open(). 0 or -errno. */
int opener_open(const struct user *user, struct opener **ret_opener);

/* After SIGCHLD: has it ended? The user is told. NULL is fine. */
void opener_check(struct opener *opener);

/*
 * These wait for the answer, a tenth of a second at most. -EAGAIN: there was none by then,
 * or one to an earlier question is still to come; whoever is behind it, a file system
 * perhaps, is waited for once. -EPIPE once it has ended. NULL for the opener: there is
 * none, -EPIPE.
 */

/* As proc_exe(), of the process that proc_open() would give. */
int opener_exe_path(struct opener *opener, uint32_t pid, uint64_t start_ns, char *path,
		    size_t room);

/* That executable, to be read and closed; or a negative errno. */
int opener_exe(struct opener *opener, uint32_t pid, uint64_t start_ns);

/* The path of a cgroup from the root of its hierarchy on. Its length, or a negative errno. */
int opener_cgroup(struct opener *opener, uint64_t id, char *path, size_t room);

/* End it. NULL is fine. */
void opener_close(struct opener *opener);

#endif
