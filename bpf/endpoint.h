/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is known of a socket, in its own storage, and who the current process is.
 *
 * What holds here:
 * - A socket's id is of our own making: skb->sk's cookie is refused to these programs.
 * - The owner of a socket is who last received on it. Who sends takes its place
 *   only as long as nobody has received: where one process writes and another
 *   reads, what comes in is the reader's.
 * - A child inherits its listener's storage (BPF_F_CLONE) before it has a state
 *   of its own, and is given an id when it is established.
 * - The storage goes with the socket. What tables keep of it by its id goes
 *   when the sweep does not meet it any more: the recorder then takes the pid out
 *   of its holder. That an entry is gone says nothing, it may have had to give way.
 */
#ifndef NETSNOOP_BPF_ENDPOINT_H
#define NETSNOOP_BPF_ENDPOINT_H

#include "bpf/kernel.h"

#include "bpf/cast.h"
#include "bpf/context.h"
#include "bpf/events.h"
#include "bpf/flow.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SOCKET_ENTRIES 65536 /* as many as the bind table has */

enum endpoint_flag {
	ENDPOINT_RECEIVES = 1 << 0, /* owner has received */
	ENDPOINT_HAS_FLOW = 1 << 1, /* connected, and flow is its key on the wire */
	ENDPOINT_BOUND = 1 << 2,    /* bound is its key in the bind table */
	ENDPOINT_TOLD = 1 << 3,	    /* its id stands in an owner record */
};

struct endpoint {
	__u64 id; /* 0: not yet given */
	__u64 used_ns;
	struct holder holder;
	struct flow_key flow, bound;
	__u32 flags;
	__u32 name_epoch;
};

/* For tracing programs since 5.11, 8e4597c627fb; before, nothing here is used. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct endpoint);
} endpoints SEC(".maps");

static __always_inline bool has_storage(void)
{
	/* came with the same release as the storage, and a helper can be asked for */
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

/* By the socket's id, for flows that only know that. The least recently asked go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SOCKET_ENTRIES);
	__type(key, __u64);
	__type(value, struct holder);
} holders SEC(".maps");

/* The process of the current task, by its first thread's name and start. */
static __always_inline void current_owner(struct owner *owner)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	__u64 id = bpf_get_current_pid_tgid();

	owner->pid = id >> 32;
	owner->tid = (__u32)id;
	owner->uid = (__u32)bpf_get_current_uid_gid();
	owner->start_ns = BPF_CORE_READ(leader, start_boottime);
	owner->cgroup_id = bpf_get_current_cgroup_id();
	/* a string: before 5.17 the rest of an earlier name may stand behind its end */
	bpf_core_read_str(owner->comm, sizeof(owner->comm), &leader->comm);
}

static __always_inline bool is_user_process(void)
{
	void *task = (void *)bpf_get_current_task();

	return bpf_get_current_pid_tgid() >> 32 && !(READ(task, task_struct, flags) & PF_KTHREAD);
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
	/* what sends resets is a raw socket, and has no more than such a one has */
	return sk->sk_protocol != IPPROTO_TCP || sk->sk_type == SOCK_RAW ||
	       !bpf_core_field_exists(tcp->is_mptcp) || !BPF_CORE_READ(tcp, is_mptcp);
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

static __always_inline bool is_inet(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return family == AF_INET || family == AF_INET6;
}

static __always_inline bool is_connected(struct sock *sk)
{
	return sk->__sk_common.skc_dport != 0;
}

static __always_inline void read_ip6(__u8 *to, struct sock *sk, bool is_local)
{
	if (is_local)
		bpf_core_read(to, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	else
		bpf_core_read(to, 16, &sk->__sk_common.skc_v6_daddr);
}

static __always_inline bool is_mapped(const __u8 *addr)
{
	const __u32 *word = (const void *)addr;

	return !word[0] && !word[1] && word[2] == bpf_htonl(0xffff);
}

static __always_inline void unmap_address(__u8 *addr)
{
	__u32 *word = (void *)addr;

	word[0] = word[3];
	word[1] = word[2] = word[3] = 0;
}

/*
 * The tuple as the socket itself has it, without the remote end where it is not
 * connected; address translation may make another one of it on the wire. Read by
 * probing: not all who ask have more of the socket than a number.
 */
static __always_inline void key_of_socket(struct sock *sk, struct flow_key *key)
{
	if (bpf_core_field_exists(sk->__sk_common.skc_net.net)) /* CONFIG_NET_NS */
		key->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	key->protocol = (__u8)BPF_CORE_READ(sk, sk_protocol);
	if (BPF_CORE_READ(sk, sk_type) != SOCK_RAW) {
		key->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
		key->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
		key->has_port = key->protocol != IPPROTO_ICMP && key->protocol != IPPROTO_ICMPV6;
	}
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		__be32 local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		__be32 remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);

		key->ethertype = ETH_P_IP;
		__builtin_memcpy(key->local, &local, sizeof(local));
		__builtin_memcpy(key->remote, &remote, sizeof(remote));
		return;
	}
	key->ethertype = ETH_P_IPV6;
	read_ip6(key->local, sk, true);
	read_ip6(key->remote, sk, false);
	if (!is_mapped(key->local))
		return;
	key->ethertype = ETH_P_IP;
	unmap_address(key->local);
	unmap_address(key->remote);
}

/*
 * Programs in process context give ids as well, and may interrupt each other:
 * the clock is never the same twice on a CPU.
 */
static __always_inline __u64 next_socket_id(void)
{
	return bpf_ktime_get_boot_ns() << 8 | (bpf_get_smp_processor_id() & 0xff);
}

/*
 * Is current's reading from it news before sock_recv_length tells of it? Then it is learned
 * before the acknowledgement leaves that it may send, which would make a sender of it first.
 */
static __always_inline bool current_reads_first(struct sock *sk)
{
	struct endpoint *endpoint;
	int call;

	if (sk->sk_protocol == IPPROTO_TCP && !sk->sk_lock.owned)
		return false;
	call = system_call();
	if (call < 0 || finds_orphans || !has_storage() || !is_plain_receive(call))
		return call >= 0;
	endpoint = bpf_sk_storage_get(&endpoints, sk, NULL, 0);
	return !endpoint || !(endpoint->flags & ENDPOINT_RECEIVES) ||
	       endpoint->holder.owner.pid != bpf_get_current_pid_tgid() >> 32;
}

/* The socket's storage, made if need be; NULL: there is none, or no memory. */
static __always_inline struct endpoint *endpoint_of(struct sock *sk)
{
	struct endpoint *endpoint = NULL;

	if (has_storage())
		endpoint = bpf_sk_storage_get(&endpoints, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (endpoint && !endpoint->id)
		endpoint->id = next_socket_id();
	return endpoint;
}

static __always_inline bool is_known(const struct holder *holder)
{
	return holder->owner.pid && holder->owner_check == check_of(&holder->owner);
}

/* For flows that know no more than the socket's id. */
static __always_inline void show_holder(struct endpoint *endpoint)
{
	struct holder *shown = bpf_map_lookup_elem(&holders, &endpoint->id);

	if (shown)
		shown->sweep = sweep;
	if (shown && shown->owner_check == endpoint->holder.owner_check &&
	    shown->source == endpoint->holder.source &&
	    is_same_name(&shown->owner, &endpoint->holder.owner))
		return;
	endpoint->holder.sweep = sweep;
	bpf_map_update_elem(&holders, &endpoint->id, &endpoint->holder, BPF_ANY);
	raise(&owner_epoch);
}

/* It has this owner from now on; is it another one than before? */
static __always_inline bool set_holder(struct endpoint *endpoint, const struct owner *owner,
				       __u8 source)
{
	struct holder *holder = &endpoint->holder;
	bool is_other = !is_known(holder) || !is_same(&holder->owner, owner);

	set_owner(&holder->owner, &holder->owner_check, owner);
	holder->source = source;
	endpoint->name_epoch = name_epoch;
	if (!(endpoint->flags & ENDPOINT_HAS_FLOW))
		show_holder(endpoint);
	return is_other;
}

#endif
