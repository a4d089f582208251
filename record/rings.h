/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rings of records, which are made to measure: see bpf/ring.h. */
#ifndef NETSNOOP_RECORD_RINGS_H
#define NETSNOOP_RECORD_RINGS_H

#include <stddef.h>
#include <stdint.h>

struct drain;
struct netsnoop_bpf; /* of the skeleton */

struct rings {
	int *fds; /* of the kernel's ring buffers */
	size_t n;
	size_t n_cpus;	      /* possible ones */
	size_t bytes;	      /* of a CPU: half for whole records, half for short ones */
	uint32_t *short_cpus; /* that have a ring of short records */
	size_t n_shorts;
};

/* How many and how large; total_bytes of all together, 0: the default. 0 or -ENOMEM. */
int rings_choose(struct rings *rings, uint64_t total_bytes);

/* Tell the programs, which are not loaded yet. 0, or what libbpf gives. */
int rings_size(const struct rings *rings, struct netsnoop_bpf *programs);

/* Make and map them, once the programs are loaded. Every failure has been told to the user. */
int rings_make(struct rings *rings, const struct netsnoop_bpf *programs, struct drain **ret_drain);

/* Tell the user what went wrong with them, and what helps. */
void rings_explain(const struct rings *rings, int err);

void rings_close(struct rings *rings); /* one of zeros is fine */

#endif
