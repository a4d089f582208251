/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which socket took a packet: sk_data_ready (6.3, 40e0b0908142) fires for each
 * that did, with the packet at the tail of its queue.
 *
 * What holds here:
 * - A socket that is the one which its flow already knows is all that is looked
 *   at. Only where it is not, or where see_receive has just met a packet on this
 *   CPU whose socket is not known, or that is for many, is the packet looked at.
 * - It is known by its cookie, which lies where whoever delivers a packet has just
 *   been. What is kept with the socket does not: three lines of cache, one of which
 *   the process that receives has written to.
 * - The packet is known by its own headers, never by having been the last: a
 *   batch of packets is seen as a whole before the first is delivered.
 * - The second socket of a packet for many makes its flow shared. Each of them
 *   is told once, with the time of the first packet that it gets: the last packets for
 *   many are remembered by their data, which the sockets' clones share.
 */
#ifndef NETSNOOP_BPF_READY_H
#define NETSNOOP_BPF_READY_H

#include "bpf/kernel.h"

#include "bpf/endpoint.h"
#include "bpf/events.h"
#include "bpf/flow.h"
#include "bpf/learn.h"
#include "bpf/parse.h"
#include "bpf/tell.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define CONSUMER_ENTRIES 16384
#define PENDING_MAX 64 /* sockets that one packet is looked for at */
#define MANY_MAX 16    /* packets for many that are remembered; a batch is of 8 */

/* What is expected of the calls of sk_data_ready to come on this CPU. */
struct expected {
	__u64 socket_id; /* the socket of the last packet's flow, as far as is known */
	__u32 cookie;	 /* of that socket; 0: not known */
	__u32 slot;	 /* of that flow */
	__u32 calls;	 /* that are worth a closer look, whatever the socket */
	__u32 n_many;	 /* ever */
	struct {
		__u64 head; /* of its data, which the clones for each socket share; only compared */
		__u64 seen_ns;
	} many[MANY_MAX]; /* the last packets for many, by n_many */
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct expected);
} expected SEC(".maps");

struct consumer {
	__u64 flow_id;
	__u64 socket_id;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONSUMER_ENTRIES);
	__type(key, struct consumer);
	__type(value, __u8);
} consumers SEC(".maps");

/* On a bridge it is seen on the port, and then once more: the first time counts. */
static __always_inline void remember(struct expected *expect, struct sk_buff *skb, __u64 seen_ns)
{
	__u64 head = (__u64)skb->head;
	__u32 i;

	if (skb->skb_iif && expect->many[(expect->n_many - 1) % MANY_MAX].head == head)
		return;
	i = expect->n_many++ % MANY_MAX;
	expect->many[i].head = head;
	expect->many[i].seen_ns = seen_ns;
}

/*
 * The lower half of a socket's cookie, which comes again after 2^32 others; 0: it is not
 * known. It is stored together with the socket's id, so that it is nobody's if the flow has
 * another socket by now.
 */
static __always_inline __u32 cookie_of(const struct flow *flow, __u64 socket_id)
{
	return flow->socket_tag ? flow->socket_tag ^ (__u32)(socket_id >> 8) : 0;
}

/* A packet of this flow, which is not TCP's, has been seen; is it for many? */
static __always_inline void expect_ready(struct sk_buff *skb, __u64 seen_ns,
					 const struct flow *flow, bool is_for_many)
{
	__u64 socket_id = flow->socket_id;
	__u32 zero = 0;
	struct expected *expect = bpf_map_lookup_elem(&expected, &zero);

	if (!expect)
		return;
	expect->socket_id = socket_id;
	expect->cookie = cookie_of(flow, socket_id);
	expect->slot = flow->place - 1;
	if (is_for_many) {
		expect->calls = PENDING_MAX;
		remember(expect, skb, seen_ns);
	} else if (!socket_id && expect->calls < PENDING_MAX) {
		expect->calls++;
	}
}

/* When a packet for many was seen; if it is not remembered, the flow's last was. */
static __always_inline __u64 many_seen_ns(struct sk_buff *skb, const struct flow *flow)
{
	__u64 head = (__u64)BPF_CORE_READ(skb, head);
	__u32 zero = 0, last;
	struct expected *expect = bpf_map_lookup_elem(&expected, &zero);

	if (!expect)
		return flow->seen_ns;
	last = expect->n_many - 1;
	for (__u32 i = 0; i < MANY_MAX; i++) /* data is used again: the newest first */
		if (expect->many[(last - i) % MANY_MAX].head == head)
			return expect->many[(last - i) % MANY_MAX].seen_ns;
	return flow->seen_ns;
}

/* For the next packets of the flow. The helper takes a socket that was handed to the program. */
static __always_inline void learn_cookie(struct sock *sk, __u32 slot, __u64 socket_id)
{
	struct flow *flow = bpf_map_lookup_elem(&slots, &slot);

	/* whose place was seen is not another's until this program ends */
	if (!flow || *(volatile __u32 *)&flow->place != slot + 1)
		return;
	barrier();
	if (flow->socket_id == socket_id && flow->key.protocol != IPPROTO_TCP)
		flow->socket_tag = (__u32)bpf_get_socket_cookie(sk) ^ (__u32)(socket_id >> 8);
}

/* Is there nothing new in this socket having taken a packet? Not for TCP's. */
static __always_inline bool is_expected(struct sock *sk, struct expected *expect)
{
	struct endpoint *endpoint;

	if ((!expect->calls && !expect->socket_id) || !has_storage())
		return true;
	if (expect->calls) {
		expect->calls--;
		return false;
	}
	endpoint = bpf_sk_storage_get(&endpoints, sk, NULL, 0);
	if (!endpoint || endpoint->id != expect->socket_id)
		return false;
	learn_cookie(sk, expect->slot, endpoint->id);
	return true;
}

static __always_inline bool is_news(struct sock *sk)
{
	__u32 zero = 0, cookie = (__u32)sk->__sk_common.skc_cookie.counter;
	struct expected *expect = bpf_map_lookup_elem(&expected, &zero);

	if (!expect || (cookie && cookie == expect->cookie && !expect->calls))
		return false;
	return sk->sk_protocol != IPPROTO_TCP && !is_expected(sk, expect);
}

/* The tuple of a packet in a socket's queue; false where it is not one that is looked for. */
static __always_inline bool key_of_queued(struct sk_buff *skb, struct flow_key *key)
{
	unsigned char *at = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	union {
		struct iphdr ip4;
		struct ipv6hdr ip6;
	} ip;
	struct transport_header ports;
	struct icmp_header icmp;
	__u32 header_bytes = sizeof(ip.ip6);

	if (bpf_probe_read_kernel(&ip, sizeof(ip), at))
		return false;
	if (ip.ip4.version_length >> 4 == 4) {
		key->ethertype = ETH_P_IP;
		key->protocol = ip.ip4.protocol;
		__builtin_memcpy(key->local, &ip.ip4.daddr, sizeof(ip.ip4.daddr));
		__builtin_memcpy(key->remote, &ip.ip4.saddr, sizeof(ip.ip4.saddr));
		header_bytes = (ip.ip4.version_length & 15) * 4;
	} else {
		key->ethertype = ETH_P_IPV6;
		key->protocol = ip.ip6.next;
		__builtin_memcpy(key->local, ip.ip6.daddr, sizeof(ip.ip6.daddr));
		__builtin_memcpy(key->remote, ip.ip6.saddr, sizeof(ip.ip6.saddr));
	}
	switch (key->protocol) {
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		if (bpf_probe_read_kernel(&ports, sizeof(ports), at + header_bytes))
			return false;
		key->local_port = bpf_ntohs(ports.dport);
		key->remote_port = bpf_ntohs(ports.sport);
		key->has_port = 1;
		return true;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (bpf_probe_read_kernel(&icmp, sizeof(icmp), at + header_bytes))
			return false;
		key->local_port = bpf_ntohs(icmp.id);
		return icmp.type == ICMP_ECHOREPLY || icmp.type == ICMPV6_ECHO_REPLY;
	}
	return key->protocol != IPPROTO_TCP;
}

static __always_inline void tell_consumer(__u64 flow_id, __u64 socket_id, __u64 joined_ns)
{
	struct holder *holder = bpf_map_lookup_elem(&holders, &socket_id);
	struct telling telling = { .flow_id = flow_id,
				   .socket_id = socket_id,
				   .used_ns = joined_ns,
				   .kind = SOCKET_OF_FLOW,
				   .source = SOURCE_SHARED,
				   .is_shared = 1 };

	if (holder && is_known(holder)) {
		telling.owner = &holder->owner;
		telling.kind = OWNER_OF_FLOW;
	}
	tell(&telling);
}

/* many: the packet, if find_receiver() took it for one for many. */
static __always_inline void add_consumer(struct flow *flow, struct endpoint *endpoint,
					 struct sk_buff *many)
{
	struct consumer consumer = { .flow_id = flow->id, .socket_id = endpoint->id };
	__u64 seen_ns;
	__u8 one = 1;

	if (bpf_map_lookup_elem(&consumers, &consumer))
		return;
	bpf_map_update_elem(&consumers, &consumer, &one, BPF_ANY);
	if (!(flow->flags & FLOW_SHARED)) {
		flow->flags |= FLOW_SHARED;
		tell_consumer(flow->id, flow->socket_id, 0);
	}
	endpoint->flags |= ENDPOINT_TOLD;
	seen_ns = many ? many_seen_ns(many, flow) : flow->seen_ns;
	tell_consumer(flow->id, endpoint->id, seen_ns > flow->first_ns ? seen_ns : 0);
}

static __noinline int learn_ready(struct sock *sk)
{
	struct endpoint *endpoint;
	struct flow_key key = {};
	struct sk_buff *skb;
	struct flow *flow;
	__u64 used_ns;
	bool is_for_many;
	__u8 for_whom;

	if (!sk || !is_inet(sk) || sk->sk_protocol == IPPROTO_TCP || is_kernel_socket(sk))
		return 0;
	skb = BPF_CORE_READ(sk, sk_receive_queue.prev);
	if ((void *)skb == (void *)sk + bpf_core_field_offset(struct sock, sk_receive_queue) ||
	    !key_of_queued(skb, &key))
		return 0;
	if (bpf_core_field_exists(sk->__sk_common.skc_net.net)) /* CONFIG_NET_NS */
		key.netns = sk->__sk_common.skc_net.net->ns.inum;
	flow = flow_at(&key);
	if (!flow)
		return 0;
	endpoint = endpoint_of(sk);
	if (!endpoint || flow->socket_id == endpoint->id)
		return 0;
	for_whom = BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type);
	is_for_many = for_whom == PACKET_BROADCAST || for_whom == PACKET_MULTICAST;
	if (flow->flags & FLOW_SETTLED && (sk->sk_type == SOCK_RAW || is_for_many)) {
		if (key.protocol != IPPROTO_ICMP && key.protocol != IPPROTO_ICMPV6)
			add_consumer(flow, endpoint, is_for_many || !key.has_port ? skb : NULL);
		return 0;
	}
	/* another socket had it before, which took what came before this packet */
	used_ns = flow->socket_id ? flow->seen_ns - 1 : 0;
	if (!is_known(&endpoint->holder) && !endpoint->used_ns)
		endpoint->used_ns = used_ns;
	settle(flow, endpoint, used_ns, is_connected(sk), true);
	flow->owner_epoch = 0;
	return 0;
}

#endif
