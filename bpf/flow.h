/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of flows: a slot for each incarnation of a tuple.
 *
 * What holds here:
 * - An id is given out once in a recording. Ids come from the packet hooks only,
 *   which run with bottom halves off, so that nothing interrupts a CPU's counting.
 * - The table never evicts: the recorder takes what is idle or over.
 * - A slot that has seen its end becomes another flow with a SYN, but not with
 *   the one that it began with, sent again; and with a new socket that sends. That
 *   of a socket without a hook for its end does when the sweep has missed the socket.
 * - An owner counts only if its check fits: two CPUs may write at a time, and
 *   none of them waits. Whoever learns next puts it right.
 */
#ifndef NETSNOOP_BPF_FLOW_H
#define NETSNOOP_BPF_FLOW_H

#include "bpf/kernel.h"

#include "bpf/count.h"
#include "bpf/events.h"
#include "bpf/parse.h"
#include "bpf/slot.h"

#include <bpf/bpf_helpers.h>

const volatile __u32 n_cpus = 1; /* possible ones */
/* Nothing tells who receives (before 6.3): whoever is found with a socket is asked. */
const volatile bool finds_orphans;

/* Raised whenever an owner that is looked up may be another one now. */
__u32 owner_epoch = 1;
/* Raised whenever a process may have another name, user or cgroup. */
__u32 name_epoch = 1;

__u32 sweep = 1; /* over all sockets; the recorder raises it before each */

/* Flows that had something received for nobody known. */
__u32 missed_owners = 1;

static __always_inline void raise(__u32 *epoch)
{
	__sync_fetch_and_add(epoch, 1);
}

static __always_inline __u64 check_of(const struct owner *owner)
{
	return owner->start_ns + owner->pid;
}

static __always_inline bool is_there(const struct party *party)
{
	return party->pid && party->check == (__u32)(party->start_ns + party->pid);
}

static __always_inline bool has_owner(const struct flow *flow)
{
	return is_there(&flow->receiver);
}

static __always_inline bool has_sender(const struct flow *flow)
{
	return is_there(&flow->sender);
}

static __always_inline bool is_party(const struct party *party, const struct owner *owner)
{
	return party->pid == owner->pid && party->start_ns == owner->start_ns;
}

static __always_inline bool is_same(const struct owner *a, const struct owner *b)
{
	return a->pid == b->pid && a->start_ns == b->start_ns;
}

static __always_inline bool is_same_name(const struct owner *a, const struct owner *b)
{
	const __u64 *x = (const void *)a->comm, *y = (const void *)b->comm;

	return x[0] == y[0] && x[1] == y[1];
}

static __always_inline void set_owner(struct owner *to, __u64 *check, const struct owner *from)
{
	*(volatile __u64 *)check = ~0ULL;
	barrier();
	*to = *from;
	barrier();
	*(volatile __u64 *)check = check_of(from);
}

static __always_inline bool is_as_told(const struct party *party, const struct owner *owner)
{
	const __u64 *x = (const void *)party->comm, *y = (const void *)owner->comm;

	return is_there(party) && is_party(party, owner) && party->cgroup_id == owner->cgroup_id &&
	       x[0] == y[0] && x[1] == y[1];
}

/*
 * Who finds as many changes begun, behind all that was read, as there were done before, has
 * read none of them in part.
 */
static __always_inline void set_party(struct flow *flow, struct party *to, const struct owner *from)
{
	to->uid = from->uid;
	if (is_as_told(to, from))
		return;
	raise(&flow->begun);
	*(volatile __u32 *)&to->check = ~(__u32)check_of(from);
	barrier();
	to->start_ns = from->start_ns;
	to->cgroup_id = from->cgroup_id;
	__builtin_memcpy(to->comm, from->comm, sizeof(to->comm));
	to->pid = from->pid;
	barrier();
	*(volatile __u32 *)&to->check = (__u32)check_of(from);
	raise(&flow->done);
}

/*
 * In words, as they are compared: a load that is wider than the store before it has to wait
 * for it.
 */
static __always_inline void set_key(struct flow_key *key, const struct record *record,
				    __u16 local_port, __u16 remote_port)
{
	__u8 has_port = !!(record->has & RECORD_HAS_PORT);
	__u64 *words = (void *)key;

	words[0] = record->netns | (__u64)local_port << 32 | (__u64)remote_port << 48;
	words[1] = record->ethertype | (__u32)record->protocol << 16 | (__u32)has_port << 24;
}

static __always_inline void copy_addr(__u8 *to, const __u8 *from)
{
	const __u64 *words = (const void *)from;

	((__u64 *)(void *)to)[0] = words[0];
	((__u64 *)(void *)to)[1] = words[1];
}

/* The tuple of a packet. One that comes in has its local end as destination. */
static __always_inline void key_of(const struct record *record, const struct cursor *cursor,
				   bool is_send, struct flow_key *key)
{
	if (is_send) {
		set_key(key, record, cursor->is_echo ? cursor->icmp_id : record->sport,
			record->dport);
		copy_addr(key->local, record->saddr);
		copy_addr(key->remote, record->daddr);
	} else {
		set_key(key, record, cursor->is_echo ? cursor->icmp_id : record->dport,
			record->sport);
		copy_addr(key->local, record->daddr);
		copy_addr(key->remote, record->saddr);
	}
}

/* Each CPU counts its own and all count in steps of their number. */
static __always_inline __u64 next_flow_id(struct counters *count)
{
	return count->value[COUNTER_FLOWS]++ * n_cpus + bpf_get_smp_processor_id() + 1;
}

static __always_inline void begin_again(struct flow *flow, __u64 now_ns, struct counters *count)
{
	raise(&flow->begun);
	flow->receiver.pid = flow->sender.pid = 0;
	barrier();
	flow->id = next_flow_id(count);
	flow->first_ns = now_ns;
	flow->socket = flow->socket_id = flow->sent_ns = 0;
	flow->owner_epoch = 0;
	flow->flags = 0;
	flow->source = SOURCE_UNKNOWN;
	raise(&flow->done);
}

/* What TCP's flags tell about where an incarnation begins and ends. */
static __always_inline void follow_tcp(struct flow *flow, const struct record *record,
				       const struct cursor *cursor, struct counters *count)
{
	const __u16 over = FLOW_FIN_SENT | FLOW_FIN_RECEIVED | FLOW_ENDED;
	const __u16 both = FLOW_FIN_SENT | FLOW_FIN_RECEIVED;
	__u8 flags = record->tcp_flags;

	if (!(flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return;
	if (flags & TCP_SYN && !(flags & TCP_ACK)) {
		if (flow->flags & over && flow->syn_sequence != cursor->sequence)
			begin_again(flow, record->timestamp, count);
		flow->syn_sequence = cursor->sequence;
		flow->flags &= ~over;
	}
	if (flags & TCP_FIN)
		flow->flags |= record->is_send ? FLOW_FIN_SENT : FLOW_FIN_RECEIVED;
	if (flags & TCP_RST || (flow->flags & both) == both)
		flow->flags |= FLOW_ENDED;
}

/*
 * The record's flow, made if it is new; two CPUs may be the first to see it. *ret_done: its
 * changes so far.
 */
static __always_inline struct flow *find_flow(const struct flow_key *key, struct record *record,
					      const struct cursor *cursor, struct own *state,
					      bool is_send, __u32 *ret_done)
{
	struct counters *count = &state->counters;
	__u32 *last = &state->last_slots[is_send];
	struct flow *flow = slot_at(*last, key);

	if (!flow)
		flow = cached_flow(key);
	if (!flow)
		flow = flow_at(key) ?: take_slot(key, next_flow_id(count), record->timestamp);
	if (!flow) {
		count->value[COUNTER_FLOW_TABLE_FULL]++;
		return NULL;
	}
	*last = flow->place - 1;
	if (record->has & RECORD_HAS_TCP_FLAGS)
		follow_tcp(flow, record, cursor, count);
	else if (finds_orphans && flow->flags & FLOW_ENDED && record->protocol != IPPROTO_TCP)
		begin_again(flow, record->timestamp, count); /* whoever received has ended */
	flow->seen_ns = record->timestamp;
	*ret_done = *(volatile __u32 *)&flow->done;
	barrier();
	record->flow_id = flow->id;
	record->has |= RECORD_HAS_FLOW_ID;
	return flow;
}

#endif
