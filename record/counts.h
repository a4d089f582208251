/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel side counted, read back from its maps. */
#ifndef NETSNOOP_RECORD_COUNTS_H
#define NETSNOOP_RECORD_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counts {
	uint64_t events; /* passed the filters */
	uint64_t ring_full_events;
	uint64_t ring_full_bytes;
	uint64_t summed_events; /* of which only totals are wanted */
	uint64_t summed_bytes;
	uint64_t throughput_full_bytes;
	uint64_t flow_table_full;
	uint64_t filtered;
	uint64_t filtered_unknown;
	uint64_t not_ip;
	uint64_t bad_header;
	uint64_t snoop_full;
	uint64_t flows;
	uint64_t owner_ring_full; /* owner records, not events */
	uint64_t process_ring_full;
};

/* Names of the counts as they stand in a trace, and whether they are told by CPU. */
struct count_name {
	const char *name;
	size_t offset; /* in struct counts */
	bool by_cpu;
};
extern const struct count_name count_names[];
extern const size_t n_count_names;

static inline uint64_t count_value(const struct counts *counts, const struct count_name *name)
{
	return *(const uint64_t *)((const char *)counts + name->offset);
}

/* Events that a record was made of. */
static inline uint64_t counts_in_rings(const struct counts *counts)
{
	return counts->events - counts->ring_full_events - counts->summed_events;
}

struct count_maps { /* descriptors */
	int own, intervals;
};

/* Read the counts of n_cpus possible CPUs. 0, -ENOMEM, or what bpf(2) gives. */
int counts_read(const struct count_maps *maps, size_t n_cpus, struct counts *ret_by_cpu);

struct counts counts_sum(const struct counts *by_cpu, size_t n_cpus);

#define THROUGHPUT_NAME_BYTES 16

struct throughput {
	uint32_t pid; /* 0 and an empty name: not known */
	char name[THROUGHPUT_NAME_BYTES];
	uint64_t send_bytes, recv_bytes;
};

struct throughput_maps { /* descriptors */
	int send, recv, own;
};

/*
 * All of it in one array, sorted by pid and name, which is the caller's to free.
 * While the programs run, what a CPU adds to a map meanwhile can be missing.
 * 0, -ENOMEM, or what bpf(2) gives.
 */
int throughput_read(const struct throughput_maps *maps, size_t n_cpus, struct throughput **ret_rows,
		    size_t *ret_n_rows);

/* The order of throughput_read(): like memcmp(3), by pid, then name. */
int throughput_compare(const void *a, const void *b);

#endif
