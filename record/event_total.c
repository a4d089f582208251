// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/event_total.h"

#include "format/trace.h"

#define ETHERTYPE_IPV6 0x86dd

static uint32_t has_of(const struct net_event *event)
{
	uint32_t has = 0;

	if (event->has & NST_HAS_FLOW_ID)
		has |= NST_TOTAL_HAS_FLOW;
	if (event->has & NST_HAS_OWNER)
		has |= NST_TOTAL_HAS_OWNER;
	if (event->has & NST_HAS_IFINDEX)
		has |= NST_TOTAL_HAS_IFINDEX;
	if (event->has & NST_HAS_NETNS)
		has |= NST_TOTAL_HAS_NETNS;
	if (event->has & NST_HAS_PROTOCOL)
		has |= NST_TOTAL_HAS_PROTOCOL;
	return has;
}

static void set_sums(const struct net_event *event, struct nst_total *total)
{
	uint64_t segments = event->has & NST_HAS_SEGMENTS && event->segments ? event->segments : 1;
	bool has_headers = event->has & NST_HAS_HEADER_BYTES;
	uint64_t header_bytes = has_headers ? event->header_bytes : 0;

	total->events = 1;
	total->packets = segments;
	total->bytes = event->bytes;
	if (has_headers && event->bytes > header_bytes)
		total->payload_bytes = event->bytes - header_bytes;
	if (has_headers || segments == 1)
		total->wire_bytes = event->bytes + (segments - 1) * header_bytes +
				    segments * total->link_header_bytes;
}

static void set_tuple(const struct net_event *event, struct nst_flow *tuple)
{
	uint32_t addr_len = event->ethertype == ETHERTYPE_IPV6 ? sizeof(event->saddr) : 4;
	bool is_send = event->is_send;

	*tuple = (struct nst_flow){
		.id = event->flow_id,
		.has = event->has & (NST_HAS_FLOW_ID | NST_HAS_NETNS | NST_HAS_PROTOCOL |
				     NST_HAS_ADDR | NST_HAS_PORT),
		.netns = event->netns,
		.ethertype = event->ethertype,
		.protocol = event->protocol,
		.local_port = is_send ? event->sport : event->dport,
		.remote_port = is_send ? event->dport : event->sport,
	};
	if (!(event->has & NST_HAS_ADDR))
		return;
	tuple->local_addr = (struct nst_bytes){ is_send ? event->saddr : event->daddr, addr_len };
	tuple->remote_addr = (struct nst_bytes){ is_send ? event->daddr : event->saddr, addr_len };
}

void event_total(const struct net_event *event, struct nst_total *total, struct nst_flow *tuple)
{
	*total = (struct nst_total){
		.from_ns = event->timestamp,
		.to_ns = event->timestamp + 1,
		.flow_id = event->flow_id,
		.has = has_of(event),
		.netns = event->netns,
		.ifindex = event->ifindex,
		.ethertype = event->ethertype,
		.protocol = event->protocol,
		.is_send = event->is_send,
		.owner_source = event->owner_source,
		.flags = event->flags & NST_LANE_FLAGS,
	};
	if (event->has & NST_HAS_LINK_HEADER)
		total->link_header_bytes = event->link_header_bytes;
	if (event->has & NST_HAS_OWNER) {
		total->start_ns = event->start_ns;
		total->pid = event->pid;
		total->cgroup_id = event->has & NST_HAS_CGROUP ? event->cgroup_id : 0;
		total->comm = (struct nst_bytes){ event->comm, event->comm_len };
	}
	set_sums(event, total);
	set_tuple(event, tuple);
}
