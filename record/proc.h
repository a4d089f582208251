/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What /proc says of a process that lives. */
#ifndef NETSNOOP_RECORD_PROC_H
#define NETSNOOP_RECORD_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROC_ARGS_MAX_BYTES 16384 /* longer ones are cut */

/*
 * The directory of this very process, by which nobody else is ever asked, also
 * when its number is used again; to be closed. start_ns is CLOCK_BOOTTIME; /proc has
 * it in ticks. -ESRCH, or what open(2) gives.
 */
int proc_open(uint32_t pid, uint64_t start_ns);

/* Does the start in ticks that /proc/PID/stat has belong to this one? text is that file. */
bool proc_is_start(const char *text, uint64_t start_ns, uint64_t ticks_a_second);

/* False where it cannot be read. */
bool proc_ids(int process_fd, uint32_t *ret_uid, uint32_t *ret_gid);

/*
 * The process to which a thread belongs, of those that one can see by number.
 * 0: there is none.
 */
uint32_t proc_process_of(uint32_t tid);

/* The name, without a newline. Its length, or a negative errno. */
int proc_comm(int process_fd, char *comm, size_t room);

/* The path of the executable. Its length, or a negative errno. */
int proc_exe(int process_fd, char *path, size_t room);

/* The arguments, each with a NUL behind it. Their length, or a negative errno. */
int proc_args(int process_fd, char args[PROC_ARGS_MAX_BYTES]);

/* The cgroup of the default hierarchy, from its root on. Its length, or a negative errno. */
int proc_cgroup(int process_fd, char *path, size_t room);

#endif
