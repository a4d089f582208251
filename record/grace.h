/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Waits for programs in the kernel to end, in a thread of its own, because that takes
 * some ten milliseconds.
 */
#ifndef NETSNOOP_RECORD_GRACE_H
#define NETSNOOP_RECORD_GRACE_H

#include <stdbool.h>
#include <stdint.h>

struct grace;

/* net_events: a map of maps, whose first one is ring. 0, -ENOMEM, or what pthread_create(3) gives. */
int grace_open(int net_events, int ring, struct grace **ret_grace);

/*
 * Begin to wait for all programs that have begun before at_ns (CLOCK_BOOTTIME). Not
 * before the last wait is over.
 */
void grace_begin(struct grace *grace, uint64_t at_ns);

/* Have they ended? */
bool grace_is_over(struct grace *grace);

/* The same, once, without a thread: for all that have begun before now. */
void grace_wait(int net_events, int ring);

/* NULL is fine. */
void grace_close(struct grace *grace);

#endif
