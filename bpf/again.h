/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A packet like the one before on this CPU: of the same flow, with the same owner, in the same
 * lane, or where totals alone are wanted, of the same total. Of a stream of packets nearly all
 * are, and all that has to be found out of them is that it is so.
 *
 * What holds here:
 * - What is remembered was a packet that went the long way (see netsnoop.bpf.c), the second of
 *   its lane or total in a row, so that flows which take turns cost nothing here; and it is
 *   forgotten when another one goes that way, and when another interval begins.
 * - Everything that decided what was said of it is compared: device, headers, socket, process,
 *   and of its flow's slot that it is of the same incarnation and nothing has changed in it.
 *   What a filter looks up of that is asked again, or there is no short way with that filter.
 * - Whatever differs goes the long way, and nothing has been done to it here.
 */
#ifndef NETSNOOP_BPF_AGAIN_H
#define NETSNOOP_BPF_AGAIN_H

#include "bpf/kernel.h"

#include "bpf/events.h"
#include "bpf/filter.h"
#include "bpf/flow.h"
#include "bpf/lane.h"
#include "bpf/owner.h"
#include "bpf/parse.h"
#include "bpf/ready.h"
#include "bpf/ring.h"
#include "bpf/stage.h"
#include "bpf/total.h"

#include <bpf/bpf_helpers.h>

/* What can be told of a packet without its flow, its owner and its device. */
#define HAS_OF_PACKET                                                                        \
	(RECORD_HAS_PROTOCOL | RECORD_HAS_ADDR | RECORD_HAS_PORT | RECORD_HAS_HEADER_BYTES | \
	 RECORD_HAS_TCP_FLAGS | RECORD_HAS_LINK_HEADER | RECORD_HAS_SEGMENTS)

static __always_inline const __u64 *words_of(const __u8 *addr)
{
	return (const void *)addr;
}

/* Read it into the record, as far as it tells of itself. False: it is not a usual one. */
static __always_inline bool read_again(struct sk_buff *skb, struct record *record, bool is_send,
				       const struct again *again)
{
	struct cursor cursor = {};

	record->has = 0;
	record->tcp_flags = 0;
	record->ethertype = bpf_ntohs(skb->protocol);
	if (record->ethertype != again->ethertype || has_stripped_tag(skb) ||
	    BPF_CORE_READ_BITFIELD(skb, encapsulation))
		return false;
	start_cursor(skb, record, is_send, &cursor);
	count_segments(skb, record, &cursor);
	return parse_usual(&cursor, record);
}

static __always_inline bool is_same_packet(const struct record *record, const struct again *again)
{
	const __u64 *saddr = words_of(record->saddr), *daddr = words_of(record->daddr);

	return !((saddr[0] ^ again->addrs[0]) | (saddr[1] ^ again->addrs[1]) |
		 (daddr[0] ^ again->addrs[2]) | (daddr[1] ^ again->addrs[3]) |
		 (record->sport ^ again->sport) | (record->dport ^ again->dport) |
		 (record->protocol ^ again->protocol) |
		 (record->link_header_bytes ^ again->link_header_bytes) |
		 (record->has ^ (again->has & HAS_OF_PACKET))) &&
	       !(record->protocol == IPPROTO_TCP &&
		 record->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

static __always_inline bool is_same_device(struct net_device *device, const struct again *again)
{
	return (__u32)device->ifindex == again->ifindex &&
	       (!bpf_core_field_exists(device->nd_net.net) ||
		device->nd_net.net->ns.inum == again->netns);
}

/* Is the slot as it was? Its flags and the source of its receiver are one word. */
static __always_inline bool is_same_flow(const struct flow *flow, const struct again *again)
{
	const volatile __u32 *answers = (const volatile void *)&flow->flags;

	return *(const volatile __u32 *)&flow->place == again->slot + 1 &&
	       flow->id == again->flow_id && *answers == again->answers &&
	       flow->local_device == again->local_device &&
	       *(const volatile __u32 *)&flow->done == again->changes;
}

/* Does the same process send it, from the same socket? */
static __always_inline bool is_same_sender(struct sk_buff *skb, struct record *record,
					   const struct flow *flow)
{
	struct sock *sk = skb->sk;
	__u64 id = bpf_get_current_pid_tgid();

	record->tid = (__u32)id;
	return sk && is_full_socket(sk) && sends_again(sk, flow, id) &&
	       (record->protocol != IPPROTO_TCP || sk->sk_lock.owned);
}

static __always_inline bool is_same_receiver(struct sk_buff *skb, struct record *record,
					     const struct flow *flow)
{
	record->tid = 0;
	return has_owner(flow) && BPF_CORE_READ_BITFIELD(skb, pkt_type) == PACKET_HOST &&
	       (flow->owner_epoch == owner_epoch ||
		(flow->flags & FLOW_PUSHED && record->protocol == IPPROTO_TCP));
}

/* The lane that is remembered is the one that the flow has now, and that was counted last. */
static __always_inline bool is_same_lane(struct flow *flow, struct record *record, bool is_send,
					 const struct run *sum, const struct again *again)
{
	struct lane lane = { .party = is_send ? &flow->sender : &flow->receiver,
			     .words = { again->lane_words[0], again->lane_words[1] } };

	record->lane = lane_index(again->slot + 1, is_send);
	return is_stored(&lane, record) && is_of_lane(sum, record, true);
}

/* Told as one more of its lane. False: it is of another, or there is no room. */
static __always_inline bool tell_again(struct flow *flow, struct record *record, bool is_send,
				       const struct run *sum, const struct again *again)
{
	record->flags = 0;
	return is_same_lane(flow, record, is_send, sum, again) && put_short(record);
}

/* Both runs are of the packet before, unless they were emptied since. */
static __always_inline bool sum_again(struct interval *interval, const struct record *record,
				      __u32 generation, bool is_send, const struct again *again)
{
	struct run *total = &interval->runs[RUN_OF_UNTOLD][is_send];

	if (again->generation != generation || !total->total.untold.events ||
	    !interval->runs[RUN_OF_ALL][is_send].total.all.events)
		return false;
	interval->count[INTERVAL_SUMMED_EVENTS]++;
	interval->count[INTERVAL_SUMMED_BYTES] += record->bytes;
	add_packet(&total->total.untold, record);
	return true;
}

static __always_inline bool is_same_kind(struct sk_buff *skb, struct net_device *device,
					 struct record *record, bool is_send,
					 const struct again *again)
{
	if (again->device != (__u64)device || again->is_told != wants_records() ||
	    !read_again(skb, record, is_send, again) || !is_same_packet(record, again) ||
	    !is_same_device(device, again))
		return false;
	/* it may have another name now */
	return !(filters & FILTER_EITHER(FILTER_INTERFACE)) || allows_interface(device);
}

/* True: it was, and has been told, or not, as the one before, and counted. */
static __always_inline bool keep_again(struct sk_buff *skb, struct net_device *device,
				       struct own *state, struct interval *interval,
				       __u32 generation, bool is_send)
{
	struct run *sum = &interval->runs[RUN_OF_ALL][is_send];
	struct again *again = &state->again[is_send];
	struct record *record = &state->hand.record;
	struct flow *flow;
	__u32 slot = again->slot;

	if (LAST_STAGE || finds_orphans || !again->device ||
	    !is_same_kind(skb, device, record, is_send, again))
		return false;
	flow = bpf_map_lookup_elem(&slots, &slot);
	if (!flow || !is_same_flow(flow, again))
		return false;
	if (is_send ? !is_same_sender(skb, record, flow) : !is_same_receiver(skb, record, flow))
		return false;
	if (*(const volatile __u32 *)&flow->begun != again->changes)
		return false;
	if (again->is_told ? !tell_again(flow, record, is_send, sum, again)
			   : !sum_again(interval, record, generation, is_send, again))
		return false;
	flow->seen_ns = record->timestamp;
	if (is_send)
		flow->sent_ns = record->timestamp;
	else if (record->protocol != IPPROTO_TCP)
		expect_ready(skb, record->timestamp, flow, false);
	interval->count[INTERVAL_EVENTS]++;
	state->runs[is_send].bytes += record->bytes;
	add_packet(&sum->total.all, record);
	return true;
}

/* May what was said of this one be said of another that is like it? */
static __always_inline bool is_repeatable(const struct seen *seen, bool is_send)
{
	const struct record *record = seen->record;
	const __u16 flags = RECORD_LOCAL_ADDR | RECORD_LOOPBACK;
	const __u16 all = RECORD_HAS_OWNER | RECORD_HAS_FLOW_ID | RECORD_HAS_IFINDEX |
			  (HAS_OF_PACKET & ~RECORD_HAS_TCP_FLAGS);

	if (finds_orphans || !seen->flow || (record->has & all) != all ||
	    record->has & RECORD_HAS_VLAN || record->flags & ~flags ||
	    (record->protocol != IPPROTO_TCP && record->protocol != IPPROTO_UDP))
		return false;
	/* what these say of a process can change without its being another */
	if (filters &
	    (FILTER_EITHER(FILTER_PID) | FILTER_EITHER(FILTER_USER) | FILTER_EITHER(FILTER_CGROUP)))
		return false;
	return is_send ? record->party == PARTY_SENDER && record->owner_source == SOURCE_SOCKET
		       : record->party == PARTY_RECEIVER;
}

/* Does the slot say now what was said of the packet? Not all in it counts as a change. */
static __always_inline bool is_as_said(const struct seen *seen, const struct again *again,
				       bool is_send)
{
	const struct record *record = seen->record;
	bool is_local = record->flags & RECORD_LOCAL_ADDR;

	if (again->local_device != (record->ifindex << 1 | is_local))
		return false;
	return is_send || (!(again->answers & FLOW_SHARED) &&
			   flow_source(again->answers >> 16 & 0xff) == record->owner_source);
}

/* Remember it, told as one of a lane that was stored; NULL: told by totals alone. */
static __always_inline void remember_packet(const struct seen *seen, const struct lane *lane,
					    __u32 generation, bool is_send)
{
	struct again *again = &seen->state->again[is_send];
	const struct record *record = seen->record;
	const struct flow *flow = seen->flow;
	const __u64 *saddr = words_of(record->saddr), *daddr = words_of(record->daddr);

	if (!is_repeatable(seen, is_send))
		return;
	again->addrs[0] = saddr[0];
	again->addrs[1] = saddr[1];
	again->addrs[2] = daddr[0];
	again->addrs[3] = daddr[1];
	again->sport = record->sport;
	again->dport = record->dport;
	again->ethertype = record->ethertype;
	again->has = record->has;
	again->protocol = record->protocol;
	again->link_header_bytes = record->link_header_bytes;
	again->ifindex = record->ifindex;
	again->netns = record->netns;
	again->slot = flow->place - 1;
	again->flow_id = record->flow_id;
	again->answers = *(const volatile __u32 *)(const volatile void *)&flow->flags;
	again->local_device = flow->local_device;
	again->changes = seen->done;
	again->is_told = lane != NULL;
	again->generation = generation;
	if (lane) {
		again->lane_words[0] = lane->words[0];
		again->lane_words[1] = lane->words[1];
	}
	if (is_as_said(seen, again, is_send))
		again->device = (__u64)seen->device;
}

#endif
