/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ABI between the kernel side and the recorder: same machine, same build.
 * It may change with every build; what the trace file holds may not, and
 * record/translate.c is the one place that knows both.
 */
#ifndef NETSNOOP_BPF_EVENTS_H
#define NETSNOOP_BPF_EVENTS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define COMM_BYTES 16	   /* TASK_COMM_LEN */
#define INTERFACE_BYTES 16 /* IFNAMSIZ */

/* Which fields of a record could be read; the others are zero. */
enum record_has {
	RECORD_HAS_PROTOCOL = 1 << 0,
	RECORD_HAS_ADDR = 1 << 1,
	RECORD_HAS_PORT = 1 << 2,
	RECORD_HAS_OWNER = 1 << 3,
	RECORD_HAS_TID = 1 << 4,
	RECORD_HAS_CGROUP = 1 << 5,
	RECORD_HAS_VLAN = 1 << 6,
	RECORD_HAS_HEADER_BYTES = 1 << 7,
	RECORD_HAS_TCP_FLAGS = 1 << 8,
	RECORD_HAS_NETNS = 1 << 9,
	RECORD_HAS_IFINDEX = 1 << 10,
	RECORD_HAS_FLOW_ID = 1 << 11,
	RECORD_HAS_LINK_HEADER = 1 << 12,
	RECORD_HAS_SEGMENTS = 1 << 13,
};

enum record_flag {
	RECORD_FRAGMENT = 1 << 0,
	RECORD_LATER_FRAGMENT = 1 << 1,
	RECORD_BAD_HEADER = 1 << 2,
	RECORD_TUNNELLED = 1 << 8,
	RECORD_LOCAL_ADDR = 1 << 9,
	RECORD_LOOPBACK = 1 << 10,
};

enum record_source {
	SOURCE_UNKNOWN = 0,
	SOURCE_SOCKET = 1,
	SOURCE_FLOW = 2,
	SOURCE_LISTENER = 3,
	SOURCE_SHARED = 4,
	SOURCE_SEEDED = 5,
	SOURCE_KERNEL = 6,
	SOURCE_FORWARDED = 7,
	SOURCE_CURRENT = 8,
};

/* One skb: what a ring holds. Host byte order; addresses in network order. */
struct record {
	__u64 timestamp; /* CLOCK_BOOTTIME, ns */
	__u64 flow_id;
	__u64 start_ns;
	__u64 cgroup_id;
	__u32 pid;
	__u32 tid;
	__u32 bytes;
	__u32 segments;
	__u32 ifindex;
	__u32 netns;
	__u16 has;
	__u16 flags;
	__u16 ethertype;
	__u16 sport, dport;
	__u16 vlan_id;
	__u16 header_bytes;
	__u8 protocol;
	__u8 tcp_flags;
	__u8 is_send;
	__u8 owner_source;
	__u8 link_header_bytes;
	__u8 reserved[5];
	__u8 saddr[16], daddr[16];
	char comm[COMM_BYTES];
};

/* A process to which bytes are charged: (pid, start). The rest is how it was last seen. */
struct owner {
	__u64 start_ns;
	__u64 cgroup_id;
	__u32 pid; /* 0: not known */
	__u32 tid; /* the thread that used the socket */
	__u32 uid;
	__u32 reserved;
	char comm[COMM_BYTES];
};

/*
 * What became known about an owner, in a ring of its own. Flows and sockets
 * have ids, never used again in a recording; 0 is none.
 */
enum owner_record_kind {
	OWNER_OF_FLOW,	 /* the flow belongs to owner from now on */
	SOCKET_OF_FLOW,	 /* the flow's packets go to a socket that nobody has used yet */
	OWNER_OF_SOCKET, /* the socket belongs to owner from now on, and so do its flows */
};
struct owner_record {
	__u64 timestamp; /* CLOCK_BOOTTIME, ns */
	__u64 flow_id;
	__u64 socket_id;
	/*
	 * When the owner before this one last used the socket, so that what came
	 * after it is what this one consumed; 0: there was none before.
	 */
	__u64 used_ns;
	struct owner owner;
	__u8 kind;
	__u8 source;	/* enum record_source, what the flow's events would now say */
	__u8 is_shared; /* one of several who get the same packets (multicast, raw sockets) */
	__u8 reserved[5];
};

/* Key of send_bytes and recv_bytes; the unknown owner is all zero. */
struct throughput_key {
	__u32 pid;
	char name[COMM_BYTES];
};

/* Value of snoop_proc, by pid. */
enum snoop_what {
	SNOOP_INCLUDE = 1 << 0,
	SNOOP_EXCLUDE = 1 << 1,
	SNOOP_FOLLOW = 1 << 2, /* its children get an entry like it */
};
struct snoop_value {
	__u64 start_ns; /* of that very process; 0: whichever has the pid */
	__u32 what;
	__u32 reserved;
};

/* Value of the other filters' maps: which way an entry decides. */
enum filter_verdict {
	VERDICT_INCLUDE = 1 << 0,
	VERDICT_EXCLUDE = 1 << 1,
};

/* Key of the host filters, a longest-prefix trie; the family is part of it. */
struct host_key {
	__u32 prefix_bits; /* HOST_FAMILY_BITS and the address's */
	__u32 family;	   /* 4 or 6 */
	__u8 addr[16];
};
#define HOST_FAMILY_BITS 32

struct protocol_key {
	__u16 number; /* IP protocol or EtherType */
	__u16 is_ip;
};

#define PORTS 65536
struct port_table {
	__u8 verdict[PORTS];
};

/*
 * The filters in use, as bits of the program's constant `filters`: what is not
 * in use costs nothing. An even bit is "some value is included", the odd one
 * above it "some value is excluded".
 */
enum filter_kind {
	FILTER_PID,
	FILTER_COMM,
	FILTER_INTERFACE,
	FILTER_HOST,
	FILTER_PORT,
	FILTER_PROTO,
	FILTER_KINDS,
};
#define FILTER_INCLUDES(kind) (1u << 2 * (kind))
#define FILTER_EXCLUDES(kind) (2u << 2 * (kind))
#define FILTER_EITHER(kind) (3u << 2 * (kind))

/* What a CPU has counted since the start. */
enum counter {
	COUNTER_EVENTS,		  /* passed the filters */
	COUNTER_RING_FULL_EVENTS, /* of these, not in a ring */
	COUNTER_RING_FULL_BYTES,
	COUNTER_THROUGHPUT_FULL_BYTES, /* in neither send_bytes nor recv_bytes */
	COUNTER_FLOW_TABLE_FULL,       /* events without a flow */
	COUNTER_FILTERED,	       /* dropped by a filter, all in all */
	COUNTER_FILTERED_UNKNOWN,      /* of these, for want of an owner */
	COUNTER_NOT_IP,
	COUNTER_BAD_HEADER,
	COUNTER_SNOOP_FULL, /* children that could not be followed */
	COUNTER_FLOWS,	    /* flow ids given out */
	COUNTERS,
};
struct counters {
	__u64 value[COUNTERS];
};

#endif
