// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs: one event for each skb sent or received on this machine. */
#include "bpf/kernel.h"

#include "bpf/again.h"
#include "bpf/count.h"
#include "bpf/device.h"
#include "bpf/events.h"
#include "bpf/files.h"
#include "bpf/filter.h"
#include "bpf/lane.h"
#include "bpf/learn.h"
#include "bpf/owner.h"
#include "bpf/parse.h"
#include "bpf/process.h"
#include "bpf/ready.h"
#include "bpf/ring.h"
#include "bpf/seed.h"
#include "bpf/stage.h"
#include "bpf/total.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* The kernel lends its helpers to programs under a licence that it takes for GPL. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Without a lane it announces nothing. */
static __always_inline bool put_whole(struct record *record, const struct lane *lane,
				      struct own *state)
{
	struct record *slot = reserve(sizeof(*slot));

	if (!slot)
		return false;
	if (lane->party)
		next_turn(lane, record, &state->last_turn);
	*slot = *record;
	bpf_ringbuf_submit(slot, BPF_RB_NO_WAKEUP);
	if (lane->party)
		store_lane(lane, record);
	return true;
}

/* Is there a record of the packet now? */
static __always_inline bool tell_packet(const struct seen *seen, struct interval *interval,
					bool is_send)
{
	struct record *record = seen->record;
	struct lane lane = {};
	bool is_told;

	if (!wants_records()) {
		interval->count[INTERVAL_SUMMED_EVENTS]++;
		interval->count[INTERVAL_SUMMED_BYTES] += record->bytes;
		return false;
	}
	if (seen->flow && record->party != PARTY_OTHER)
		lane_of(seen->flow, seen->done, record, is_send, &lane);
	if (lane.party && is_stored(&lane, record)) {
		is_told = put_short(record);
		if (is_told && is_of_lane(&interval->runs[RUN_OF_ALL][is_send], record, true))
			remember_packet(seen, &lane, 0, is_send);
	} else {
		is_told = put_whole(record, &lane, seen->state);
	}
	if (!is_told)
		count_full(record, interval);
	return is_told;
}

/*
 * From here on nothing can fail, so that each packet is in the totals, and among the untold
 * ones if it is not in a ring.
 */
static __always_inline void keep_packet(struct own *state, const struct seen *seen,
					struct interval *interval, __u32 generation, bool is_send)
{
	struct record *record = &state->hand.record;
	struct counters *count = &state->counters;
	bool is_told;

	interval->count[INTERVAL_EVENTS]++;
	if (record->ethertype != ETH_P_IP && record->ethertype != ETH_P_IPV6)
		count->value[COUNTER_NOT_IP]++;
	if (record->flags & RECORD_BAD_HEADER)
		count->value[COUNTER_BAD_HEADER]++;
	count_bytes(state, is_send);
	END_OF_STAGE(STAGE_COUNT);
	is_told = tell_packet(seen, interval, is_send);
	END_OF_STAGE(STAGE_RECORD);
	if (count_total(state, interval, generation, is_send, is_told) && !wants_records())
		remember_packet(seen, NULL, generation, is_send);
}

static __always_inline void see(struct sk_buff *skb, bool is_send)
{
	struct own *state = own_state();
	struct net_device *device = skb->dev;
	struct cursor cursor = {};
	struct seen seen = { .skb = skb, .device = device, .cursor = &cursor };
	struct interval *interval;
	struct record *record;
	__u32 generation;
	__u64 now_ns;

	if (!state || !device)
		return;
	seen.record = record = &state->hand.record;
	seen.key = &state->hand.key;
	seen.state = state;
	record->timestamp = now_ns = bpf_ktime_get_boot_ns();
	generation = generation_of(now_ns);
	interval = bpf_map_lookup_elem(&intervals, &generation);
	if (!interval)
		return;
	END_OF_STAGE(STAGE_CLOCK);
	if (keep_again(skb, device, state, interval, generation, is_send))
		return;
	state->again[is_send].device = 0;
	__builtin_memset(record, 0, sizeof(*record));
	record->timestamp = now_ns;
	record->is_send = is_send;
	record->lane = NO_LANE;
	parse(skb, record, is_send, &cursor);
	describe_device(device, record);
	END_OF_STAGE(STAGE_HEADERS);
	if (is_send)
		find_sender(&seen);
	else
		find_receiver(&seen);
	END_OF_STAGE(STAGE_FLOW);
	END_OF_STAGE(STAGE_OWNER);
	if (passes(device, record, &state->counters))
		keep_packet(state, &seen, interval, generation, is_send);
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

SEC("tp_btf/sock_recv_length")
int BPF_PROG(see_consume, struct sock *sk, int result, int flags)
{
	if (result >= 0 && !(flags & (MSG_PEEK | MSG_ERRQUEUE)))
		learn_receiver(sk);
	return 0;
}

/*
 * Every read from a TCP socket, also what sock_recv_length does not tell of: splice, sendfile,
 * zero copy (by getsockopt, io_uring), and all of them before 6.3.
 */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(see_tcp_consume, struct sock *sk)
{
	if (current_reads_first(sk))
		learn_receiver(sk);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(see_state, struct sock *sk, int before, int after)
{
	learn_state(sk, before, after);
	return 0;
}

SEC("tp_btf/sk_data_ready")
int BPF_PROG(see_ready, struct sock *sk)
{
	if (is_news(sk))
		learn_ready(sk);
	return 0;
}

/* Only where there is no sock_recv_length: what has come for it is told, if need be. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(see_end, struct task_struct *task)
{
	if (!BPF_CORE_READ(task, signal, live.counter))
		end_files(task);
	return 0;
}

SEC("iter/task_file")
int seed(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct socket *socket;

	if (!task || !file ||
	    !bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_sock_from_file))
		return 0;
	socket = bpf_sock_from_file(file);
	if (socket && socket->sk)
		seed_socket(socket->sk, task, (__u64)BPF_CORE_READ(socket, sk));
	return 0;
}

SEC("iter/bpf_sk_storage_map")
int keep(struct bpf_iter__bpf_sk_storage_map *context)
{
	struct sock *sk = context->sk;

	if (sk)
		keep_socket(sk);
	return 0;
}
