// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/translate.h"

#include "bpf/events.h"
#include "format/trace.h"
#include "record/lanes.h"
#include "record/owner_change.h"
#include "record/processes.h"

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
SAME(RECORD_FLAGS_OF_PACKET, NST_EVENT_FLAGS);
SAME(SOURCE_UNKNOWN, NST_OWNER_UNKNOWN);
SAME(SOURCE_SOCKET, NST_OWNER_SOCKET);
SAME(SOURCE_FLOW, NST_OWNER_FLOW);
SAME(SOURCE_LISTENER, NST_OWNER_LISTENER);
SAME(SOURCE_SHARED, NST_OWNER_SHARED);
SAME(SOURCE_SEEDED, NST_OWNER_SEEDED);
SAME(SOURCE_KERNEL, NST_OWNER_KERNEL);
SAME(SOURCE_FORWARDED, NST_OWNER_FORWARDED);
SAME(SOURCE_CURRENT, NST_OWNER_CURRENT);
SAME(OWNER_OF_FLOW, FLOW_HAS_OWNER);
SAME(SOCKET_OF_FLOW, FLOW_HAS_SOCKET);
SAME(OWNER_OF_SOCKET, SOCKET_HAS_OWNER);
SAME(DETAIL_OF_PACKETS, NST_DETAIL_PACKETS);
SAME(DETAIL_OF_FLOWS, NST_DETAIL_FLOWS);
SAME(PROCESS_SNAPSHOT, NST_PROCESS_SNAPSHOT);
SAME(PROCESS_FORK, NST_PROCESS_FORK);
SAME(PROCESS_EXEC, NST_PROCESS_EXEC);
SAME(PROCESS_RENAME, NST_PROCESS_RENAME);
SAME(PROCESS_EXIT, NST_PROCESS_EXIT);

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

bool translate_short(const void *from, uint32_t length_bytes, struct lane_id *ret_lane,
		     struct nst_lane_event *ret_event)
{
	const struct short_record *record = from;

	if (length_bytes != sizeof(*record))
		return false;
	*ret_lane = (struct lane_id){ record->lane, record->lane_turn };
	*ret_event = (struct nst_lane_event){
		.timestamp = record->timestamp,
		.bytes = record->bytes,
		.tid = record->tid,
		.segments = record->segments,
		.header_bytes = record->header_bytes,
		.tcp_flags = record->tcp_flags,
		.flags = record->flags,
	};
	return true;
}

void translate_owner(const struct owner_record *record, struct owner_change *change)
{
	const struct owner *owner = &record->owner;

	_Static_assert(sizeof(change->comm) == sizeof(owner->comm), "names are of one length");
	*change = (struct owner_change){
		.time_ns = record->timestamp,
		.flow_id = record->flow_id,
		.socket_id = record->socket_id,
		.used_ns = record->used_ns,
		.start_ns = owner->start_ns,
		.cgroup_id = owner->cgroup_id,
		.pid = owner->pid,
		.tid = owner->tid,
		.kind = record->kind,
		.source = record->source,
		.comm_len = (uint8_t)strnlen(owner->comm, sizeof(owner->comm)),
		.is_shared = record->is_shared,
	};
	memcpy(change->comm, owner->comm, sizeof(change->comm));
}

static uint32_t has_of(const struct process_record *record)
{
	uint32_t has = 0;

	if (record->kind == PROCESS_EXIT)
		return NST_PROCESS_HAS_EXIT_CODE;
	if (record->kind == PROCESS_RENAME)
		return NST_PROCESS_HAS_COMM;
	has |= NST_PROCESS_HAS_UID | NST_PROCESS_HAS_COMM;
	if (record->parent_pid)
		has |= NST_PROCESS_HAS_PARENT;
	if (record->cgroup_id)
		has |= NST_PROCESS_HAS_CGROUP;
	if (record->netns)
		has |= NST_PROCESS_HAS_NETNS;
	if (record->mntns)
		has |= NST_PROCESS_HAS_MNTNS;
	if (record->pidns)
		has |= NST_PROCESS_HAS_PIDNS;
	return has;
}

/* From "file\0directory\0", the last name first, to "/directory/file". */
static uint32_t join_path(const char *names, size_t len, char *path, size_t room)
{
	size_t start = room;

	for (size_t at = 0; at < len;) {
		size_t name_len = strnlen(names + at, len - at);

		if (name_len + 1 > start)
			return 0;
		start -= name_len + 1;
		path[start] = '/';
		memcpy(path + start + 1, names + at, name_len);
		at += name_len + 1;
	}
	memmove(path, path + start, room - start);
	return (uint32_t)(room - start);
}

static void translate_text(const struct process_record *record, struct process_news *news)
{
	const char *text = (const char *)(record + 1);
	struct nst_process_event *event = &news->event;

	event->exe = (struct nst_bytes){ news->path, join_path(text, record->path_len, news->path,
							       sizeof(news->path)) };
	if (event->exe.len_bytes)
		event->has |= NST_PROCESS_HAS_EXE;
	if (!record->has_args)
		return;
	event->args = (struct nst_bytes){ text + record->path_len, record->args_len };
	event->has |= NST_PROCESS_HAS_ARGS;
	news->is_args_cut = record->args_len < record->args_bytes;
}

void translate_process(const void *from, struct process_news *news)
{
	const struct process_record *record = from;
	struct nst_process_event *event = &news->event;

	*event = (struct nst_process_event){ .time_ns = record->timestamp,
					     .start_ns = record->start_ns,
					     .parent_start_ns = record->parent_start_ns,
					     .cgroup_id = record->cgroup_id,
					     .has = has_of(record),
					     .pid = record->pid,
					     .parent_pid = record->parent_pid,
					     .uid = record->uid,
					     .gid = record->gid,
					     .netns = record->netns,
					     .mntns = record->mntns,
					     .pidns = record->pidns,
					     .exit_code = record->exit_code,
					     .what = record->kind };
	event->comm.data = record->comm;
	event->comm.len_bytes = (uint32_t)strnlen(record->comm, sizeof(record->comm));
	news->exe_inode = record->exe_inode;
	news->exe_device = record->exe_device;
	news->exe_filesystem = record->exe_filesystem;
	news->is_args_cut = false;
	news->is_cgroup = record->kind == CGROUP_MADE;
	if (news->is_cgroup)
		event->exe = (struct nst_bytes){ record + 1, record->path_len };
	else if (record->kind == PROCESS_EXEC || record->kind == PROCESS_SNAPSHOT)
		translate_text(record, news);
}

static uint32_t has_of_total(const struct total_key *key)
{
	uint32_t has = 0;

	if (key->has & RECORD_HAS_FLOW_ID)
		has |= NST_TOTAL_HAS_FLOW;
	if (key->has & RECORD_HAS_OWNER)
		has |= NST_TOTAL_HAS_OWNER;
	if (key->has & RECORD_HAS_IFINDEX)
		has |= NST_TOTAL_HAS_IFINDEX;
	if (key->has & RECORD_HAS_NETNS)
		has |= NST_TOTAL_HAS_NETNS;
	if (key->has & RECORD_HAS_PROTOCOL)
		has |= NST_TOTAL_HAS_PROTOCOL;
	return has;
}

static void set_sums(struct nst_total *to, const struct sums *from)
{
	to->events = from->events;
	to->packets = from->packets;
	to->bytes = from->bytes;
	to->payload_bytes = from->payload_bytes;
	to->wire_bytes = from->wire_bytes;
}

/* Addresses are there where the protocol is: both are of the IP header. */
static void translate_tuple(const struct total_key *key, const struct flow_key *from,
			    struct nst_flow *tuple)
{
	uint32_t addr_len = from->ethertype == 0x86dd ? sizeof(from->local) : 4;

	*tuple = (struct nst_flow){ .id = key->flow_id,
				    .has = NST_HAS_FLOW_ID,
				    .ethertype = from->ethertype };
	if (key->has & RECORD_HAS_NETNS) {
		tuple->has |= NST_HAS_NETNS;
		tuple->netns = from->netns;
	}
	if (!(key->has & RECORD_HAS_PROTOCOL))
		return;
	tuple->has |= NST_HAS_PROTOCOL | NST_HAS_ADDR;
	tuple->protocol = from->protocol;
	tuple->local_addr = (struct nst_bytes){ from->local, addr_len };
	tuple->remote_addr = (struct nst_bytes){ from->remote, addr_len };
	if (!from->has_port)
		return;
	tuple->has |= NST_HAS_PORT;
	tuple->local_port = from->local_port;
	tuple->remote_port = from->remote_port;
}

void translate_total(const struct total_key *key, const struct total *value, struct nst_total *all,
		     struct nst_total *untold, struct nst_flow *tuple)
{
	*all = (struct nst_total){ .flow_id = key->flow_id,
				   .start_ns = key->start_ns,
				   .has = has_of_total(key),
				   .pid = key->pid,
				   .netns = key->netns,
				   .ifindex = key->ifindex,
				   .ethertype = key->ethertype,
				   .protocol = key->protocol,
				   .is_send = key->is_send,
				   .owner_source = key->owner_source,
				   .link_header_bytes = key->link_header_bytes,
				   .flags = key->flags };
	if (key->has & RECORD_HAS_OWNER) {
		all->cgroup_id = value->cgroup_id;
		all->comm.data = value->comm;
		all->comm.len_bytes = (uint32_t)strnlen(value->comm, sizeof(value->comm));
	}
	*untold = *all;
	set_sums(all, &value->all);
	set_sums(untold, &value->untold);
	translate_tuple(key, &value->tuple, tuple);
}
