// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/translate.h"

#include "bpf/events.h"
#include "format/trace.h"

#include <string.h>

/*
 * The kernel side uses the file's numbers, so that nothing has to be converted
 * an event at a time. Where one of these fails, convert.
 */
#define SAME(kernels, files) _Static_assert((int)(kernels) == (int)(files), #kernels)
SAME(RECORD_HAS_PROTOCOL, NST_HAS_PROTOCOL);
SAME(RECORD_HAS_ADDR, NST_HAS_ADDR);
SAME(RECORD_HAS_PORT, NST_HAS_PORT);
SAME(RECORD_HAS_OWNER, NST_HAS_OWNER);
SAME(RECORD_HAS_TID, NST_HAS_TID);
SAME(RECORD_HAS_CGROUP, NST_HAS_CGROUP);
SAME(RECORD_HAS_VLAN, NST_HAS_VLAN);
SAME(RECORD_HAS_HEADER_BYTES, NST_HAS_HEADER_BYTES);
SAME(RECORD_HAS_TCP_FLAGS, NST_HAS_TCP_FLAGS);
SAME(RECORD_HAS_NETNS, NST_HAS_NETNS);
SAME(RECORD_HAS_IFINDEX, NST_HAS_IFINDEX);
SAME(RECORD_HAS_FLOW_ID, NST_HAS_FLOW_ID);
SAME(RECORD_HAS_LINK_HEADER, NST_HAS_LINK_HEADER);
SAME(RECORD_HAS_SEGMENTS, NST_HAS_SEGMENTS);
SAME(RECORD_FRAGMENT, NST_FLAG_FRAGMENT);
SAME(RECORD_LATER_FRAGMENT, NST_FLAG_LATER_FRAGMENT);
SAME(RECORD_BAD_HEADER, NST_FLAG_BAD_HEADER);
SAME(RECORD_TUNNELLED, NST_FLAG_TUNNELLED);
SAME(RECORD_LOCAL_ADDR, NST_FLAG_LOCAL_ADDR);
SAME(RECORD_LOOPBACK, NST_FLAG_LOOPBACK);
SAME(SOURCE_UNKNOWN, NST_OWNER_UNKNOWN);
SAME(SOURCE_SOCKET, NST_OWNER_SOCKET);
SAME(SOURCE_FLOW, NST_OWNER_FLOW);
SAME(SOURCE_LISTENER, NST_OWNER_LISTENER);
SAME(SOURCE_SHARED, NST_OWNER_SHARED);
SAME(SOURCE_SEEDED, NST_OWNER_SEEDED);
SAME(SOURCE_KERNEL, NST_OWNER_KERNEL);
SAME(SOURCE_FORWARDED, NST_OWNER_FORWARDED);
SAME(SOURCE_CURRENT, NST_OWNER_CURRENT);

void translate(const struct record *record, struct net_event *event)
{
	event->timestamp = record->timestamp;
	event->flow_id = record->flow_id;
	event->start_ns = record->start_ns;
	event->cgroup_id = record->cgroup_id;
	event->has = record->has;
	event->pid = record->pid;
	event->tid = record->tid;
	event->bytes = record->bytes;
	event->segments = record->segments;
	event->ifindex = record->ifindex;
	event->netns = record->netns;
	event->ethertype = record->ethertype;
	event->sport = record->sport;
	event->dport = record->dport;
	event->vlan_id = record->vlan_id;
	event->header_bytes = record->header_bytes;
	event->flags = record->flags;
	event->protocol = record->protocol;
	event->tcp_flags = record->tcp_flags;
	event->is_send = record->is_send;
	event->owner_source = record->owner_source;
	event->link_header_bytes = record->link_header_bytes;
	event->comm_len = (uint8_t)strnlen(record->comm, sizeof(record->comm));
	memcpy(event->saddr, record->saddr, sizeof(event->saddr));
	memcpy(event->daddr, record->daddr, sizeof(event->daddr));
	memcpy(event->comm, record->comm, sizeof(record->comm));
	event->comm[event->comm_len] = '\0';
}
