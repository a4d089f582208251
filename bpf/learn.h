/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Learning who has a socket, from what processes do with it.
 *
 * What holds here:
 * - A process is believed only in its own system call, on the socket in hand.
 * - Whoever takes a socket over takes its flows over, from when the process
 *   before it last used it: what has come since is for the new one.
 * - What a connected socket learns is written into its flow at once. A flow of
 *   an unconnected one knows the socket's id, and looks its holder up.
 */
#ifndef NETSNOOP_BPF_LEARN_H
#define NETSNOOP_BPF_LEARN_H

#include "bpf/kernel.h"

#include "bpf/bind.h"
#include "bpf/endpoint.h"
#include "bpf/events.h"
#include "bpf/flow.h"
#include "bpf/tell.h"

#include <bpf/bpf_helpers.h>

/* What a flow's receipts say, whose owner is known in this way from its socket. */
static __always_inline __u8 flow_source(__u8 source)
{
	return source == SOURCE_SOCKET ? SOURCE_FLOW : source;
}

/* The flow belongs to the endpoint, and to its owner if it has one. */
static __always_inline void settle(struct flow *flow, struct endpoint *endpoint, __u64 used_ns,
				   bool is_connected, bool is_new_to_recorder)
{
	struct telling telling = { .flow_id = flow->id,
				   .socket_id = endpoint->id,
				   .used_ns = used_ns,
				   .owner = &endpoint->holder.owner,
				   .kind = OWNER_OF_FLOW,
				   .source = flow_source(endpoint->holder.source) };

	flow->socket_id = endpoint->id;
	flow->flags |= is_connected ? FLOW_SETTLED | FLOW_PUSHED : FLOW_SETTLED;
	if (is_known(&endpoint->holder)) {
		set_party(flow, &flow->receiver, &endpoint->holder.owner);
		flow->source = endpoint->holder.source;
	} else {
		flow->receiver.pid = 0;
		telling.owner = NULL;
		telling.kind = SOCKET_OF_FLOW;
		telling.source = SOURCE_UNKNOWN;
	}
	if (!is_new_to_recorder)
		return;
	endpoint->flags |= ENDPOINT_TOLD;
	tell(&telling);
}

/*
 * The flow of a connected socket, or NULL: it has none, or it has not been seen.
 * One that TCP has closed may still be read from, when its tuple is another's already.
 */
static __always_inline struct flow *flow_of(struct sock *sk, struct endpoint *endpoint)
{
	struct flow *flow;

	if (!(endpoint->flags & ENDPOINT_HAS_FLOW)) {
		if (!is_connected(sk) || sk->sk_type == SOCK_RAW)
			return NULL;
		key_of_socket(sk, &endpoint->flow);
		if (!flow_at(&endpoint->flow))
			return NULL;
		endpoint->flags |= ENDPOINT_HAS_FLOW;
	}
	flow = flow_at(&endpoint->flow);
	if (flow && sk->sk_protocol == IPPROTO_TCP && flow->socket_id != endpoint->id &&
	    sk->__sk_common.skc_state == TCP_CLOSE)
		return NULL;
	return flow;
}

/* Somebody has the socket now whom its flows do not know. */
static __always_inline void spread(struct sock *sk, struct endpoint *endpoint, bool is_other,
				   __u64 used_ns)
{
	struct telling telling = { .socket_id = endpoint->id,
				   .used_ns = used_ns,
				   .owner = &endpoint->holder.owner,
				   .kind = OWNER_OF_SOCKET,
				   .source = flow_source(endpoint->holder.source) };
	struct flow *flow = flow_of(sk, endpoint);

	if (flow) {
		bool is_news =
			!has_owner(flow) || !is_party(&flow->receiver, &endpoint->holder.owner);

		settle(flow, endpoint, used_ns, true, is_news);
	} else if (is_other && endpoint->flags & ENDPOINT_TOLD) {
		tell(&telling);
	}
	if (is_connected(sk))
		publish_connected(sk, endpoint);
	else
		publish(sk, endpoint);
}

/* Is there nothing to learn from the current process's receiving once more? */
static __always_inline bool knows_receiver(const struct endpoint *endpoint)
{
	const struct flow *flow;

	if (endpoint->holder.owner.pid != bpf_get_current_pid_tgid() >> 32 ||
	    !is_known(&endpoint->holder) || !(endpoint->flags & ENDPOINT_RECEIVES) ||
	    endpoint->name_epoch != name_epoch)
		return false;
	if (!(endpoint->flags & ENDPOINT_HAS_FLOW))
		return endpoint->flags & ENDPOINT_BOUND;
	flow = flow_at(&endpoint->flow);
	return !flow || (flow->socket_id == endpoint->id && is_there(&flow->receiver) &&
			 is_party(&flow->receiver, &endpoint->holder.owner) &&
			 flow->source == endpoint->holder.source);
}

/* The current process has taken something from this socket. */
static __noinline int learn_receiver(struct sock *sk)
{
	struct endpoint *endpoint;
	struct owner owner = {};
	__u64 used_ns;
	bool is_other;

	if (!sk || !is_inet(sk) || is_kernel_socket(sk) || !is_user_process())
		return 0;
	endpoint = endpoint_of(sk);
	if (!endpoint)
		return 0;
	if (!knows_receiver(endpoint)) {
		used_ns = endpoint->used_ns;
		current_owner(&owner);
		is_other = set_holder(endpoint, &owner, SOURCE_SOCKET);
		endpoint->flags |= ENDPOINT_RECEIVES;
		spread(sk, endpoint, is_other, used_ns);
	}
	endpoint->used_ns = bpf_ktime_get_boot_ns();
	return 0;
}

/* The socket has no storage: what is learned of it is its flow's. */
static __always_inline void own_flow(struct flow *flow, const struct owner *owner)
{
	const struct telling telling = {
		.flow_id = flow->id, .owner = owner, .kind = OWNER_OF_FLOW, .source = SOURCE_FLOW
	};

	flow->source = SOURCE_SOCKET;
	if (has_owner(flow) && is_party(&flow->receiver, owner))
		return;
	set_party(flow, &flow->receiver, owner);
	tell(&telling);
}

/* The current process, as owner says, sends a packet of this flow from this socket. */
static __always_inline void learn_sender(struct sock *sk, struct flow *flow,
					 const struct flow_key *key, const struct owner *owner,
					 struct record *record, struct counters *count)
{
	__u64 used_ns;
	struct endpoint *endpoint = NULL;
	bool is_news, is_other = false;
	/* else it is a frame of its own making, or the outside of a tunnel */
	bool is_its_own =
		is_inet(sk) && (sk->sk_protocol == record->protocol || sk->sk_type == SOCK_RAW);

	if (is_its_own)
		endpoint = endpoint_of(sk);
	if (endpoint && flow->socket_id && flow->socket_id < endpoint->id &&
	    record->protocol != IPPROTO_TCP) {
		/* ids are in order of time: this socket is a new one */
		begin_again(flow, record->timestamp, count);
		record->flow_id = flow->id;
	}
	used_ns = flow->sent_ns;
	set_party(flow, &flow->sender, owner);
	flow->socket = (__u64)sk;
	flow->name_epoch = name_epoch;
	flow->sent_ns = record->timestamp;
	if (!is_its_own)
		return;
	if (!endpoint)
		return own_flow(flow, owner);
	if (is_connected(sk)) {
		endpoint->flow = *key;
		endpoint->flags |= ENDPOINT_HAS_FLOW;
	}
	if (!is_known(&endpoint->holder) || !(endpoint->flags & ENDPOINT_RECEIVES) ||
	    is_same(&endpoint->holder.owner, owner)) { /* then it may have another name */
		is_other = set_holder(endpoint, owner, SOURCE_SOCKET);
		if (is_other && used_ns < endpoint->used_ns)
			used_ns = endpoint->used_ns;
	}
	is_news = has_owner(flow)
			  ? !is_party(&flow->receiver, &endpoint->holder.owner)
			  : !is_connected(sk) || flow->flags & (FLOW_SETTLED | FLOW_UNOWNED);
	settle(flow, endpoint, used_ns, is_connected(sk), is_news);
	if (!is_other && endpoint->flags & ENDPOINT_BOUND)
		return;
	if (is_connected(sk))
		publish_connected(sk, endpoint);
	else
		publish(sk, endpoint);
}

/* A packet of this flow leaves from a socket on which current does nothing. */
static __always_inline void adopt(struct sock *sk, struct flow *flow, const struct flow_key *key,
				  const struct record *record)
{
	struct endpoint *endpoint;

	if (!is_inet(sk) || sk->sk_protocol != record->protocol || !has_storage())
		return;
	endpoint = bpf_sk_storage_get(&endpoints, sk, NULL, 0);
	if (!endpoint || !endpoint->id || !is_known(&endpoint->holder))
		return;
	flow->socket = (__u64)sk;
	if (is_connected(sk)) {
		endpoint->flow = *key;
		endpoint->flags |= ENDPOINT_HAS_FLOW;
	}
	settle(flow, endpoint, 0, is_connected(sk), false);
}

/* The current process has begun to listen (then it is the listener's) or to connect. */
static __always_inline struct endpoint *learn_opener(struct sock *sk, __u8 source)
{
	struct endpoint *endpoint;
	struct owner owner = {};

	if (is_kernel_socket(sk) || !in_system_call())
		return NULL;
	endpoint = endpoint_of(sk);
	if (!endpoint)
		return NULL;
	current_owner(&owner);
	set_holder(endpoint, &owner, source);
	return endpoint;
}

static __always_inline void learn_listener(struct sock *sk)
{
	struct endpoint *endpoint = learn_opener(sk, SOURCE_LISTENER);

	if (endpoint)
		publish(sk, endpoint);
}

/* A connection has come in: it is its listener's until somebody uses it. */
static __always_inline void learn_child(struct sock *sk)
{
	struct endpoint *endpoint = endpoint_of(sk);
	struct flow *flow;

	if (!endpoint)
		return;
	endpoint->id = next_socket_id();
	endpoint->flags = 0;
	endpoint->used_ns = 0;
	endpoint->holder.source = SOURCE_LISTENER;
	flow = flow_of(sk, endpoint);
	if (flow) /* the socket before it may have been used since the SYN */
		settle(flow, endpoint, 0, true, flow->socket_id != 0);
	publish_connected(sk, endpoint);
}

static __always_inline void end_flow(struct endpoint *endpoint)
{
	struct flow *flow;

	if (!(endpoint->flags & ENDPOINT_HAS_FLOW))
		return;
	flow = flow_at(&endpoint->flow);
	if (flow && flow->socket_id == endpoint->id)
		flow->flags |= FLOW_ENDED;
}

static __noinline int learn_state(struct sock *sk, int before, int after)
{
	struct endpoint *endpoint;

	if (!sk || !is_inet(sk) || sk->sk_protocol != IPPROTO_TCP || !has_storage())
		return 0;
	if (after == TCP_LISTEN)
		learn_listener(sk);
	else if (after == TCP_SYN_SENT)
		learn_opener(sk, SOURCE_SOCKET);
	else if (after == TCP_ESTABLISHED && before == TCP_SYN_RECV)
		learn_child(sk);
	if (after != TCP_CLOSE)
		return 0;
	endpoint = bpf_sk_storage_get(&endpoints, sk, NULL, 0);
	if (!endpoint)
		return 0;
	unpublish(endpoint);
	if (before != TCP_LISTEN)
		end_flow(endpoint);
	return 0;
}

#endif
