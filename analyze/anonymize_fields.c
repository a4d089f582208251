/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/anonymize_fields.h"

/* A field of a table: number and member; the has bits that tell of it; its rule. */
#define FIELD(table, id, row, member, has, rule)                                              \
	{                                                                                     \
		NST_TABLE_##table, id, TYPE_OF(struct row, member), RULE_##rule,              \
			offsetof(struct row, member), sizeof(((struct row *)0)->member), has, \
			#member                                                               \
	}
#define NO_FIELD(table, id, name, rule)                                       \
	{                                                                     \
		NST_TABLE_##table, id, FIELD_NONE, RULE_##rule, 0, 0, 0, name \
	}
#define HEADER(table, id, row, member, rule)                                                \
	{                                                                                   \
		FIELDS_##table, id, FIELD_ARRAY, RULE_##rule, offsetof(struct row, member), \
			sizeof(((struct row *)0)->member), 0, #member                       \
	}
#define TYPE_OF(row, member)                   \
	_Generic(((row *)0)->member, uint8_t   \
		 : FIELD_U8, uint16_t          \
		 : FIELD_U16, uint32_t         \
		 : FIELD_U32, uint64_t         \
		 : FIELD_U64, struct nst_bytes \
		 : FIELD_BYTES)
#define FILE_HEADER(id, member, rule) HEADER(FILE_HEADER, id, nst_header, member, rule)
#define CHUNK_HEADER(id, member, rule) HEADER(CHUNK_HEADER, id, nst_chunk, member, rule)

/* clang-format off */
#define FLOW_FIELDS(table) \
	FIELD(table, 1, nst_flow, has, 0, STRUCTURE), \
	FIELD(table, 2, nst_flow, id, NST_HAS_FLOW_ID, FLOW_ID), \
	FIELD(table, 3, nst_flow, netns, NST_HAS_NETNS, NAMESPACE), \
	FIELD(table, 4, nst_flow, ethertype, 0, KEEP), \
	FIELD(table, 5, nst_flow, protocol, NST_HAS_PROTOCOL, KEEP), \
	FIELD(table, 6, nst_flow, local_addr, NST_HAS_ADDR, ADDRESS), \
	FIELD(table, 7, nst_flow, local_port, NST_HAS_PORT, PORT), \
	FIELD(table, 8, nst_flow, remote_addr, NST_HAS_ADDR, ADDRESS), \
	FIELD(table, 9, nst_flow, remote_port, NST_HAS_PORT, PORT)
#define TOTAL_FIELDS(table) \
	FIELD(table, 1, nst_total, has, 0, STRUCTURE), \
	FIELD(table, 2, nst_total, from_ns, 0, TIME), \
	FIELD(table, 3, nst_total, to_ns, 0, TIME), \
	FIELD(table, 4, nst_total, flow_id, NST_TOTAL_HAS_FLOW, FLOW_ID), \
	FIELD(table, 5, nst_total, start_ns, NST_TOTAL_HAS_OWNER, TIME), \
	FIELD(table, 6, nst_total, events, 0, KEEP), \
	FIELD(table, 7, nst_total, packets, 0, KEEP), \
	FIELD(table, 8, nst_total, bytes, 0, KEEP), \
	FIELD(table, 9, nst_total, payload_bytes, 0, KEEP), \
	FIELD(table, 10, nst_total, wire_bytes, 0, KEEP), \
	FIELD(table, 11, nst_total, pid, NST_TOTAL_HAS_OWNER, PID), \
	FIELD(table, 12, nst_total, netns, NST_TOTAL_HAS_NETNS, NAMESPACE), \
	FIELD(table, 13, nst_total, ifindex, NST_TOTAL_HAS_IFINDEX, IFINDEX), \
	FIELD(table, 14, nst_total, ethertype, 0, KEEP), \
	FIELD(table, 15, nst_total, protocol, NST_TOTAL_HAS_PROTOCOL, KEEP), \
	FIELD(table, 16, nst_total, is_send, 0, KEEP), \
	FIELD(table, 17, nst_total, owner_source, 0, KEEP), \
	FIELD(table, 18, nst_total, link_header_bytes, 0, KEEP), \
	FIELD(table, 19, nst_total, flags, 0, KEEP), \
	FIELD(table, 20, nst_total, cgroup_id, 0, CGROUP_ID), \
	FIELD(table, 21, nst_total, comm, 0, PROGRAM)

const struct field fields[] = {
	FILE_HEADER(1, uuid, UUID),
	FILE_HEADER(2, boot_id, UUID),
	FILE_HEADER(3, start_ns, TIME),
	FILE_HEADER(4, start_realtime_ns, REALTIME),
	FILE_HEADER(5, clock, KEEP),
	FILE_HEADER(6, major, STRUCTURE),
	FILE_HEADER(7, minor, STRUCTURE),
	FILE_HEADER(8, incompat, STRUCTURE),
	FILE_HEADER(9, compat, STRUCTURE),
	FILE_HEADER(10, writer, WRITER),

	FIELD(PROCESS, 1, nst_process, pid, 0, PID),
	FIELD(PROCESS, 2, nst_process, start_ns, 0, TIME),
	FIELD(PROCESS, 3, nst_process, comm, 0, PROGRAM),

	FLOW_FIELDS(FLOW),

	FIELD(LANE, 1, nst_lane, has, 0, STRUCTURE),
	FIELD(LANE, 2, nst_lane, flow, 0, STRUCTURE),
	FIELD(LANE, 3, nst_lane, process, NST_HAS_OWNER, STRUCTURE),
	FIELD(LANE, 4, nst_lane, owner_source, 0, KEEP),
	FIELD(LANE, 5, nst_lane, is_send, 0, KEEP),
	FIELD(LANE, 6, nst_lane, ifindex, NST_HAS_IFINDEX, IFINDEX),
	FIELD(LANE, 7, nst_lane, link_header_bytes, NST_HAS_LINK_HEADER, KEEP),
	FIELD(LANE, 8, nst_lane, cgroup_id, NST_HAS_CGROUP, CGROUP_ID),
	FIELD(LANE, 9, nst_lane, flags, 0, KEEP),
	FIELD(LANE, 10, nst_lane, vlan_id, NST_HAS_VLAN, VLAN),

	FIELD(EVENT, 1, net_event, has, 0, STRUCTURE),
	FIELD(EVENT, 2, net_event, timestamp, 0, TIME),
	NO_FIELD(EVENT, 3, "lane", STRUCTURE),
	FIELD(EVENT, 4, net_event, bytes, 0, KEEP),
	FIELD(EVENT, 5, net_event, header_bytes, NST_HAS_HEADER_BYTES, KEEP),
	FIELD(EVENT, 6, net_event, segments, NST_HAS_SEGMENTS, KEEP),
	FIELD(EVENT, 7, net_event, tcp_flags, NST_HAS_TCP_FLAGS, KEEP),
	FIELD(EVENT, 8, net_event, tid, NST_HAS_TID, PID),
	FIELD(EVENT, 9, net_event, flags, 0, KEEP),

	NO_FIELD(RUN, 1, "events", STRUCTURE),

	FIELD(SETTING, 1, nst_setting, key, 0, SETTING_KEY),
	FIELD(SETTING, 2, nst_setting, value, 0, SETTING),

	FIELD(INTERFACE, 1, nst_interface, has, 0, STRUCTURE),
	FIELD(INTERFACE, 2, nst_interface, time_ns, 0, TIME),
	FIELD(INTERFACE, 3, nst_interface, netns, 0, NAMESPACE),
	FIELD(INTERFACE, 4, nst_interface, ifindex, 0, IFINDEX),
	FIELD(INTERFACE, 5, nst_interface, type, 0, KEEP),
	FIELD(INTERFACE, 6, nst_interface, flags, 0, KEEP),
	FIELD(INTERFACE, 7, nst_interface, mtu_bytes, 0, KEEP),
	FIELD(INTERFACE, 8, nst_interface, master, NST_INTERFACE_HAS_MASTER, IFINDEX),
	FIELD(INTERFACE, 9, nst_interface, link, NST_INTERFACE_HAS_LINK, IFINDEX),
	FIELD(INTERFACE, 10, nst_interface, link_netns, NST_INTERFACE_HAS_LINK_NETNS, NAMESPACE),
	FIELD(INTERFACE, 11, nst_interface, vlan_id, NST_INTERFACE_HAS_VLAN, VLAN),
	FIELD(INTERFACE, 12, nst_interface, name, 0, INTERFACE),
	FIELD(INTERFACE, 13, nst_interface, kind, 0, DEVICE_KIND),
	FIELD(INTERFACE, 14, nst_interface, mac, 0, MAC),

	FIELD(NETNS, 1, nst_netns, netns, 0, NAMESPACE),
	FIELD(NETNS, 2, nst_netns, name, 0, NETNS),

	FIELD(CGROUP, 1, nst_cgroup, id, 0, CGROUP_ID),
	FIELD(CGROUP, 2, nst_cgroup, path, 0, CGROUP),

	FIELD(PROCESS_EVENT, 1, nst_process_event, has, 0, STRUCTURE),
	FIELD(PROCESS_EVENT, 2, nst_process_event, time_ns, 0, TIME),
	FIELD(PROCESS_EVENT, 3, nst_process_event, start_ns, 0, TIME),
	FIELD(PROCESS_EVENT, 4, nst_process_event, parent_start_ns, NST_PROCESS_HAS_PARENT, TIME),
	FIELD(PROCESS_EVENT, 5, nst_process_event, cgroup_id, NST_PROCESS_HAS_CGROUP, CGROUP_ID),
	FIELD(PROCESS_EVENT, 6, nst_process_event, pid, 0, PID),
	FIELD(PROCESS_EVENT, 7, nst_process_event, parent_pid, NST_PROCESS_HAS_PARENT, PID),
	FIELD(PROCESS_EVENT, 8, nst_process_event, uid, NST_PROCESS_HAS_UID, UID),
	FIELD(PROCESS_EVENT, 9, nst_process_event, gid, NST_PROCESS_HAS_UID, UID),
	FIELD(PROCESS_EVENT, 10, nst_process_event, netns, NST_PROCESS_HAS_NETNS, NAMESPACE),
	FIELD(PROCESS_EVENT, 11, nst_process_event, mntns, NST_PROCESS_HAS_MNTNS, NAMESPACE),
	FIELD(PROCESS_EVENT, 12, nst_process_event, pidns, NST_PROCESS_HAS_PIDNS, NAMESPACE),
	FIELD(PROCESS_EVENT, 13, nst_process_event, exit_code, NST_PROCESS_HAS_EXIT_CODE, KEEP),
	FIELD(PROCESS_EVENT, 14, nst_process_event, what, 0, KEEP),
	FIELD(PROCESS_EVENT, 15, nst_process_event, comm, NST_PROCESS_HAS_COMM, PROGRAM),
	FIELD(PROCESS_EVENT, 16, nst_process_event, exe, NST_PROCESS_HAS_EXE, EXE),
	FIELD(PROCESS_EVENT, 17, nst_process_event, args, NST_PROCESS_HAS_ARGS, ARGUMENTS),
	FIELD(PROCESS_EVENT, 18, nst_process_event, build_id, NST_PROCESS_HAS_BUILD_ID, BUILD_ID),

	FIELD(OWNER, 1, nst_owner, has, 0, STRUCTURE),
	FIELD(OWNER, 2, nst_owner, flow_id, 0, FLOW_ID),
	FIELD(OWNER, 3, nst_owner, from_ns, 0, TIME),
	FIELD(OWNER, 4, nst_owner, to_ns, NST_OWNER_HAS_TO, TIME),
	FIELD(OWNER, 5, nst_owner, start_ns, 0, TIME),
	FIELD(OWNER, 6, nst_owner, cgroup_id, NST_OWNER_HAS_CGROUP, CGROUP_ID),
	FIELD(OWNER, 7, nst_owner, pid, 0, PID),
	FIELD(OWNER, 8, nst_owner, tid, NST_OWNER_HAS_TID, PID),
	FIELD(OWNER, 9, nst_owner, what, 0, KEEP),
	FIELD(OWNER, 10, nst_owner, owner_source, 0, KEEP),
	FIELD(OWNER, 11, nst_owner, comm, 0, PROGRAM),

	TOTAL_FIELDS(TOTAL),

	FIELD(THROUGHPUT, 1, nst_throughput, bytes, 0, KEEP),
	FIELD(THROUGHPUT, 2, nst_throughput, pid, 0, PID),
	FIELD(THROUGHPUT, 3, nst_throughput, is_send, 0, KEEP),
	FIELD(THROUGHPUT, 4, nst_throughput, name, 0, PROGRAM),

	FIELD(COUNTER, 1, nst_counter, value, 0, KEEP),
	FIELD(COUNTER, 2, nst_counter, cpu, 0, KEEP),
	FIELD(COUNTER, 3, nst_counter, name, 0, COUNTER),

	FIELD(LOSS, 1, nst_loss_interval, from_ns, 0, TIME),
	FIELD(LOSS, 2, nst_loss_interval, to_ns, 0, TIME),
	FIELD(LOSS, 3, nst_loss_interval, events, 0, KEEP),
	FIELD(LOSS, 4, nst_loss_interval, bytes, 0, KEEP),
	FIELD(LOSS, 5, nst_loss_interval, cpu, 0, KEEP),
	FIELD(LOSS, 6, nst_loss_interval, cause, 0, KEEP),

	FIELD(INTERFACE_COUNTER, 1, nst_interface_counter, time_ns, 0, TIME),
	FIELD(INTERFACE_COUNTER, 2, nst_interface_counter, recv_bytes, 0, KEEP),
	FIELD(INTERFACE_COUNTER, 3, nst_interface_counter, recv_packets, 0, KEEP),
	FIELD(INTERFACE_COUNTER, 4, nst_interface_counter, recv_dropped, 0, KEEP),
	FIELD(INTERFACE_COUNTER, 5, nst_interface_counter, send_bytes, 0, KEEP),
	FIELD(INTERFACE_COUNTER, 6, nst_interface_counter, send_packets, 0, KEEP),
	FIELD(INTERFACE_COUNTER, 7, nst_interface_counter, send_dropped, 0, KEEP),
	FIELD(INTERFACE_COUNTER, 8, nst_interface_counter, netns, 0, NAMESPACE),
	FIELD(INTERFACE_COUNTER, 9, nst_interface_counter, ifindex, 0, IFINDEX),

	FIELD(COMMENT, 1, nst_comment, time_ns, 0, DROP),
	FIELD(COMMENT, 2, nst_comment, text, 0, DROP),

	FLOW_FIELDS(TUPLE),
	TOTAL_FIELDS(SUM),

	FIELD(DETAIL, 1, nst_detail_change, time_ns, 0, TIME),
	FIELD(DETAIL, 2, nst_detail_change, detail, 0, KEEP),

	CHUNK_HEADER(1, offset, STRUCTURE),
	CHUNK_HEADER(2, sequence, STRUCTURE),
	CHUNK_HEADER(3, first_ordinal, STRUCTURE),
	CHUNK_HEADER(4, first_ns, TIME),
	CHUNK_HEADER(5, last_ns, TIME),
	CHUNK_HEADER(6, sample_clock_ns, TIME),
	CHUNK_HEADER(7, sample_realtime_ns, REALTIME),
	CHUNK_HEADER(8, lost, KEEP),
	CHUNK_HEADER(9, trace, STRUCTURE),
	CHUNK_HEADER(10, n_events, STRUCTURE),
	CHUNK_HEADER(11, dictionaries_bytes, STRUCTURE),
	CHUNK_HEADER(12, columns_bytes, STRUCTURE),
	CHUNK_HEADER(13, dictionaries_raw_bytes, STRUCTURE),
	CHUNK_HEADER(14, columns_raw_bytes, STRUCTURE),
	CHUNK_HEADER(15, incompat, STRUCTURE),
	CHUNK_HEADER(16, type, STRUCTURE),
};
/* clang-format on */
const size_t n_fields = sizeof(fields) / sizeof(fields[0]);
_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "FIELDS_MAX is too small");

const struct field *fields_of(unsigned int table, size_t *ret_n)
{
	size_t first = 0, n = 0;

	while (first < n_fields && fields[first].table != table)
		first++;
	while (first + n < n_fields && fields[first + n].table == table)
		n++;
	*ret_n = n;
	return &fields[first];
}

const char *field_table_name(unsigned int table)
{
	static const char *const names[] = {
		[FIELDS_FILE_HEADER] = "file header",
		[NST_TABLE_PROCESS] = "PROCESS",
		[NST_TABLE_FLOW] = "FLOW",
		[NST_TABLE_LANE] = "LANE",
		[NST_TABLE_EVENT] = "EVENT",
		[NST_TABLE_RUN] = "RUN",
		[NST_TABLE_SETTING] = "SETTING",
		[NST_TABLE_INTERFACE] = "INTERFACE",
		[NST_TABLE_NETNS] = "NETNS",
		[NST_TABLE_CGROUP] = "CGROUP",
		[NST_TABLE_PROCESS_EVENT] = "PROCESS_EVENT",
		[NST_TABLE_OWNER] = "OWNER",
		[NST_TABLE_TOTAL] = "TOTAL",
		[NST_TABLE_THROUGHPUT] = "THROUGHPUT",
		[NST_TABLE_COUNTER] = "COUNTER",
		[NST_TABLE_LOSS] = "LOSS",
		[NST_TABLE_INTERFACE_COUNTER] = "INTERFACE_COUNTER",
		[NST_TABLE_COMMENT] = "COMMENT",
		[NST_TABLE_TUPLE] = "TUPLE",
		[NST_TABLE_SUM] = "SUM",
		[NST_TABLE_DETAIL] = "DETAIL",
		[FIELDS_CHUNK_HEADER] = "chunk header",
	};

	return names[table];
}

size_t table_row_bytes(enum nst_table table)
{
	static const size_t bytes[NST_TABLE_LAST + 1] = {
		[NST_TABLE_SETTING] = sizeof(struct nst_setting),
		[NST_TABLE_INTERFACE] = sizeof(struct nst_interface),
		[NST_TABLE_NETNS] = sizeof(struct nst_netns),
		[NST_TABLE_CGROUP] = sizeof(struct nst_cgroup),
		[NST_TABLE_PROCESS_EVENT] = sizeof(struct nst_process_event),
		[NST_TABLE_OWNER] = sizeof(struct nst_owner),
		[NST_TABLE_TOTAL] = sizeof(struct nst_total),
		[NST_TABLE_THROUGHPUT] = sizeof(struct nst_throughput),
		[NST_TABLE_COUNTER] = sizeof(struct nst_counter),
		[NST_TABLE_LOSS] = sizeof(struct nst_loss_interval),
		[NST_TABLE_INTERFACE_COUNTER] = sizeof(struct nst_interface_counter),
		[NST_TABLE_COMMENT] = sizeof(struct nst_comment),
		[NST_TABLE_TUPLE] = sizeof(struct nst_flow),
		[NST_TABLE_SUM] = sizeof(struct nst_total),
		[NST_TABLE_DETAIL] = sizeof(struct nst_detail_change),
	};

	return table <= NST_TABLE_LAST ? bytes[table] : 0;
}
