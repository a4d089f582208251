/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bind table: which socket takes what no flow says. Listeners and
 * unconnected sockets by local end, and connected ones by both ends, for when
 * their flow has not been seen yet or has no slot.
 *
 * What holds here:
 * - An owner found here is a first guess; the flow asks again whenever
 *   owner_epoch has been raised, until its socket is known.
 * - A wildcard counts only if the packet's address is the device's own, or the
 *   packet is for many: a router passes on what is for others.
 * - Several sockets on one key make it shared, and shared has no owner. Whether
 *   they still are is counted anew by every sweep: an entry that the last one
 *   did not touch is deleted by the recorder.
 */
#ifndef NETSNOOP_BPF_BIND_H
#define NETSNOOP_BPF_BIND_H

#include "bpf/kernel.h"

#include "bpf/endpoint.h"
#include "bpf/events.h"

#include <bpf/bpf_helpers.h>

#define BIND_ENTRIES 65536

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, BIND_ENTRIES);
	__type(key, struct flow_key);
	__type(value, struct bound);
} binds SEC(".maps");

static __always_inline bool is_wildcard(const __u8 *addr)
{
	const __u32 *word = (const void *)addr;

	return !(word[0] | word[1] | word[2] | word[3]);
}

static __always_inline bool may_share(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD(sk, __sk_common.skc_reuseport) ||
	       BPF_CORE_READ_BITFIELD(sk, __sk_common.skc_reuse) || sk->sk_type == SOCK_RAW;
}

static __always_inline bool is_shared(const struct bound *bound)
{
	return bound->sockets > 1 || bound->were_sockets > 1;
}

static __always_inline bool is_of(__u64 socket_id, const struct owner *owner)
{
	struct holder *holder = bpf_map_lookup_elem(&holders, &socket_id);

	return holder && is_same(&holder->owner, owner);
}

/* Count this socket among those of the key. Several of one process are as good as one. */
static __always_inline void meet(struct bound *bound, const struct endpoint *endpoint,
				 bool is_alone)
{
	bool was_shared = is_shared(bound);

	if (bound->sweep != sweep) {
		bound->were_sockets = bound->sockets;
		bound->sockets = 0;
		bound->met_id = 0;
		bound->sweep = sweep;
	}
	if (is_alone) {
		bound->sockets = bound->were_sockets = 1;
	} else if (bound->met_id != endpoint->id) {
		if (!bound->sockets || !is_of(bound->socket_id, &endpoint->holder.owner))
			bound->sockets++;
		bound->met_id = endpoint->id;
	}
	if (was_shared != is_shared(bound))
		raise(&owner_epoch);
}

static __always_inline void put_bound(const struct flow_key *key, const struct endpoint *endpoint,
				      bool is_alone, bool is_connected)
{
	struct bound *bound = bpf_map_lookup_elem(&binds, key);
	struct bound first = { .socket_id = endpoint->id,
			       .met_id = endpoint->id,
			       .sweep = sweep,
			       .sockets = 1,
			       .source = endpoint->holder.source,
			       .is_connected = is_connected };

	if (!bound) {
		bpf_map_update_elem(&binds, key, &first, BPF_ANY);
		raise(&owner_epoch);
		return;
	}
	meet(bound, endpoint, is_alone);
	if (is_shared(bound) ||
	    (bound->socket_id == endpoint->id && bound->source == endpoint->holder.source))
		return;
	bound->socket_id = endpoint->id;
	bound->source = endpoint->holder.source;
	raise(&owner_epoch);
}

/* Publish where an unconnected socket receives; a dual-stack wildcard under both families. */
static __noinline int publish(struct sock *sk, struct endpoint *endpoint)
{
	bool is_alone = !may_share(sk);
	struct flow_key key = {};

	if (!endpoint || !is_known(&endpoint->holder))
		return 0;
	show_holder(endpoint); /* its entry may have gone */
	key_of_socket(sk, &key);
	key.remote_port = 0;
	__builtin_memset(key.remote, 0, sizeof(key.remote));
	if (!key.local_port && sk->sk_type != SOCK_RAW)
		return 0;
	endpoint->bound = key;
	endpoint->flags |= ENDPOINT_BOUND;
	put_bound(&key, endpoint, is_alone, false);
	if (key.ethertype != ETH_P_IPV6 || !is_wildcard(key.local) ||
	    BPF_CORE_READ_BITFIELD(sk, __sk_common.skc_ipv6only))
		return 0;
	key.ethertype = ETH_P_IP;
	put_bound(&key, endpoint, is_alone, false);
	return 0;
}

/* Connected: its tuple, on the wire if that has been seen. */
static __always_inline void publish_connected(struct sock *sk, struct endpoint *endpoint)
{
	if (sk->sk_type == SOCK_RAW || !is_known(&endpoint->holder))
		return;
	if (endpoint->flags & ENDPOINT_HAS_FLOW) {
		endpoint->bound = endpoint->flow;
	} else {
		__builtin_memset(&endpoint->bound, 0, sizeof(endpoint->bound));
		key_of_socket(sk, &endpoint->bound);
	}
	endpoint->flags |= ENDPOINT_BOUND;
	show_holder(endpoint);
	put_bound(&endpoint->bound, endpoint, true, true);
}

/* Not from here on: a socket that closes. Where there are more, the sweep finds out. */
static __always_inline void unpublish(struct endpoint *endpoint)
{
	struct bound *bound;

	if (!(endpoint->flags & ENDPOINT_BOUND))
		return;
	bound = bpf_map_lookup_elem(&binds, &endpoint->bound);
	if (bound && bound->socket_id == endpoint->id && !is_shared(bound)) {
		bpf_map_delete_elem(&binds, &endpoint->bound);
		raise(&owner_epoch);
	}
	endpoint->flags &= ~ENDPOINT_BOUND;
}

/* The kernel itself takes what comes in here. */
static __always_inline void put_kernels(const struct flow_key *key)
{
	struct bound kernels = { .sweep = sweep, .sockets = 1, .source = SOURCE_KERNEL };

	bpf_map_update_elem(&binds, key, &kernels, BPF_ANY);
	raise(&owner_epoch);
}

/* The entry for what comes in on this tuple, whole, by local end, or by port alone. */
static __always_inline struct bound *find_bound(const struct flow_key *flow)
{
	struct bound *bound = bpf_map_lookup_elem(&binds, flow);
	struct flow_key key = *flow;

	if (bound)
		return bound;
	key.remote_port = 0;
	__builtin_memset(key.remote, 0, sizeof(key.remote));
	bound = bpf_map_lookup_elem(&binds, &key);
	if (bound)
		return bound;
	__builtin_memset(key.local, 0, sizeof(key.local));
	return bpf_map_lookup_elem(&binds, &key);
}

#endif
