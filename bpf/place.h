/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is an address one of this namespace's? If none of its devices has it, the
 * packet is for somebody else and only passes through. It need not be that of the
 * device where the packet comes in: service addresses lie on lo.
 */
#ifndef NETSNOOP_BPF_PLACE_H
#define NETSNOOP_BPF_PLACE_H

#include "bpf/kernel.h"

#include "bpf/device.h"
#include "bpf/events.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define DEVICES_MAX 64 /* of a namespace; with more, nothing is said of an address */

/* Global as search_address() is, and for the same reason. */
__noinline int search_namespace(__u64 device, __u64 addr0, __u64 addr1, __u32 ethertype)
{
	struct net *net = BPF_CORE_READ((struct net_device *)device, nd_net.net);
	struct list_head *head = (void *)net + bpf_core_field_offset(struct net, dev_base_head);
	struct list_head *link = BPF_CORE_READ(head, next);

	int found = ABSENT;

	for (int i = 0; i < DEVICES_MAX && link && link != head; i++) {
		__u64 other = (__u64)link - bpf_core_field_offset(struct net_device, dev_list);

		int here = search_address(other, addr0, addr1, ethertype);

		if (here == PRESENT)
			return PRESENT;
		if (here == TOO_MANY)
			found = TOO_MANY;
		link = BPF_CORE_READ(link, next);
	}
	return link == head ? found : TOO_MANY;
}

/* Have the devices of the namespace where this packet is its flow's local address? */
static __always_inline int place_flow(struct sk_buff *skb, const struct flow_key *key)
{
	struct net_device *device = BPF_CORE_READ(skb, dev);
	__u64 addr[2];

	if (!bpf_core_field_exists(device->nd_net.net)) /* CONFIG_NET_NS */
		return TOO_MANY;
	__builtin_memcpy(addr, key->local, sizeof(addr));
	return search_namespace((__u64)device, addr[0], addr[1], key->ethertype);
}

#endif
