/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the interfaces themselves counted: rows of INTERFACE_COUNTER at the start,
 * each minute and at the end, of the devices that were there at the start. One that
 * has gone has its last reading, which is not older than the watcher's last look.
 */
#ifndef NETSNOOP_RECORD_READINGS_H
#define NETSNOOP_RECORD_READINGS_H

#include <stdint.h>

struct nst_writer;
struct readings;
struct watcher;

/* 0 or -ENOMEM. */
int readings_open(struct watcher *watcher, struct readings **ret_readings);

/*
 * Write the counters of now: by turns when a part of the trace begins, and when
 * it ends. What it begins with is what it has readings of: nothing, when watcher_edge()
 * gives no look.
 * 0, -ENOMEM, or what the writer gives.
 */
int readings_write(struct readings *readings, struct nst_writer *writer);

/*
 * The same when a minute is over, once the watcher has answered. Without room in the
 * writer it is for the next time.
 */
int readings_tick(struct readings *readings, struct nst_writer *writer, uint64_t at_ns);

/* NULL is fine. */
void readings_close(struct readings *readings);

#endif
