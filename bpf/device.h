/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the device tells on which a packet is seen, and whether the local address is its own. */
#ifndef NETSNOOP_BPF_DEVICE_H
#define NETSNOOP_BPF_DEVICE_H

#include "bpf/kernel.h"

#include "bpf/events.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define ADDRESSES_MAX 16 /* of a device and family; those beyond are not seen */

static __always_inline bool has_ip4(struct net_device *device, const __u8 *addr)
{
	struct in_device *in = device->ip_ptr;
	struct in_ifaddr *own;
	__be32 wanted;

	if (!in)
		return false;
	__builtin_memcpy(&wanted, addr, sizeof(wanted));
	own = in->ifa_list;
	for (int i = 0; i < ADDRESSES_MAX && own; i++) {
		if (own->ifa_local == wanted)
			return true;
		own = own->ifa_next;
	}
	return false;
}

static __always_inline bool has_ip6(struct net_device *device, const __u8 *addr)
{
	struct inet6_dev *in = device->ip6_ptr;
	struct list_head *head, *link;
	__u64 wanted[2], own[2];

	if (!in)
		return false;
	__builtin_memcpy(wanted, addr, sizeof(wanted));
	head = (void *)in + bpf_core_field_offset(struct inet6_dev, addr_list);
	link = BPF_CORE_READ(head, next);
	for (int i = 0; i < ADDRESSES_MAX && link && link != head; i++) {
		struct inet6_ifaddr *ifa =
			(void *)link - bpf_core_field_offset(struct inet6_ifaddr, if_list);

		bpf_probe_read_kernel(own, sizeof(own),
				      (void *)ifa +
					      bpf_core_field_offset(struct inet6_ifaddr, addr));
		if (own[0] == wanted[0] && own[1] == wanted[1])
			return true;
		link = BPF_CORE_READ(link, next);
	}
	return false;
}

/* A loopback device has every address of its namespace, also those of others. */
static __always_inline bool has_local_address(struct net_device *device,
					      const struct record *record)
{
	const __u8 *addr = record->is_send ? record->saddr : record->daddr;

	if (!(record->has & RECORD_HAS_ADDR))
		return false;
	if (record->flags & RECORD_LOOPBACK)
		return true;
	return record->ethertype == ETH_P_IP ? has_ip4(device, addr) : has_ip6(device, addr);
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
	if (has_local_address(device, record))
		record->flags |= RECORD_LOCAL_ADDR;
}

#endif
