/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a packet to its flow and to the process it is charged to. The rest of
 * the program knows this file by its last two functions, one a direction; both
 * fill in flow_id, pid, start_ns, comm, tid, cgroup_id and owner_source.
 *
 * What holds here:
 * - The owner of a flow is who last sent on it from its own system call.
 * - On receive the current task is never asked: it was merely interrupted.
 * - A packet without a socket is never charged to the current task.
 * - A flow's id is given out once in a recording.
 */
#ifndef NETSNOOP_BPF_OWNER_H
#define NETSNOOP_BPF_OWNER_H

#include "bpf/kernel.h"

#include "bpf/context.h"
#include "bpf/events.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define FLOW_ENTRIES 65536

struct flow_key {
	__u32 netns;
	__u16 ethertype;
	__u16 local_port, remote_port;
	__u8 protocol;
	__u8 has_port; /* a later fragment is not of the flow with port 0 */
	__u8 local[16], remote[16];
};

struct flow {
	__u64 id;
	struct owner owner;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOW_ENTRIES);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

const volatile __u32 n_cpus = 1; /* possible ones */

static __always_inline void key_of(const struct record *record, struct flow_key *key)
{
	const __u8 *local = record->is_send ? record->saddr : record->daddr;
	const __u8 *remote = record->is_send ? record->daddr : record->saddr;

	key->netns = record->netns;
	key->ethertype = record->ethertype;
	key->local_port = record->is_send ? record->sport : record->dport;
	key->remote_port = record->is_send ? record->dport : record->sport;
	key->protocol = record->protocol;
	key->has_port = !!(record->has & RECORD_HAS_PORT);
	__builtin_memcpy(key->local, local, sizeof(key->local));
	__builtin_memcpy(key->remote, remote, sizeof(key->remote));
}

/* Each CPU counts its own and all count in steps of their number. */
static __always_inline __u64 next_flow_id(struct counters *count)
{
	return count->value[COUNTER_FLOWS]++ * n_cpus + bpf_get_smp_processor_id() + 1;
}

/* The record's flow, made if it is new; two CPUs may be the first to see it. */
static __always_inline struct flow *find_flow(const struct flow_key *key, struct counters *count)
{
	struct flow *flow = bpf_map_lookup_elem(&flows, key);
	struct flow first = {};

	if (flow)
		return flow;
	first.id = next_flow_id(count);
	bpf_map_update_elem(&flows, key, &first, BPF_NOEXIST);
	flow = bpf_map_lookup_elem(&flows, key);
	if (!flow)
		count->value[COUNTER_FLOW_TABLE_FULL]++;
	return flow;
}

/* The process of the current task, by its first thread's name and start. */
static __always_inline void current_owner(struct owner *owner)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	__u64 id = bpf_get_current_pid_tgid();

	owner->pid = id >> 32;
	owner->tid = (__u32)id;
	owner->start_ns = BPF_CORE_READ(leader, start_boottime);
	owner->cgroup_id = bpf_get_current_cgroup_id();
	/* a string: before 5.17 the rest of an earlier name may stand behind its end */
	bpf_core_read_str(owner->comm, sizeof(owner->comm), &leader->comm);
}

static __always_inline bool is_user_process(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return bpf_get_current_pid_tgid() >> 32 && !(BPF_CORE_READ(task, flags) & PF_KTHREAD);
}

static __always_inline void charge(struct record *record, const struct owner *owner, __u8 source)
{
	record->pid = owner->pid;
	record->start_ns = owner->start_ns;
	record->cgroup_id = owner->cgroup_id;
	__builtin_memcpy(record->comm, owner->comm, sizeof(record->comm));
	record->owner_source = source;
	record->has |= RECORD_HAS_OWNER | RECORD_HAS_CGROUP;
}

/* TIME_WAIT and request sockets are not whole sockets: none of their fields may be read. */
static __always_inline bool is_full_socket(struct sock *sk)
{
	__u8 state = sk->__sk_common.skc_state;

	return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

/*
 * Is it the kernel's own? The subflows of MPTCP are made by the kernel too, but
 * on behalf of the process that holds the MPTCP socket.
 */
static __always_inline bool is_kernel_socket(struct sock *sk)
{
	struct tcp_sock *tcp = (void *)sk;

	if (!BPF_CORE_READ_BITFIELD(sk, sk_kern_sock))
		return false;
	return sk->sk_protocol != IPPROTO_TCP || !bpf_core_field_exists(tcp->is_mptcp) ||
	       !BPF_CORE_READ(tcp, is_mptcp);
}

/*
 * Does current use this socket right now? On TCP a packet can leave in the
 * middle of any system call that takes the bottom half's work along, so there
 * the socket must also be held.
 */
static __always_inline bool current_uses(struct sock *sk)
{
	if (sk->sk_protocol == IPPROTO_TCP && !sk->sk_lock.owned)
		return false;
	return in_system_call();
}

/*
 * One process's own tuple, by which the answers can be known: a tunnel's is of
 * all who use it, and that of a later fragment, without ports, of both hosts.
 */
static __always_inline bool has_tuple(const struct record *record)
{
	const __u16 shared = RECORD_BAD_HEADER | RECORD_TUNNELLED | RECORD_LATER_FRAGMENT;

	return record->has & RECORD_HAS_ADDR && !(record->flags & shared);
}

static __always_inline bool same_owner(const struct owner *a, const struct owner *b)
{
	const __u64 *x = (const void *)a->comm, *y = (const void *)b->comm;

	return a->pid == b->pid && a->start_ns == b->start_ns && a->cgroup_id == b->cgroup_id &&
	       x[0] == y[0] && x[1] == y[1];
}

/* The whole value is replaced, so that no other CPU sees half an owner. */
static __always_inline void learn(const struct flow_key *key, const struct flow *flow,
				  const struct owner *owner)
{
	struct flow learned = { .id = flow->id, .owner = *owner };

	if (!same_owner(&flow->owner, owner))
		bpf_map_update_elem(&flows, key, &learned, BPF_EXIST);
}

static __always_inline struct flow *flow_of(struct record *record, struct flow_key *key,
					    struct counters *count)
{
	struct flow *flow;

	key_of(record, key);
	flow = find_flow(key, count);
	if (!flow)
		return NULL;
	record->flow_id = flow->id;
	record->has |= RECORD_HAS_FLOW_ID;
	return flow;
}

static __always_inline void find_sender(struct sk_buff *skb, struct record *record,
					struct counters *count)
{
	struct flow_key key = {};
	struct flow *flow = flow_of(record, &key, count);
	struct sock *sk = skb->sk;
	struct owner owner = {};

	if (sk && !is_full_socket(sk))
		sk = NULL;
	if (sk && is_kernel_socket(sk)) {
		record->owner_source = SOURCE_KERNEL;
		return;
	}
	if (sk && current_uses(sk)) {
		current_owner(&owner);
		charge(record, &owner, SOURCE_SOCKET);
		record->tid = owner.tid;
		record->has |= RECORD_HAS_TID;
		if (flow && has_tuple(record))
			learn(&key, flow, &owner);
		return;
	}
	if (flow && flow->owner.pid && has_tuple(record)) {
		charge(record, &flow->owner, SOURCE_FLOW);
		return;
	}
	if (!sk || !is_user_process())
		return;
	current_owner(&owner);
	charge(record, &owner, SOURCE_CURRENT);
}

static __always_inline void find_receiver(struct record *record, struct counters *count)
{
	struct flow_key key = {};
	struct flow *flow = flow_of(record, &key, count);

	if (flow && flow->owner.pid && has_tuple(record))
		charge(record, &flow->owner, SOURCE_FLOW);
}

#endif
