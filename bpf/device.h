/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the device tells on which a packet is seen, and whether the local address is its own. */
#ifndef NETSNOOP_BPF_DEVICE_H
#define NETSNOOP_BPF_DEVICE_H

#include "bpf/kernel.h"

#include "bpf/events.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define ADDRESSES_MAX 64 /* of a device and family; those beyond are not seen */

enum found {
	ABSENT,
	PRESENT,
	TOO_MANY, /* to tell */
};

static __always_inline enum found search_ip4(struct net_device *device, __u32 wanted)
{
	struct in_ifaddr *own = BPF_CORE_READ(device, ip_ptr, ifa_list);

	for (int i = 0; i < ADDRESSES_MAX && own; i++) {
		if (BPF_CORE_READ(own, ifa_local) == wanted)
			return PRESENT;
		own = BPF_CORE_READ(own, ifa_next);
	}
	return own ? TOO_MANY : ABSENT;
}

static __always_inline enum found search_ip6(struct net_device *device, __u64 wanted0,
					     __u64 wanted1)
{
	struct inet6_dev *in = BPF_CORE_READ(device, ip6_ptr);
	struct list_head *head, *link;
	__u64 own[2] = {};

	if (!in)
		return ABSENT;
	head = (void *)in + bpf_core_field_offset(struct inet6_dev, addr_list);
	link = BPF_CORE_READ(head, next);
	for (int i = 0; i < ADDRESSES_MAX && link && link != head; i++) {
		void *ifa = (void *)link - bpf_core_field_offset(struct inet6_ifaddr, if_list);

		bpf_probe_read_kernel(own, sizeof(own),
				      ifa + bpf_core_field_offset(struct inet6_ifaddr, addr));
		if (own[0] == wanted0 && own[1] == wanted1)
			return PRESENT;
		link = BPF_CORE_READ(link, next);
	}
	return link == head ? ABSENT : TOO_MANY;
}

/*
 * Has the device this address? Of IPv4, it is the first four bytes.
 *
 * A global function, which is verified once: its loops would be walked again on each of
 * the many ways to them. Then pointers have to come as numbers, which the verifier takes
 * them for only if they were read from memory (before 5.13, e5069b9c23b3).
 */
__noinline int search_address(__u64 device, __u64 addr0, __u64 addr1, __u32 ethertype)
{
	if (ethertype == ETH_P_IP)
		return search_ip4((struct net_device *)device, (__u32)addr0);
	return search_ip6((struct net_device *)device, addr0, addr1);
}

/* Is it one of the addresses of the packet's device? A loopback device has all of its namespace. */
static __always_inline bool has_address(struct sk_buff *skb, const struct record *record)
{
	const __u8 *local = record->is_send ? record->saddr : record->daddr;
	__u64 device, addr[2];

	if (!(record->has & RECORD_HAS_ADDR))
		return false;
	if (record->flags & RECORD_LOOPBACK)
		return true;
	device = (__u64)BPF_CORE_READ(skb, dev);
	__builtin_memcpy(addr, local, sizeof(addr));
	return search_address(device, addr[0], addr[1], record->ethertype) == PRESENT;
}

static __always_inline void describe_device(struct net_device *device, struct record *record)
{
	record->ifindex = device->ifindex;
	record->has |= RECORD_HAS_IFINDEX;
	if (bpf_core_field_exists(device->nd_net.net)) { /* CONFIG_NET_NS */
		record->netns = device->nd_net.net->ns.inum;
		record->has |= RECORD_HAS_NETNS;
	}
	if (device->flags & IFF_LOOPBACK)
		record->flags |= RECORD_LOOPBACK;
}

#endif
