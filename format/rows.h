/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of a trace's tables: a part of trace.h, which is what to include. */
#ifndef NETSNOOP_ROWS_H
#define NETSNOOP_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* Bytes with a length: no terminator, any value. Never owned by the struct. */
struct nst_bytes {
	const void *data;
	uint32_t len_bytes;
};

/*
 * Rows of a trace's tables, as the library takes and gives them. An events
 * chunk carries the first three beside its columns, complete in itself; the
 * others fill chunks of their own. A row's has (NST_HAS_* or, where a table
 * has its own, NST_xxx_HAS_*) says which of its fields are not null.
 */

struct nst_process { /* an owner: (pid, start); comm is a label */
	uint64_t start_ns;
	uint32_t pid;
	struct nst_bytes comm;
};

struct nst_flow { /* local is the source of a send, the destination of a receive */
	uint64_t id;
	uint32_t has; /* PROTOCOL, ADDR, PORT, NETNS, FLOW_ID */
	uint32_t netns;
	uint16_t ethertype;
	uint16_t local_port, remote_port;
	uint8_t protocol;
	struct nst_bytes local_addr, remote_addr; /* 4 or 16 bytes, 0: null */
};

/* What all events of one lane have in common. */
struct nst_lane {
	uint64_t cgroup_id;
	uint32_t has;	  /* OWNER, CGROUP, VLAN, IFINDEX, LINK_HEADER */
	uint32_t flow;	  /* row of the chunk's flows */
	uint32_t process; /* row of the chunk's processes, with HAS_OWNER */
	uint32_t ifindex;
	uint16_t vlan_id;
	uint16_t flags; /* NST_LANE_FLAGS of them */
	uint8_t is_send;
	uint8_t owner_source;
	uint8_t link_header_bytes;
};

/*
 * The events of one chunk, by columns of n_events values each, in the order of time; those that
 * were decoded for sums maybe only within each of several runs.
 */
struct nst_events {
	size_t n_events, n_runs;
	uint64_t first_ns, last_ns; /* of the first and the last one in time */
	const uint32_t *run_ends;   /* the last one is n_events */
	const uint64_t *timestamp;
	const uint32_t *lane; /* row of lanes */
	const uint32_t *bytes;
	const uint32_t *segments;
	const uint16_t *has; /* TID, HEADER_BYTES, TCP_FLAGS, SEGMENTS */
	const uint16_t *header_bytes;
	/* NULL where events were decoded for sums */
	const uint32_t *tid;
	const uint8_t *flags; /* NST_EVENT_FLAGS of them */
	const uint8_t *tcp_flags;
};

/* The dictionaries of one events chunk. */
struct nst_dictionaries {
	size_t n_processes, n_flows, n_lanes;
	const struct nst_process *processes;
	const struct nst_flow *flows;
	const struct nst_lane *lanes;
};

struct nst_setting { /* environment: a name and a value */
	struct nst_bytes key, value;
};

enum nst_interface_has {
	NST_INTERFACE_HAS_MASTER = 1 << 0,
	NST_INTERFACE_HAS_LINK = 1 << 1,
	NST_INTERFACE_HAS_LINK_NETNS = 1 << 2,
	NST_INTERFACE_HAS_VLAN = 1 << 3,
};
struct nst_interface {
	uint64_t time_ns; /* since when this was so; 0: since the start */
	uint32_t has;
	uint32_t netns;
	uint32_t ifindex;
	uint32_t type;	/* ARPHRD_* */
	uint32_t flags; /* IFF_* */
	uint32_t mtu_bytes;
	uint32_t master;     /* ifindex of the bridge, bond or VRF above */
	uint32_t link;	     /* ifindex of the device below, or the peer */
	uint32_t link_netns; /* inode number of the namespace of link */
	uint16_t vlan_id;
	struct nst_bytes name, kind, mac;
};

struct nst_netns {
	uint32_t netns;	       /* inode number */
	struct nst_bytes name; /* as ip-netns(8) names it, or empty */
};

struct nst_cgroup {
	uint64_t id;
	struct nst_bytes path;
};

enum nst_process_what {
	NST_PROCESS_SNAPSHOT = 0, /* found when the recording began */
	NST_PROCESS_FORK = 1,
	NST_PROCESS_EXEC = 2,
	NST_PROCESS_RENAME = 3,
	NST_PROCESS_EXIT = 4,
};
enum nst_process_has {
	NST_PROCESS_HAS_PARENT = 1 << 0,
	NST_PROCESS_HAS_UID = 1 << 1,
	NST_PROCESS_HAS_CGROUP = 1 << 2,
	NST_PROCESS_HAS_NETNS = 1 << 3,
	NST_PROCESS_HAS_EXIT_CODE = 1 << 4,
	NST_PROCESS_HAS_COMM = 1 << 5,
	NST_PROCESS_HAS_EXE = 1 << 6,
	NST_PROCESS_HAS_ARGS = 1 << 7,
	NST_PROCESS_HAS_BUILD_ID = 1 << 8,
	NST_PROCESS_HAS_MNTNS = 1 << 9,
	NST_PROCESS_HAS_PIDNS = 1 << 10,
};
struct nst_process_event {
	uint64_t time_ns;
	uint64_t start_ns, parent_start_ns;
	uint64_t cgroup_id;
	uint32_t has;
	uint32_t pid, parent_pid;
	uint32_t uid, gid;
	uint32_t netns, mntns, pidns;
	uint32_t exit_code; /* as wait(2) has it */
	uint8_t what;	    /* enum nst_process_what */
	struct nst_bytes comm, exe;
	struct nst_bytes args; /* each argument ends with a NUL */
	struct nst_bytes build_id;
};

enum nst_owner_what {
	NST_OWNER_HELD = 0,	/* held the socket when the packet arrived */
	NST_OWNER_CONSUMED = 1, /* used it in the end */
};
enum nst_owner_has {
	NST_OWNER_HAS_TO = 1 << 0,
	NST_OWNER_HAS_TID = 1 << 1,
	NST_OWNER_HAS_CGROUP = 1 << 2,
};
struct nst_owner { /* a flow belongs to a process from one time to another */
	uint64_t flow_id;
	uint64_t from_ns, to_ns;
	uint64_t start_ns;
	uint64_t cgroup_id;
	uint32_t has;
	uint32_t pid, tid;
	uint8_t what; /* enum nst_owner_what */
	uint8_t owner_source;
	struct nst_bytes comm;
};

enum nst_total_has {
	NST_TOTAL_HAS_FLOW = 1 << 0, /* else a spill counter */
	NST_TOTAL_HAS_OWNER = 1 << 1,
	NST_TOTAL_HAS_IFINDEX = 1 << 2,
	NST_TOTAL_HAS_NETNS = 1 << 3,
	NST_TOTAL_HAS_PROTOCOL = 1 << 4,
};
/*
 * TOTAL: what the kernel counted and no event of the trace tells, because it was lost or
 * because no events were asked for. SUM: all that it counted since the trace began.
 */
struct nst_total {
	uint64_t from_ns, to_ns; /* half open */
	uint64_t flow_id;
	uint64_t start_ns;
	uint64_t events, packets, bytes, payload_bytes, wire_bytes;
	uint32_t has;
	uint32_t pid;
	uint32_t netns, ifindex;
	uint16_t ethertype;
	uint8_t protocol;
	uint8_t is_send;
	uint8_t owner_source;
	uint8_t link_header_bytes;
	uint16_t flags;	       /* NST_LANE_FLAGS of them */
	uint64_t cgroup_id;    /* 0: not known */
	struct nst_bytes comm; /* the owner's name, with HAS_OWNER */
};

enum nst_detail {
	NST_DETAIL_PACKETS = 0, /* an event for each packet */
	NST_DETAIL_FLOWS = 1,	/* totals alone */
};
struct nst_detail_change { /* what is recorded from this time on */
	uint64_t time_ns;
	uint8_t detail; /* enum nst_detail */
};

struct nst_throughput { /* the maps send_bytes and recv_bytes, as recorded */
	uint64_t bytes;
	uint32_t pid;
	uint8_t is_send;
	struct nst_bytes name;
};

struct nst_counter { /* any other cumulative count of the recorder */
	uint64_t value;
	uint32_t cpu; /* NST_ALL_CPUS: not by CPU */
	struct nst_bytes name;
};
#define NST_ALL_CPUS UINT32_MAX

struct nst_loss_interval {
	uint64_t from_ns, to_ns;
	uint64_t events;
	uint64_t bytes;
	uint32_t cpu;
	uint8_t cause; /* enum nst_loss */
};

struct nst_interface_counter {
	uint64_t time_ns;
	uint64_t recv_bytes, recv_packets, recv_dropped;
	uint64_t send_bytes, send_packets, send_dropped;
	uint32_t netns, ifindex;
};

struct nst_comment {
	uint64_t time_ns;
	struct nst_bytes text;
};

#endif
