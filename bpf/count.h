/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps that count: bytes by process and direction, and everything else. */
#ifndef NETSNOOP_BPF_COUNT_H
#define NETSNOOP_BPF_COUNT_H

#include "bpf/kernel.h"

#include "bpf/events.h"

#include <bpf/bpf_helpers.h>

#define THROUGHPUT_ENTRIES 65536

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, THROUGHPUT_ENTRIES);
	__type(key, struct throughput_key);
	__type(value, __u64);
} send_bytes SEC(".maps"), recv_bytes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct own);
} own SEC(".maps");

/* Of this CPU, where both packet hooks run with bottom halves off: nobody else adds. */
static __always_inline struct own *own_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&own, &zero);
}

static __always_inline struct counters *own_counters(void)
{
	struct own *state = own_state();

	return state ? &state->counters : NULL;
}

/* Add to a process's bytes; two CPUs may be the first to do so. */
static __always_inline void end_run(const struct throughput_run *run, bool is_send,
				    struct counters *count)
{
	void *map = is_send ? (void *)&send_bytes : (void *)&recv_bytes;
	struct throughput_key key = { .pid = run->pid };
	__u64 *bytes;

	if (!run->bytes)
		return;
	__builtin_memcpy(key.name, run->name, sizeof(key.name));
	bytes = bpf_map_lookup_elem(map, &key);
	if (!bytes) {
		if (!bpf_map_update_elem(map, &key, &run->bytes, BPF_NOEXIST))
			return;
		bytes = bpf_map_lookup_elem(map, &key);
	}
	if (bytes)
		__sync_fetch_and_add(bytes, run->bytes);
	else
		count->value[COUNTER_THROUGHPUT_FULL_BYTES] += run->bytes;
}

/* Most packets are of the process that the one before was: looking up costs more than comparing. */
static __always_inline void count_bytes(struct own *state, bool is_send)
{
	const struct record *record = &state->hand.record;
	const __u64 *name = (const void *)record->comm;
	struct throughput_run *run = &state->runs[is_send];

	if (run->pid != record->pid || run->name[0] != name[0] || run->name[1] != name[1]) {
		end_run(run, is_send, &state->counters);
		run->pid = record->pid;
		run->name[0] = name[0];
		run->name[1] = name[1];
		run->bytes = 0;
	}
	run->bytes += record->bytes;
}

#endif
