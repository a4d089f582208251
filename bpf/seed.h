/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Walks over what is there already: the sockets that were open before the
 * recording, at its start and, for those that nobody has used since, at its
 * end; and the sockets that are still open, now and then.
 *
 * What holds here: a walk never overwrites what was learned.
 */
#ifndef NETSNOOP_BPF_SEED_H
#define NETSNOOP_BPF_SEED_H

#include "bpf/kernel.h"

#include "bpf/bind.h"
#include "bpf/endpoint.h"
#include "bpf/learn.h"
#include "bpf/orphan.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

static __always_inline void owner_of_task(struct task_struct *task, struct owner *owner)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	owner->pid = BPF_CORE_READ(task, tgid);
	owner->tid = BPF_CORE_READ(task, pid);
	owner->uid = BPF_CORE_READ(task, cred, uid.val);
	owner->start_ns = BPF_CORE_READ(leader, start_boottime);
	if (bpf_core_field_exists(task->cgroups)) /* CONFIG_CGROUPS */
		owner->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	bpf_core_read_str(owner->comm, sizeof(owner->comm), &leader->comm);
}

/* What came before its socket was known. */
static __always_inline void inherit(struct sock *sk, __u64 number, const struct endpoint *endpoint)
{
	__u32 kind = HEIR_OF_WALK;
	struct heir *heir;

	if (!finds_orphans || sk->sk_protocol == IPPROTO_TCP)
		return;
	heir = bpf_map_lookup_elem(&heirs, &kind);
	if (!heir)
		return;
	heir->owner = endpoint->holder.owner;
	give_orphans(number, kind);
}

/* Has the process that it was known by ended, and another one has it still? */
static __always_inline bool is_bequeathed(struct sock *sk, const struct endpoint *endpoint)
{
	return finds_orphans && sk->sk_protocol != IPPROTO_TCP &&
	       has_ended(endpoint->holder.owner.start_ns, endpoint->holder.owner.pid);
}

/* number is the socket's address once more, for what goes by that. */
static __noinline int seed_socket(struct sock *sk, struct task_struct *task, __u64 number)
{
	struct endpoint *endpoint;
	struct owner owner = {};
	bool is_listener;

	if (!sk || !task || !is_inet(sk) || is_kernel_socket(sk))
		return 0;
	endpoint = endpoint_of(sk);
	if (!endpoint)
		return 0;
	if (is_known(&endpoint->holder) && !is_bequeathed(sk, endpoint)) {
		inherit(sk, number, endpoint);
		return 0;
	}
	is_listener = sk->sk_protocol == IPPROTO_TCP && sk->__sk_common.skc_state == TCP_LISTEN;
	owner_of_task(task, &owner);
	set_holder(endpoint, &owner, is_listener ? SOURCE_LISTENER : SOURCE_SEEDED);
	spread(sk, endpoint, true, endpoint->used_ns);
	inherit(sk, number, endpoint);
	return 0;
}

/* The socket is open: what is published of it stays. */
static __noinline int keep_socket(struct sock *sk)
{
	struct endpoint *endpoint;

	if (!sk || !has_storage())
		return 0;
	endpoint = bpf_sk_storage_get(&endpoints, sk, NULL, 0);
	if (!endpoint || !endpoint->id || !is_known(&endpoint->holder))
		return 0;
	if (!is_connected(sk)) {
		if (sk->sk_protocol != IPPROTO_TCP || sk->__sk_common.skc_state == TCP_LISTEN)
			publish(sk, endpoint);
		return 0;
	}
	publish_connected(sk, endpoint);
	return 0;
}

#endif
