/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Flows that had something received for nobody known, where nothing tells who
 * receives (before 6.3): whoever is found with a socket that fits, by a walk or
 * as it ends, is told as the owner of what has come.
 *
 * What holds here:
 * - Nobody takes what came before it began to live, or what is another's already.
 * - What goes to every socket that fits (multicast, broadcast, raw sockets) is told
 *   of each process once, as shared, and stays here for the next.
 * - What comes after a process has ended is not its, whatever is known of its socket.
 * - SO_REUSEPORT gives each socket a part, and nothing here tells which one: such
 *   a flow stays unknown, for a guess would be wrong.
 * - A socket is a plain number in here, read by probing: at the end of a process there
 *   is no other way to its sockets.
 */
#ifndef NETSNOOP_BPF_ORPHAN_H
#define NETSNOOP_BPF_ORPHAN_H

#include "bpf/kernel.h"

#include "bpf/bind.h"
#include "bpf/endpoint.h"
#include "bpf/events.h"
#include "bpf/flow.h"
#include "bpf/ready.h"
#include "bpf/tell.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define PORTS_OF_ORPHANS 4096
#define ORPHANS_OF_PORT 8 /* the last ones; a power of two */
#define ENDED_PROCESSES 4096

struct orphan {
	__u64 flow_id; /* 0: none */
	__u64 first_ns;
	struct flow_key key;
	__u32 is_for_many;
};
struct orphans {
	__u64 n; /* ever */
	struct orphan orphan[ORPHANS_OF_PORT];
};

/* By local port: the key has neither a remote end nor addresses. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PORTS_OF_ORPHANS);
	__type(key, struct flow_key);
	__type(value, struct orphans);
} orphans SEC(".maps");

/* Never written: what an entry is at first. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct orphans);
} no_orphans SEC(".maps");

/* Who may take them: one of a walk and one of an end, which may interrupt each other. */
enum heir_kind {
	HEIR_OF_WALK,
	HEIR_OF_END,
	HEIRS,
};
struct heir {
	struct owner owner;
	struct flow_key end; /* of the socket in hand */
	__u8 is_raw;
	__u8 is_one_of_many; /* SO_REUSEPORT */
	__u8 reserved[2];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HEIRS);
	__type(key, __u32);
	__type(value, struct heir);
} heirs SEC(".maps");

/*
 * Processes that have ended, by check_of(). What such a one had bound may be another's
 * now, long before the sweep finds out.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ENDED_PROCESSES);
	__type(key, __u64);
	__type(value, __u8);
} ended SEC(".maps");

static __always_inline bool has_ended(__u64 start_ns, __u32 pid)
{
	__u64 check = start_ns + pid;

	return bpf_map_lookup_elem(&ended, &check);
}

static __always_inline void note_end(const struct owner *owner)
{
	__u64 check = check_of(owner);
	__u8 one = 1;

	bpf_map_update_elem(&ended, &check, &one, BPF_ANY);
	raise(&owner_epoch);
}

static __always_inline void key_of_port(const struct flow_key *from, struct flow_key *key)
{
	*key = *from;
	key->remote_port = 0;
	__builtin_memset(key->local, 0, sizeof(key->local));
	__builtin_memset(key->remote, 0, sizeof(key->remote));
}

static __noinline int add_orphan(const struct flow_key *from, __u64 flow_id, __u64 first_ns,
				 bool is_for_many)
{
	struct orphans *found, *none;
	struct orphan *orphan;
	struct flow_key key;
	__u32 zero = 0;

	if (!from)
		return 0;
	key_of_port(from, &key);
	found = bpf_map_lookup_elem(&orphans, &key);
	if (!found) {
		none = bpf_map_lookup_elem(&no_orphans, &zero);
		if (!none)
			return 0;
		bpf_map_update_elem(&orphans, &key, none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&orphans, &key);
	}
	if (!found)
		return 0;
	/* two CPUs at a time may take one place: give() sees whether an id is its key's */
	orphan = &found->orphan[found->n++ % ORPHANS_OF_PORT];
	*(volatile __u64 *)&orphan->flow_id = 0;
	barrier();
	orphan->key = *from;
	orphan->first_ns = first_ns;
	orphan->is_for_many = is_for_many;
	barrier();
	*(volatile __u64 *)&orphan->flow_id = flow_id;
	return 0;
}

/* When this flow first had something received for nobody known; 0: it is not known any more. */
static __noinline __u64 orphan_since(const struct flow_key *flow_key, __u64 flow_id)
{
	struct orphans *found;
	struct flow_key key;

	if (!flow_key)
		return 0;
	key_of_port(flow_key, &key);
	found = bpf_map_lookup_elem(&orphans, &key);
	if (!found)
		return 0;
	for (int i = 0; i < ORPHANS_OF_PORT; i++)
		if (found->orphan[i].flow_id == flow_id)
			return found->orphan[i].first_ns;
	return 0;
}

static __always_inline bool is_same_address(const __u8 *a, const __u8 *b)
{
	const __u64 *x = (const void *)a, *y = (const void *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/* Does what came for the orphan go to this socket? */
static __always_inline bool fits(const struct orphan *orphan, const struct heir *heir)
{
	const struct flow_key *end = &heir->end;

	if (!is_wildcard(end->local) && !is_same_address(end->local, orphan->key.local))
		return false;
	if (!is_wildcard(end->remote) && !is_same_address(end->remote, orphan->key.remote))
		return false;
	return !end->remote_port || end->remote_port == orphan->key.remote_port;
}

/* One process is one consumer of a flow, however many sockets it has. */
static __always_inline bool is_told(__u64 flow_id, const struct owner *owner)
{
	struct consumer consumer = { .flow_id = flow_id, .socket_id = check_of(owner) };
	__u8 one = 1;

	if (bpf_map_lookup_elem(&consumers, &consumer))
		return true;
	bpf_map_update_elem(&consumers, &consumer, &one, BPF_ANY);
	return false;
}

static __always_inline void give(struct orphan *orphan, const struct heir *heir, bool is_end)
{
	struct flow *flow = flow_at(&orphan->key);
	const struct owner *owner = &heir->owner;
	bool is_younger = owner->start_ns > orphan->first_ns;
	struct telling telling = { .flow_id = orphan->flow_id,
				   .owner = owner,
				   .kind = OWNER_OF_FLOW,
				   .source = SOURCE_SEEDED };

	if (!flow || flow->id != telling.flow_id)
		return;
	if (orphan->is_for_many || heir->is_raw) {
		if (is_told(telling.flow_id, owner))
			return;
		telling.used_ns = is_younger ? owner->start_ns : 0;
		telling.source = SOURCE_SHARED;
		telling.is_shared = 1;
		tell(&telling);
		return;
	}
	if (has_owner(flow) || is_younger || heir->is_one_of_many)
		return;
	orphan->flow_id = 0;
	flow->flags &= ~FLOW_UNOWNED;
	if (is_end) /* what comes now is not this one's any more */
		flow->flags |= FLOW_ENDED;
	tell(&telling);
}

static __always_inline void give_fitting(struct heir *heir, bool is_end)
{
	struct orphans *found;
	struct flow_key key;

	key_of_port(&heir->end, &key);
	found = bpf_map_lookup_elem(&orphans, &key);
	if (!found)
		return;
	for (int i = 0; i < ORPHANS_OF_PORT; i++)
		if (found->orphan[i].flow_id && fits(&found->orphan[i], heir))
			give(&found->orphan[i], heir, is_end);
}

/*
 * The heir has this socket. A function of its own for the verifier, too, which goes
 * through it once and not for each file of a process; such a one takes numbers only (5.6).
 */
__noinline int give_orphans(__u64 socket, __u32 kind)
{
	struct heir *heir = bpf_map_lookup_elem(&heirs, &kind);
	struct sock *sk = (void *)socket;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (!heir || (family != AF_INET && family != AF_INET6) ||
	    BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP ||
	    BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock))
		return 0;
	__builtin_memset(&heir->end, 0, sizeof(heir->end));
	key_of_socket(sk, &heir->end);
	heir->is_raw = BPF_CORE_READ(sk, sk_type) == SOCK_RAW;
	heir->is_one_of_many = BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuseport);
	if (!heir->end.local_port && !heir->is_raw)
		return 0;
	give_fitting(heir, kind == HEIR_OF_END);
	if (heir->end.ethertype == ETH_P_IPV6 && is_wildcard(heir->end.local) &&
	    !BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_ipv6only)) {
		heir->end.ethertype = ETH_P_IP;
		give_fitting(heir, kind == HEIR_OF_END);
	}
	return 0;
}

#endif
