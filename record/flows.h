/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's table of flows, which never makes room by itself: takes out what
 * is over, so that new flows find a place.
 */
#ifndef NETSNOOP_RECORD_FLOWS_H
#define NETSNOOP_RECORD_FLOWS_H

#include <stddef.h>
#include <stdint.h>

struct flows;

/* map_fd: the map `flows`, which holds max_flows. 0 or -ENOMEM. */
int flows_open(int map_fd, uint32_t max_flows, struct flows **ret_flows);

/*
 * Take out flows that ended 5 s ago or have been idle for a minute, and sooner,
 * the oldest first, when the table fills up. Does so now and then only; how
 * often depends on given_out, the number of flow ids that the kernel has ever
 * given out. The ids that were taken out are at *ret_gone, until the next call.
 * 0, -ENOMEM, or what bpf(2) gives.
 */
int flows_collect(struct flows *flows, uint64_t at_ns, uint64_t given_out,
		  const uint64_t **ret_gone, size_t *ret_n_gone);

/* NULL is fine. */
void flows_close(struct flows *flows);

#endif
