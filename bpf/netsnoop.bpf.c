// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs: one event for each skb sent or received on this machine. */
#include "bpf/kernel.h"

#include "bpf/count.h"
#include "bpf/device.h"
#include "bpf/events.h"
#include "bpf/filter.h"
#include "bpf/owner.h"
#include "bpf/parse.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* The kernel lends its helpers to programs under a licence that it takes for GPL. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A ring a CPU; the recorder makes them and sets their size. */
struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring);
} net_events SEC(".maps");

/*
 * Nobody is woken for it (3.2 us an event against 0.28): the recorder looks at
 * the rings on a timer.
 */
static __always_inline void write_record(const struct record *record, struct counters *count)
{
	__u32 cpu = bpf_get_smp_processor_id();
	void *ring = bpf_map_lookup_elem(&net_events, &cpu);
	struct record *slot = ring ? bpf_ringbuf_reserve(ring, sizeof(*slot), 0) : NULL;

	if (!slot) {
		count->value[COUNTER_RING_FULL_EVENTS]++;
		count->value[COUNTER_RING_FULL_BYTES] += record->bytes;
		return;
	}
	*slot = *record;
	bpf_ringbuf_submit(slot, BPF_RB_NO_WAKEUP);
}

static __always_inline void see(struct sk_buff *skb, bool is_send)
{
	struct record record = { .timestamp = bpf_ktime_get_boot_ns(), .is_send = is_send };
	struct counters *count = own_counters();
	struct net_device *device = skb->dev;

	if (!count || !device)
		return;
	parse(skb, &record);
	describe_device(device, &record);
	if (is_send)
		find_sender(skb, &record, count);
	else
		find_receiver(&record, count);
	if (!passes(device, &record, count))
		return;
	count->value[COUNTER_EVENTS]++;
	if (record.ethertype != ETH_P_IP && record.ethertype != ETH_P_IPV6)
		count->value[COUNTER_NOT_IP]++;
	if (record.flags & RECORD_BAD_HEADER)
		count->value[COUNTER_BAD_HEADER]++;
	count_bytes(&record, count);
	write_record(&record, count);
}

/* BPF_PROG() names a context that none of these needs beside its arguments. */
#pragma clang diagnostic ignored "-Wunused-parameter"

SEC("tp_btf/net_dev_queue")
int BPF_PROG(see_send, struct sk_buff *skb)
{
	see(skb, true);
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(see_receive, struct sk_buff *skb)
{
	see(skb, false);
	return 0;
}

/* A followed process has a child: give it an entry before it can send. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(see_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 thread = BPF_CORE_READ(child, pid), pid = BPF_CORE_READ(child, tgid);
	struct counters *count = own_counters();
	struct snoop_value own = {};

	if (thread != pid)
		return 0;
	own.start_ns = BPF_CORE_READ(child, start_boottime);
	own.what = snoop_what(BPF_CORE_READ(parent, tgid),
			      BPF_CORE_READ(parent, group_leader, start_boottime));
	if (!(own.what & SNOOP_FOLLOW))
		return 0;
	if (bpf_map_update_elem(&snoop_proc, &pid, &own, BPF_ANY) && count)
		count->value[COUNTER_SNOOP_FULL]++;
	return 0;
}
