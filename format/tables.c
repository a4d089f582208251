/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every table's columns, as FORMAT.md lists them. A column's number is its
 * for ever; new ones are added at the end.
 */
#include "table.h"

#include "layout.h"

/* A column: number, kind and member; the has bits that tell of it; the highest value. */
#define COLUMN(row, id, kind, member, has, max) COLUMN_AS(row, id, kind, member, has, max, 0)
#define COLUMN_AS(row, id, kind, member, has, max, variant)                     \
	{                                                                       \
		id, NST_##kind, offsetof(struct row, member), has, max, variant \
	}
#define DESC(number, row, has_has, has_mask, columns)                 \
	{                                                             \
		number, has_has, has_mask, sizeof(struct row),        \
			sizeof(columns) / sizeof(columns[0]), columns \
	}

/* clang-format off */
static const struct nst_column process_columns[] = {
	COLUMN(nst_process, 1, U32, pid, 0, 0),
	COLUMN(nst_process, 2, U64, start_ns, 0, 0),
	COLUMN(nst_process, 3, STRING, comm, 0, NST_COMM_MAX),
};

static const struct nst_column flow_columns[] = {
	COLUMN(nst_flow, 1, U32, has, 0, 0),
	COLUMN(nst_flow, 2, U64, id, NST_HAS_FLOW_ID, 0),
	COLUMN(nst_flow, 3, U32, netns, NST_HAS_NETNS, 0),
	COLUMN(nst_flow, 4, U16, ethertype, 0, 0),
	COLUMN(nst_flow, 5, U8, protocol, NST_HAS_PROTOCOL, 0),
	COLUMN_AS(nst_flow, 6, STRING, local_addr, NST_HAS_ADDR, 16, NST_PLANES),
	COLUMN(nst_flow, 7, U16, local_port, NST_HAS_PORT, 0),
	COLUMN_AS(nst_flow, 8, STRING, remote_addr, NST_HAS_ADDR, 16, NST_PLANES),
	COLUMN(nst_flow, 9, U16, remote_port, NST_HAS_PORT, 0),
};

static const struct nst_column lane_columns[] = {
	COLUMN(nst_lane, 1, U32, has, 0, 0),
	COLUMN_AS(nst_lane, 2, U32, flow, 0, 0, NST_DELTA),
	COLUMN(nst_lane, 3, U32, process, NST_HAS_OWNER, 0),
	COLUMN(nst_lane, 4, U8, owner_source, 0, 0),
	COLUMN(nst_lane, 5, U8, is_send, 0, 1),
	COLUMN(nst_lane, 6, U32, ifindex, NST_HAS_IFINDEX, 0),
	COLUMN(nst_lane, 7, U8, link_header_bytes, NST_HAS_LINK_HEADER, 0),
	COLUMN(nst_lane, 8, U64, cgroup_id, NST_HAS_CGROUP, 0),
	COLUMN(nst_lane, 9, U16, flags, 0, 0),
	COLUMN(nst_lane, 10, U16, vlan_id, NST_HAS_VLAN, 0),
};

static const struct nst_column setting_columns[] = {
	COLUMN(nst_setting, 1, STRING, key, 0, 0),
	COLUMN(nst_setting, 2, STRING, value, 0, 0),
};

static const struct nst_column interface_columns[] = {
	COLUMN(nst_interface, 1, U32, has, 0, 0),
	COLUMN(nst_interface, 2, U64, time_ns, 0, 0),
	COLUMN(nst_interface, 3, U32, netns, 0, 0),
	COLUMN(nst_interface, 4, U32, ifindex, 0, 0),
	COLUMN(nst_interface, 5, U32, type, 0, 0),
	COLUMN(nst_interface, 6, U32, flags, 0, 0),
	COLUMN(nst_interface, 7, U32, mtu_bytes, 0, 0),
	COLUMN(nst_interface, 8, U32, master, NST_INTERFACE_HAS_MASTER, 0),
	COLUMN(nst_interface, 9, U32, link, NST_INTERFACE_HAS_LINK, 0),
	COLUMN(nst_interface, 10, U32, link_netns, NST_INTERFACE_HAS_LINK_NETNS, 0),
	COLUMN(nst_interface, 11, U16, vlan_id, NST_INTERFACE_HAS_VLAN, 0),
	COLUMN(nst_interface, 12, STRING, name, 0, 0),
	COLUMN(nst_interface, 13, STRING, kind, 0, 0),
	COLUMN(nst_interface, 14, STRING, mac, 0, 0),
};

static const struct nst_column netns_columns[] = {
	COLUMN(nst_netns, 1, U32, netns, 0, 0),
	COLUMN(nst_netns, 2, STRING, name, 0, 0),
};

static const struct nst_column cgroup_columns[] = {
	COLUMN(nst_cgroup, 1, U64, id, 0, 0),
	COLUMN(nst_cgroup, 2, STRING, path, 0, 0),
};

static const struct nst_column process_event_columns[] = {
	COLUMN(nst_process_event, 1, U32, has, 0, 0),
	COLUMN(nst_process_event, 2, U64, time_ns, 0, 0),
	COLUMN(nst_process_event, 3, U64, start_ns, 0, 0),
	COLUMN(nst_process_event, 4, U64, parent_start_ns, NST_PROCESS_HAS_PARENT, 0),
	COLUMN(nst_process_event, 5, U64, cgroup_id, NST_PROCESS_HAS_CGROUP, 0),
	COLUMN(nst_process_event, 6, U32, pid, 0, 0),
	COLUMN(nst_process_event, 7, U32, parent_pid, NST_PROCESS_HAS_PARENT, 0),
	COLUMN(nst_process_event, 8, U32, uid, NST_PROCESS_HAS_UID, 0),
	COLUMN(nst_process_event, 9, U32, gid, NST_PROCESS_HAS_UID, 0),
	COLUMN(nst_process_event, 10, U32, netns, NST_PROCESS_HAS_NETNS, 0),
	COLUMN(nst_process_event, 11, U32, mntns, NST_PROCESS_HAS_MNTNS, 0),
	COLUMN(nst_process_event, 12, U32, pidns, NST_PROCESS_HAS_PIDNS, 0),
	COLUMN(nst_process_event, 13, U32, exit_code, NST_PROCESS_HAS_EXIT_CODE, 0),
	COLUMN(nst_process_event, 14, U8, what, 0, 0),
	COLUMN(nst_process_event, 15, STRING, comm, NST_PROCESS_HAS_COMM, NST_COMM_MAX),
	COLUMN(nst_process_event, 16, STRING, exe, NST_PROCESS_HAS_EXE, 0),
	COLUMN(nst_process_event, 17, STRING, args, NST_PROCESS_HAS_ARGS, 0),
	COLUMN(nst_process_event, 18, STRING, build_id, NST_PROCESS_HAS_BUILD_ID, 0),
};

static const struct nst_column owner_columns[] = {
	COLUMN(nst_owner, 1, U32, has, 0, 0),
	COLUMN(nst_owner, 2, U64, flow_id, 0, 0),
	COLUMN(nst_owner, 3, U64, from_ns, 0, 0),
	COLUMN(nst_owner, 4, U64, to_ns, NST_OWNER_HAS_TO, 0),
	COLUMN(nst_owner, 5, U64, start_ns, 0, 0),
	COLUMN(nst_owner, 6, U64, cgroup_id, NST_OWNER_HAS_CGROUP, 0),
	COLUMN(nst_owner, 7, U32, pid, 0, 0),
	COLUMN(nst_owner, 8, U32, tid, NST_OWNER_HAS_TID, 0),
	COLUMN(nst_owner, 9, U8, what, 0, 0),
	COLUMN(nst_owner, 10, U8, owner_source, 0, 0),
	COLUMN(nst_owner, 11, STRING, comm, 0, NST_COMM_MAX),
};

static const struct nst_column total_columns[] = {
	COLUMN(nst_total, 1, U32, has, 0, 0),
	COLUMN(nst_total, 2, U64, from_ns, 0, 0),
	COLUMN(nst_total, 3, U64, to_ns, 0, 0),
	COLUMN(nst_total, 4, U64, flow_id, NST_TOTAL_HAS_FLOW, 0),
	COLUMN(nst_total, 5, U64, start_ns, NST_TOTAL_HAS_OWNER, 0),
	COLUMN(nst_total, 6, U64, events, 0, 0),
	COLUMN(nst_total, 7, U64, packets, 0, 0),
	COLUMN(nst_total, 8, U64, bytes, 0, 0),
	COLUMN(nst_total, 9, U64, payload_bytes, 0, 0),
	COLUMN(nst_total, 10, U64, wire_bytes, 0, 0),
	COLUMN(nst_total, 11, U32, pid, NST_TOTAL_HAS_OWNER, 0),
	COLUMN(nst_total, 12, U32, netns, NST_TOTAL_HAS_NETNS, 0),
	COLUMN(nst_total, 13, U32, ifindex, NST_TOTAL_HAS_IFINDEX, 0),
	COLUMN(nst_total, 14, U16, ethertype, 0, 0),
	COLUMN(nst_total, 15, U8, protocol, NST_TOTAL_HAS_PROTOCOL, 0),
	COLUMN(nst_total, 16, U8, is_send, 0, 1),
	COLUMN(nst_total, 17, U8, owner_source, 0, 0),
	COLUMN(nst_total, 18, U8, link_header_bytes, 0, 0),
	COLUMN(nst_total, 19, U16, flags, 0, 0),
	COLUMN(nst_total, 20, U64, cgroup_id, 0, 0),
	COLUMN(nst_total, 21, STRING, comm, 0, NST_COMM_MAX),
};

static const struct nst_column detail_columns[] = {
	COLUMN(nst_detail_change, 1, U64, time_ns, 0, 0),
	COLUMN(nst_detail_change, 2, U8, detail, 0, 0),
};

static const struct nst_column throughput_columns[] = {
	COLUMN(nst_throughput, 1, U64, bytes, 0, 0),
	COLUMN(nst_throughput, 2, U32, pid, 0, 0),
	COLUMN(nst_throughput, 3, U8, is_send, 0, 1),
	COLUMN(nst_throughput, 4, STRING, name, 0, 0),
};

static const struct nst_column counter_columns[] = {
	COLUMN(nst_counter, 1, U64, value, 0, 0),
	COLUMN(nst_counter, 2, U32, cpu, 0, 0),
	COLUMN(nst_counter, 3, STRING, name, 0, 0),
};

static const struct nst_column loss_columns[] = {
	COLUMN(nst_loss_interval, 1, U64, from_ns, 0, 0),
	COLUMN(nst_loss_interval, 2, U64, to_ns, 0, 0),
	COLUMN(nst_loss_interval, 3, U64, events, 0, 0),
	COLUMN(nst_loss_interval, 4, U64, bytes, 0, 0),
	COLUMN(nst_loss_interval, 5, U32, cpu, 0, 0),
	COLUMN(nst_loss_interval, 6, U8, cause, 0, 0),
};

static const struct nst_column interface_counter_columns[] = {
	COLUMN(nst_interface_counter, 1, U64, time_ns, 0, 0),
	COLUMN(nst_interface_counter, 2, U64, recv_bytes, 0, 0),
	COLUMN(nst_interface_counter, 3, U64, recv_packets, 0, 0),
	COLUMN(nst_interface_counter, 4, U64, recv_dropped, 0, 0),
	COLUMN(nst_interface_counter, 5, U64, send_bytes, 0, 0),
	COLUMN(nst_interface_counter, 6, U64, send_packets, 0, 0),
	COLUMN(nst_interface_counter, 7, U64, send_dropped, 0, 0),
	COLUMN(nst_interface_counter, 8, U32, netns, 0, 0),
	COLUMN(nst_interface_counter, 9, U32, ifindex, 0, 0),
};

static const struct nst_column comment_columns[] = {
	COLUMN(nst_comment, 1, U64, time_ns, 0, 0),
	COLUMN(nst_comment, 2, STRING, text, 0, 0),
};

static const struct nst_table_desc tables[] = {
	DESC(NST_TABLE_PROCESS, nst_process, false, 0, process_columns),
	DESC(NST_TABLE_FLOW, nst_flow, true, NST_FLOW_HAS, flow_columns),
	DESC(NST_TABLE_LANE, nst_lane, true, NST_LANE_HAS, lane_columns),
	DESC(NST_TABLE_SETTING, nst_setting, false, 0, setting_columns),
	DESC(NST_TABLE_INTERFACE, nst_interface, true, 0x0f, interface_columns),
	DESC(NST_TABLE_NETNS, nst_netns, false, 0, netns_columns),
	DESC(NST_TABLE_CGROUP, nst_cgroup, false, 0, cgroup_columns),
	DESC(NST_TABLE_PROCESS_EVENT, nst_process_event, true, 0x07ff, process_event_columns),
	DESC(NST_TABLE_OWNER, nst_owner, true, 0x07, owner_columns),
	DESC(NST_TABLE_TOTAL, nst_total, true, 0x1f, total_columns),
	DESC(NST_TABLE_THROUGHPUT, nst_throughput, false, 0, throughput_columns),
	DESC(NST_TABLE_COUNTER, nst_counter, false, 0, counter_columns),
	DESC(NST_TABLE_LOSS, nst_loss_interval, false, 0, loss_columns),
	DESC(NST_TABLE_INTERFACE_COUNTER, nst_interface_counter, false, 0, interface_counter_columns),
	DESC(NST_TABLE_COMMENT, nst_comment, false, 0, comment_columns),
	DESC(NST_TABLE_TUPLE, nst_flow, true, NST_FLOW_HAS, flow_columns),
	DESC(NST_TABLE_SUM, nst_total, true, 0x1e, total_columns),
	DESC(NST_TABLE_DETAIL, nst_detail_change, false, 0, detail_columns),
};
/* clang-format on */

const struct nst_table_desc *nst_table_find(unsigned int table)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (tables[i].table == table)
			return &tables[i];
	}
	return NULL;
}

const struct nst_column *nst_table_column(const struct nst_table_desc *desc, unsigned int id)
{
	return id && id <= desc->n_columns ? &desc->columns[id - 1] : NULL;
}
