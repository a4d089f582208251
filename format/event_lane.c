/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "event_lane.h"

/* An address is an IPv6 one by its EtherType or by having more than four bytes. */
static uint8_t addr_len(const struct net_event *event)
{
	static const uint8_t zeros[12];

	if (event->ethertype == 0x86dd || memcmp(event->saddr + 4, zeros, sizeof(zeros)) ||
	    memcmp(event->daddr + 4, zeros, sizeof(zeros)))
		return 16;
	return 4;
}

static uint32_t flow_entry(struct nst_intern *intern, const struct net_event *event)
{
	struct nst_flow_key key = {
		.has = event->has & NST_FLOW_HAS,
		.ethertype = event->ethertype,
	};

	if (event->has & NST_HAS_FLOW_ID)
		key.id = event->flow_id;
	if (event->has & NST_HAS_NETNS)
		key.netns = event->netns;
	if (event->has & NST_HAS_PROTOCOL)
		key.protocol = event->protocol;
	if (event->has & NST_HAS_ADDR) {
		key.addr_len = addr_len(event);
		memcpy(key.local_addr, event->is_send ? event->saddr : event->daddr, key.addr_len);
		memcpy(key.remote_addr, event->is_send ? event->daddr : event->saddr, key.addr_len);
	}
	if (event->has & NST_HAS_PORT) {
		key.local_port = event->is_send ? event->sport : event->dport;
		key.remote_port = event->is_send ? event->dport : event->sport;
	}
	return nst_intern_flow(intern, &key);
}

uint32_t nst_event_lane(struct nst_intern *intern, const struct net_event *event)
{
	struct nst_lane_key key = {
		.has = event->has & NST_LANE_HAS,
		.flow = flow_entry(intern, event),
		.flags = event->flags & NST_LANE_FLAGS,
		.is_send = event->is_send,
		.owner_source = event->owner_source,
	};

	if (event->has & NST_HAS_OWNER)
		key.process = nst_intern_process(intern, event->pid, event->start_ns, event->comm,
						 event->comm_len);
	if (event->has & NST_HAS_CGROUP)
		key.cgroup_id = event->cgroup_id;
	if (event->has & NST_HAS_VLAN)
		key.vlan_id = event->vlan_id;
	if (event->has & NST_HAS_IFINDEX)
		key.ifindex = event->ifindex;
	if (event->has & NST_HAS_LINK_HEADER)
		key.link_header_bytes = event->link_header_bytes;
	return nst_intern_lane(intern, &key);
}
