/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Room for the descendants of a process that is followed. Each of them has an
 * entry in the kernel's table, which nothing there takes out: packets of a
 * process may come long after its end. Of the dead only the last are kept.
 */
#ifndef NETSNOOP_RECORD_FOLLOWED_H
#define NETSNOOP_RECORD_FOLLOWED_H

#include <stdint.h>

struct followed;

/* map_fd: the kernel's `snoop_proc`, which stays the caller's. 0 or -ENOMEM. */
int followed_open(int map_fd, struct followed **ret_followed);

/* A process ended some time ago; context is a struct followed. See process_table.h. */
void followed_ended(void *context, uint32_t pid, uint64_t start_ns);

void followed_close(struct followed *followed); /* NULL is fine */

#endif
