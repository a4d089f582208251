/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a packet to its flow and to the process it is charged to. The rest of
 * the program knows this file by its last two functions, one a direction; both
 * fill in flow_id, pid, start_ns, comm, uid, tid, cgroup_id and owner_source.
 *
 * What holds here:
 * - A sender is who sends in its own system call; else who last did, or else who
 *   receives.
 * - On receive the current task is never asked: it was merely interrupted.
 * - A packet without a socket is never charged to the current task.
 * - What a flow's slot says is taken as it stands unless something has changed:
 *   its socket, the sending process, or one of the epochs.
 */
#ifndef NETSNOOP_BPF_OWNER_H
#define NETSNOOP_BPF_OWNER_H

#include "bpf/kernel.h"

#include "bpf/bind.h"
#include "bpf/device.h"
#include "bpf/endpoint.h"
#include "bpf/events.h"
#include "bpf/flow.h"
#include "bpf/fragment.h"
#include "bpf/learn.h"
#include "bpf/orphan.h"
#include "bpf/parse.h"
#include "bpf/place.h"
#include "bpf/ready.h"
#include "bpf/stage.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* A packet on its way through the two functions below. */
struct seen {
	struct sk_buff *skb;
	struct net_device *device;
	struct record *record;
	struct flow_key *key;
	const struct cursor *cursor;
	struct own *state;
	struct flow *flow; /* NULL: the table is full */
	__u32 done;	   /* changes of it, before its id or who is charged was read */
};

static __always_inline void charge(struct record *record, const struct owner *owner, __u8 source)
{
	record->pid = owner->pid;
	record->start_ns = owner->start_ns;
	record->cgroup_id = owner->cgroup_id;
	record->uid = owner->uid;
	__builtin_memcpy(record->comm, owner->comm, sizeof(record->comm));
	record->owner_source = source;
	record->has |= RECORD_HAS_OWNER | RECORD_HAS_CGROUP;
	record->party = PARTY_OTHER;
}

static __always_inline void charge_party(struct record *record, const struct flow *flow,
					 bool is_sender, __u8 source)
{
	const struct party *party = is_sender ? &flow->sender : &flow->receiver;

	record->pid = party->pid;
	record->start_ns = party->start_ns;
	record->cgroup_id = party->cgroup_id;
	record->uid = party->uid;
	__builtin_memcpy(record->comm, party->comm, sizeof(record->comm));
	record->owner_source = source;
	record->has |= RECORD_HAS_OWNER | RECORD_HAS_CGROUP;
	record->party = is_sender ? PARTY_SENDER : PARTY_RECEIVER;
}

static __always_inline void charge_thread(struct record *record, __u32 tid)
{
	record->tid = tid;
	record->has |= RECORD_HAS_TID;
}

/*
 * Device and answer are one word: a flow that is sent on one device and received on another
 * (VLAN) has two CPUs writing here in turn.
 */
static __always_inline void locate(struct seen *seen)
{
	struct record *record = seen->record;
	struct flow *flow = seen->flow;
	__u32 device = flow ? *(volatile __u32 *)&flow->local_device : 0;

	if (!flow || device >> 1 != record->ifindex) {
		device = record->ifindex << 1 | has_address(seen->skb, record);
		if (flow)
			flow->local_device = device;
	}
	if (device & 1)
		record->flags |= RECORD_LOCAL_ADDR;
}

static __always_inline void begin(struct seen *seen, bool is_send)
{
	struct record *record = seen->record;

	key_of(record, seen->cursor, is_send, seen->key);
	if (record->flags & RECORD_FRAGMENT)
		join_fragments(record, seen->cursor, seen->key);
	seen->flow = find_flow(seen->key, record, seen->cursor, seen->state, is_send, &seen->done);
	locate(seen);
}

/* Nobody's: sent by the kernel, or passed on by it. */
static __always_inline void charge_nobody(struct seen *seen)
{
	bool is_forwarded = seen->skb->skb_iif != 0;

	seen->record->owner_source = is_forwarded ? SOURCE_FORWARDED : SOURCE_KERNEL;
	if (!seen->flow || seen->record->protocol == IPPROTO_TCP)
		is_forwarded = is_forwarded && seen->flow;
	if (is_forwarded)
		seen->flow->flags |= FLOW_FORWARDED;
}

/*
 * The outside of a tunnel. Its peer uses the same port (VXLAN, Geneve), or
 * none, so that what comes back is the kernel's, too.
 */
static __always_inline void see_tunnel(struct seen *seen)
{
	struct flow_key key = *seen->key;

	seen->record->owner_source = SOURCE_KERNEL;
	if (!seen->flow || seen->flow->flags & FLOW_KERNEL)
		return;
	seen->flow->flags |= FLOW_KERNEL;
	if (!key.has_port)
		return;
	key.local_port = key.remote_port;
	key.remote_port = 0;
	__builtin_memset(key.local, 0, sizeof(key.local));
	__builtin_memset(key.remote, 0, sizeof(key.remote));
	put_kernels(&key);
}

static __always_inline void charge_flow(struct seen *seen)
{
	struct flow *flow = seen->flow;

	/* or it is merged with the caller's conditions, in which verifiers of 6.1 lose it */
	barrier_var(flow);
	if (flow && has_sender(flow))
		charge_party(seen->record, flow, true, SOURCE_FLOW);
	else if (flow && has_owner(flow))
		charge_party(seen->record, flow, false, flow_source(flow->source));
}

/* TIME_WAIT, requests, replies of the kernel's own, and what is routed or bridged. */
static __always_inline void send_without_socket(struct seen *seen)
{
	if (seen->skb->skb_iif == 0 && !(seen->record->tcp_flags & TCP_RST))
		charge_flow(seen);
	if (!(seen->record->has & RECORD_HAS_OWNER))
		charge_nobody(seen);
}

/* There is no slot to ask. */
static __always_inline void charge_holder(struct sock *sk, struct record *record)
{
	struct endpoint *endpoint;

	if (!is_inet(sk) || sk->sk_protocol != record->protocol || !has_storage())
		return;
	endpoint = bpf_sk_storage_get(&endpoints, sk, NULL, 0);
	if (endpoint && is_known(&endpoint->holder))
		charge(record, &endpoint->holder.owner, flow_source(endpoint->holder.source));
}

/*
 * Before 5.11 whether current is in a system call cannot be told. But who holds TCP's lock
 * is, on that socket: softirqs leave a held one alone, and a packet that they send again
 * for it has come in on a device.
 */
static __always_inline bool current_holds(struct sock *sk, struct sk_buff *skb)
{
	return !has_storage() && sk->sk_protocol == IPPROTO_TCP && sk->sk_lock.owned &&
	       !skb->skb_iif && is_user_process();
}

static __always_inline void send_from(struct sock *sk, struct seen *seen)
{
	struct owner owner = {};

	if (is_kernel_socket(sk)) {
		seen->record->owner_source = SOURCE_KERNEL;
		return;
	}
	if (current_uses(sk) || current_holds(sk, seen->skb)) {
		current_owner(&owner);
		charge(seen->record, &owner, SOURCE_SOCKET);
		charge_thread(seen->record, owner.tid);
		if (seen->flow)
			learn_sender(sk, seen->flow, seen->key, &owner, seen->record,
				     &seen->state->counters);
		seen->record->party = PARTY_SENDER; /* it is now, or there is no flow */
		return;
	}
	if (!seen->flow)
		charge_holder(sk, seen->record);
	else if (seen->flow->socket != (__u64)sk)
		adopt(sk, seen->flow, seen->key, seen->record);
	charge_flow(seen);
	if (seen->record->has & RECORD_HAS_OWNER || has_storage() ||
	    sk->sk_protocol == IPPROTO_TCP || !is_user_process())
		return;
	/* before 5.11: a guess, which TCP, much of which is sent in softirqs, is better without */
	current_owner(&owner);
	charge(seen->record, &owner, SOURCE_CURRENT);
}

/* Does the same process send from the same socket as last time? Then nothing is to learn. */
static __always_inline bool sends_again(struct sock *sk, const struct flow *flow, __u64 pid_tgid)
{
	return flow->socket == (__u64)sk && flow->sender.pid == pid_tgid >> 32 &&
	       has_sender(flow) && flow->name_epoch == name_epoch && flow->flags & FLOW_SETTLED;
}

static __always_inline void find_sender(struct seen *seen)
{
	struct sock *sk = seen->skb->sk;
	struct record *record = seen->record;
	struct flow *flow;
	__u64 id;

	begin(seen, true);
	END_OF_STAGE(STAGE_FLOW);
	flow = seen->flow;
	if (record->flags & RECORD_TUNNELLED)
		return see_tunnel(seen);
	if (!sk || !is_full_socket(sk))
		return send_without_socket(seen);
	id = bpf_get_current_pid_tgid();
	if (!flow || !sends_again(sk, flow, id) ||
	    (record->protocol == IPPROTO_TCP && !sk->sk_lock.owned))
		return send_from(sk, seen);
	charge_party(record, flow, true, SOURCE_SOCKET);
	charge_thread(record, (__u32)id);
	flow->sent_ns = record->timestamp;
}

/* Answered by the kernel itself, whoever else may listen. */
static __always_inline bool is_for_kernel(const struct seen *seen)
{
	const struct record *record = seen->record;
	__u8 type = seen->cursor->icmp_type;

	if (record->ethertype == ETH_P_ARP)
		return true;
	if (record->protocol == IPPROTO_ICMP && record->ethertype == ETH_P_IP)
		return type != ICMP_ECHOREPLY;
	if (record->protocol == IPPROTO_ICMPV6 && record->ethertype == ETH_P_IPV6)
		return type != ICMPV6_ECHO_REPLY;
	return record->protocol == IPPROTO_IGMP && record->ethertype == ETH_P_IP;
}

/* Does each socket that fits get it? A raw one does; without a port, it may be for such. */
static __always_inline bool is_for_all(const struct record *record, bool is_for_many)
{
	return is_for_many || !(record->has & RECORD_HAS_PORT);
}

/* May the bind table say whose it is? */
static __always_inline bool may_be_bound(const struct seen *seen, bool is_for_many)
{
	const struct record *record = seen->record;

	if (!(record->has & RECORD_HAS_ADDR) || record->flags & RECORD_LATER_FRAGMENT)
		return false;
	return is_for_many || record->flags & RECORD_LOCAL_ADDR ||
	       (seen->flow && seen->flow->flags & FLOW_OURS);
}

/* May a packet of TCP's be for a socket that has nothing but a local end? Only as a first one. */
static __always_inline bool is_for_bound(const struct record *record, const struct bound *bound)
{
	return record->protocol != IPPROTO_TCP || bound->source != SOURCE_LISTENER ||
	       (record->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN || bound->is_connected;
}

/* What the source of a guess is called: what a socket says is sure only of its own flow. */
static __always_inline __u8 guess_source(const struct bound *bound)
{
	if (bound->is_connected)
		return bound->source;
	return bound->source == SOURCE_SOCKET ? SOURCE_LISTENER : bound->source;
}

/* The flow's first events came before anything was known of its socket. */
static __always_inline void tell_guess(struct flow *flow, const struct owner *owner)
{
	const struct telling telling = { .flow_id = flow->id,
					 .owner = owner,
					 .kind = OWNER_OF_FLOW,
					 .source = flow_source(flow->source) };

	flow->flags &= ~FLOW_UNOWNED;
	tell(&telling);
}

/* The socket is closed; what comes now is not for the process that had it. */
static __always_inline void lose_owner(struct seen *seen)
{
	begin_again(seen->flow, seen->record->timestamp, &seen->state->counters);
	seen->record->flow_id = seen->flow->id;
}

/* What came before its owner began to live was another's: another flow, of nobody. */
static __always_inline void leave_orphan(struct seen *seen, const struct owner *owner)
{
	__u64 since_ns = orphan_since(seen->key, seen->flow->id);

	if (!since_ns || owner->start_ns < since_ns)
		return;
	lose_owner(seen);
}

/* From the bind table into the slot, or where there is none, into the record. */
static __always_inline void guess_receiver(struct seen *seen, bool is_for_many)
{
	struct record *record = seen->record;
	struct bound *bound = find_bound(seen->key);
	struct flow *flow = seen->flow;
	struct holder *holder;
	__u8 source;

	if (!bound && flow && has_owner(flow) && record->protocol != IPPROTO_TCP && has_storage())
		lose_owner(seen);
	if (!bound || !is_for_bound(record, bound))
		return;
	source = is_shared(bound) ? SOURCE_SHARED : guess_source(bound);
	holder = bpf_map_lookup_elem(&holders, &bound->socket_id);
	if (holder && (!is_known(holder) || (finds_orphans && record->protocol != IPPROTO_TCP &&
					     has_ended(holder->owner.start_ns, holder->owner.pid))))
		holder = NULL;
	if (!flow) {
		record->owner_source = source;
		if (holder && source != SOURCE_SHARED)
			charge(record, &holder->owner, flow_source(source));
		else if (source != SOURCE_SHARED && source != SOURCE_KERNEL)
			record->owner_source = SOURCE_UNKNOWN;
		return;
	}
	flow->source = source;
	if (!holder || source == SOURCE_SHARED) {
		flow->receiver.pid = 0;
		return;
	}
	if (finds_orphans && flow->flags & FLOW_UNOWNED)
		leave_orphan(seen, &holder->owner);
	set_party(flow, &flow->receiver, &holder->owner);
	flow->source = source;
	if (bound->is_connected) {
		flow->socket_id = bound->socket_id;
		flow->flags |= FLOW_SETTLED | FLOW_PUSHED;
	}
	if (flow->flags & FLOW_UNOWNED && !(finds_orphans && is_for_all(record, is_for_many)))
		tell_guess(flow, &holder->owner);
}

/* Its socket is known: who has that now? */
static __always_inline void ask_holder(struct seen *seen)
{
	struct flow *flow = seen->flow;
	struct holder *holder = bpf_map_lookup_elem(&holders, &flow->socket_id);

	if (holder && !holder->owner.pid)
		return lose_owner(seen);
	if (!holder || !is_known(holder) || flow->flags & FLOW_PUSHED)
		return;
	set_party(flow, &flow->receiver, &holder->owner);
	flow->source = holder->source;
}

/* Not the address of the device on which it came in: is it for this namespace at all? */
static __always_inline void place(struct seen *seen, bool is_for_many)
{
	struct flow *flow = seen->flow;
	int found;

	if (is_for_many || flow->flags & FLOW_PLACED || !(seen->record->has & RECORD_HAS_ADDR))
		return;
	found = place_flow(seen->skb, seen->key);
	if (found == PRESENT)
		flow->flags |= FLOW_OURS;
	else if (found == ABSENT && !has_owner(flow))
		flow->flags |= FLOW_FORWARDED;
	flow->flags |= FLOW_PLACED;
}

static __always_inline void look_up_receiver(struct seen *seen, bool is_for_many)
{
	struct flow *flow = seen->flow;
	__u32 epoch = owner_epoch;

	if (finds_orphans && seen->record->protocol != IPPROTO_TCP && has_owner(flow) &&
	    has_ended(flow->receiver.start_ns, flow->receiver.pid))
		lose_owner(seen);
	if (flow->flags & FLOW_SETTLED)
		ask_holder(seen);
	if (!(flow->flags & FLOW_SETTLED)) {
		if (!may_be_bound(seen, is_for_many))
			place(seen, is_for_many);
		if (!may_be_bound(seen, is_for_many))
			return;
		guess_receiver(seen, is_for_many);
	}
	flow->owner_epoch = epoch;
}

/* Nobody is known to take it: has a socket been opened that a walk would find? */
static __always_inline void miss_owner(struct seen *seen, bool is_for_many)
{
	struct record *record = seen->record;
	struct flow *flow = seen->flow;
	bool is_shared = flow->source == SOURCE_SHARED;

	if (is_shared)
		record->owner_source = SOURCE_SHARED;
	if (flow->flags & FLOW_UNOWNED ||
	    (is_shared && !(finds_orphans && is_for_all(record, is_for_many))) ||
	    !(record->flags & RECORD_LOCAL_ADDR || (finds_orphans && is_for_many)))
		return;
	flow->flags |= FLOW_UNOWNED;
	if (finds_orphans && !(record->flags & RECORD_LATER_FRAGMENT))
		add_orphan(seen->key, flow->id, record->timestamp, is_for_many);
	raise(&missed_owners);
}

static __always_inline void find_receiver(struct seen *seen)
{
	__u8 for_whom = BPF_CORE_READ_BITFIELD(seen->skb, pkt_type);
	bool is_for_many = for_whom == PACKET_BROADCAST || for_whom == PACKET_MULTICAST;
	struct record *record = seen->record;
	struct flow *flow;

	begin(seen, false);
	END_OF_STAGE(STAGE_FLOW);
	flow = seen->flow;
	if (is_for_kernel(seen)) {
		record->owner_source = SOURCE_KERNEL;
		return;
	}
	if (!flow) {
		if (may_be_bound(seen, is_for_many))
			guess_receiver(seen, is_for_many);
		return;
	}
	if (flow->owner_epoch != owner_epoch &&
	    (!(flow->flags & FLOW_PUSHED) || record->protocol != IPPROTO_TCP))
		look_up_receiver(seen, is_for_many);
	if (record->protocol != IPPROTO_TCP)
		expect_ready(seen->skb, record->timestamp, flow, is_for_all(record, is_for_many));
	if (flow->flags & FLOW_SHARED)
		record->owner_source = SOURCE_SHARED;
	else if (has_owner(flow))
		charge_party(record, flow, false, flow_source(flow->source));
	else if (flow->flags & FLOW_FORWARDED)
		record->owner_source = SOURCE_FORWARDED;
	else if (flow->flags & FLOW_KERNEL)
		record->owner_source = SOURCE_KERNEL;
	else if (flow->source == SOURCE_KERNEL)
		record->owner_source = SOURCE_KERNEL;
	else
		miss_owner(seen, is_for_many);
}

#endif
