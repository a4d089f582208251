// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The simple way, for comparison: both tracepoints, and each packet charged to
 * whatever task is current. It reads the headers by itself and shares nothing
 * with the recorder but the declarations of the kernel's structures.
 */
#include "bpf/kernel.h"
#include "bpf/kernel_process.h"

#include "tests/rig/current.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define IP4_BYTES 20
#define IP6_BYTES 40
#define FRAGMENT_BYTES 8
#define IP4_OFFSET 0x1fff
#define IP6_OFFSET 0xfff8

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct current_key);
	__type(value, struct current_sum);
} sums SEC(".maps");

struct headers {
	unsigned long at; /* of the IP header */
	__u32 bytes;	  /* of the whole packet, from there on */
	__u32 header_bytes;
	bool is_later; /* a fragment without its transport header */
};

static __always_inline void read_bytes(void *to, __u32 n, unsigned long from)
{
	bpf_probe_read_kernel(to, n, (const void *)from);
}

static __always_inline bool read_ip4(struct headers *h, struct current_key *key, bool is_gso)
{
	__u8 ip[IP4_BYTES];
	__u16 total, fragment;

	read_bytes(ip, sizeof(ip), h->at);
	if (ip[0] >> 4 != 4)
		return false;
	h->header_bytes = (ip[0] & 15) * 4;
	total = ip[2] << 8 | ip[3];
	fragment = ip[6] << 8 | ip[7];
	if (total && !is_gso)
		h->bytes = total;
	h->is_later = fragment & IP4_OFFSET;
	key->family = 4;
	key->protocol = ip[9];
	__builtin_memcpy(key->is_send ? key->local : key->remote, &ip[12], 4);
	__builtin_memcpy(key->is_send ? key->remote : key->local, &ip[16], 4);
	return true;
}

static __always_inline bool read_ip6(struct headers *h, struct current_key *key, bool is_gso)
{
	__u8 ip[IP6_BYTES], fragment[FRAGMENT_BYTES];
	__u16 payload;

	read_bytes(ip, sizeof(ip), h->at);
	if (ip[0] >> 4 != 6)
		return false;
	h->header_bytes = IP6_BYTES;
	payload = ip[4] << 8 | ip[5];
	if (payload && !is_gso)
		h->bytes = payload + IP6_BYTES;
	key->family = 6;
	key->protocol = ip[6];
	__builtin_memcpy(key->is_send ? key->local : key->remote, &ip[8], 16);
	__builtin_memcpy(key->is_send ? key->remote : key->local, &ip[24], 16);
	if (key->protocol == IPPROTO_FRAGMENT) {
		read_bytes(fragment, sizeof(fragment), h->at + IP6_BYTES);
		key->protocol = fragment[0];
		h->header_bytes += FRAGMENT_BYTES;
		h->is_later = (fragment[2] << 8 | fragment[3]) & IP6_OFFSET;
	}
	return true;
}

static __always_inline void read_transport(struct headers *h, struct current_key *key)
{
	__u8 transport[16] = {};
	__u16 source, destination;

	if (h->is_later)
		return;
	read_bytes(transport, sizeof(transport), h->at + h->header_bytes);
	if (key->protocol == IPPROTO_ICMP || key->protocol == IPPROTO_ICMPV6)
		h->header_bytes += 8;
	if (key->protocol != IPPROTO_TCP && key->protocol != IPPROTO_UDP)
		return;
	h->header_bytes += key->protocol == IPPROTO_UDP ? 8 : (transport[12] >> 4) * 4;
	source = transport[0] << 8 | transport[1];
	destination = transport[2] << 8 | transport[3];
	key->local_port = key->is_send ? source : destination;
	key->remote_port = key->is_send ? destination : source;
	key->has_port = 1;
}

static __always_inline void charge_current(struct current_key *key)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	key->pid = bpf_get_current_pid_tgid() >> 32;
	key->start_ns = BPF_CORE_READ(leader, start_boottime);
}

static __always_inline void add(const struct current_key *key, __u64 payload_bytes, __u64 packets)
{
	struct current_sum *sum = bpf_map_lookup_elem(&sums, key), none = {};

	if (!sum) {
		bpf_map_update_elem(&sums, key, &none, BPF_NOEXIST);
		sum = bpf_map_lookup_elem(&sums, key);
	}
	if (!sum)
		return;
	__sync_fetch_and_add(&sum->payload_bytes, payload_bytes);
	__sync_fetch_and_add(&sum->packets, packets);
}

static __always_inline void see(struct sk_buff *skb, bool is_send)
{
	struct current_key key = { .is_send = is_send };
	struct net_device *device = skb->dev;
	/* numbers: the verifier takes no arithmetic on what it knows to be pointers */
	unsigned long head = (unsigned long)BPF_CORE_READ(skb, head);
	unsigned long data = (unsigned long)BPF_CORE_READ(skb, data);
	struct skb_shared_info *shared;
	struct headers h = {};
	__u16 segments;
	bool is_gso;

	if (!device)
		return;
	shared = (void *)(head + skb->end);
	segments = BPF_CORE_READ(shared, gso_segs);
	is_gso = BPF_CORE_READ(shared, gso_size);
	h.at = is_send ? head + skb->network_header : data;
	h.bytes = skb->len - (__u32)(h.at - data);
	if (skb->protocol == bpf_htons(ETH_P_IP)     ? !read_ip4(&h, &key, is_gso)
	    : skb->protocol == bpf_htons(ETH_P_IPV6) ? !read_ip6(&h, &key, is_gso)
						     : true)
		return;
	read_transport(&h, &key);
	key.netns = device->nd_net.net->ns.inum;
	key.ifindex = device->ifindex;
	charge_current(&key);
	add(&key, h.bytes > h.header_bytes ? h.bytes - h.header_bytes : 0, segments ? segments : 1);
}

const volatile int wanted_pid;
int met;

SEC("iter/task")
int meet(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;

	if (task && task->pid == wanted_pid)
		met = 1;
	return 0;
}

/* BPF_PROG() names a context that neither needs beside its argument. */
#pragma clang diagnostic ignored "-Wunused-parameter"

SEC("tp_btf/net_dev_queue")
int BPF_PROG(current_send, struct sk_buff *skb)
{
	see(skb, true);
	return 0;
}

SEC("tp_btf/netif_receive_skb")
int BPF_PROG(current_receive, struct sk_buff *skb)
{
	see(skb, false);
	return 0;
}
