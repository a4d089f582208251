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
	char comm[COMM_BYTES];
	__u32 pid;
	__u32 ifindex;
	__u16 has;
	__u16 flags;
	__u16 vlan_id;
	__u8 owner_source;
	__u8 link_header_bytes;
	__u32 bytes;
	__u32 tid;
	__u32 segments;
	__u16 header_bytes;
	__u8 tcp_flags;
	__u8 is_send;
	__u32 lane; /* that it announces, or NO_LANE */
	__u32 lane_turn;
	__u32 netns;
	__u32 uid; /* of the owner */
	__u16 ethertype;
	__u16 sport, dport;
	__u8 protocol;
	__u8 party; /* enum record_party */
	__u8 saddr[16], daddr[16];
};

/* Where the owner of a record comes from; of the kernel side alone. */
enum record_party {
	PARTY_NONE,
	PARTY_RECEIVER, /* of the flow */
	PARTY_SENDER,	/* of the flow */
	PARTY_OTHER,
};

/*
 * A packet of a lane that a full record has announced: what it has not got is as in that
 * record, has included. A lane is known by its index, below LANES_OF_FLOW times the
 * flows that there may be, and by its turn, which counts up (modulo 2^32) whenever something
 * else is announced under that index. The announcement is in a ring before any CPU begins
 * a short record that needs it; one that found no room in its ring announces nothing.
 * Records are told apart by their length.
 */
struct short_record {
	__u64 timestamp; /* first in both */
	__u32 lane, lane_turn;
	__u32 bytes;
	__u32 tid;
	__u32 segments;
	__u16 header_bytes;
	__u8 tcp_flags;
	__u8 flags; /* RECORD_FLAGS_OF_PACKET; the lane has the others */
};
/*
 * A ring of short records, whose one writer is the CPU: programs that make events have
 * bottom halves off. The value of `short_rings`, by CPU; what it holds is in `short_records`.
 */
struct short_ring {
	__u64 produced; /* records, ever: written when they are */
	__u64 consumed; /* as the writer last saw it */
	__u32 first;	/* its first one in short_records */
	__u32 is_there; /* 0: this CPU has none, and writes into net_events */
	__u64 reserved[5];
	__u64 taken; /* records, ever; the recorder's */
	__u64 reserved_too[7];
};
#define NO_LANE 0xffffffffu
#define LANES_OF_FLOW 2 /* one a direction */
#define RECORD_FLAGS_OF_PACKET 0x00ff

/* A process to which bytes are charged: (pid, start). The rest is how it was last seen. */
struct owner {
	__u64 start_ns; /* CLOCK_BOOTTIME */
	__u64 cgroup_id;
	__u32 pid; /* 0: not known */
	__u32 tid; /* the thread that used the socket */
	__u32 uid;
	__u32 reserved;
	char comm[COMM_BYTES];
};

/* Key of `flows`: a tuple as this host sees it. What a packet has not got is 0. */
struct flow_key {
	__u32 netns;
	__u16 local_port, remote_port; /* of an ICMP echo: its id, in both directions */
	__u16 ethertype;
	__u8 protocol;
	__u8 has_port; /* a later fragment is not of the flow with port 0 */
	__u32 reserved;
	__u8 local[16], remote[16];
};

enum flow_flag {
	FLOW_FIN_SENT = 1 << 0,
	FLOW_FIN_RECEIVED = 1 << 1,
	FLOW_ENDED = 1 << 2,	 /* both, a reset, or its socket is closed: idle from here on */
	FLOW_SETTLED = 1 << 3,	 /* its socket is known */
	FLOW_PUSHED = 1 << 4,	 /* and is connected: what is learned of it is written here */
	FLOW_SHARED = 1 << 5,	 /* several sockets take its packets */
	FLOW_PLACED = 1 << 6,	 /* it is known whether it is forwarded */
	FLOW_FORWARDED = 1 << 7, /* its local address is none of this namespace */
	FLOW_KERNEL = 1 << 8,	 /* of a tunnel, or without a socket */
	FLOW_UNOWNED = 1 << 9,	 /* an event of it was received for nobody known */
	FLOW_OURS = 1 << 10,	 /* its local address is some device's of this namespace */
};

/*
 * Who is charged with what a flow receives, or sends, and beside it the lane that was
 * announced last: what most packets need is in one cache line.
 */
struct party {
	__u64 start_ns;
	__u64 cgroup_id;
	char comm[COMM_BYTES];
	__u32 pid; /* 0: not known */
	__u32 uid;
	__u32 check; /* of the owner; does not fit while another CPU writes it */
	__u32 lane_turn;
	__u64 lane_words[2]; /* see bpf/lane.h */
};

/*
 * Value of `slots`: one incarnation of a tuple. The recorder may take any of
 * them; if the tuple comes back, it is another flow with another id.
 */
struct flow {
	struct flow_key key;
	__u32 place; /* 1 + index of the slot; 0: it is free, or about to be */
	__u32 begun; /* changes of its parties or its id */
	__u64 id;

	__u64 first_ns;	    /* its first event, CLOCK_BOOTTIME */
	__u64 seen_ns;	    /* its last one */
	__u64 sent_ns;	    /* when sender last sent in its own system call */
	__u64 socket;	    /* which sent last; a number that is only compared */
	__u64 socket_id;    /* whose flow it is; 0: not known */
	__u32 owner_epoch;  /* at which receiver was looked up */
	__u32 name_epoch;   /* at which sender had its name */
	__u32 local_device; /* twice the ifindex that was asked last, and 1 if it has the address */
	union {
		__u32 syn_sequence; /* of the SYN that it began with; only compared */
		__u32 socket_tag;   /* not TCP: see cookie_of() in bpf/ready.h */
	};
	__u32 done;  /* changes, as begun */
	__u16 flags; /* enum flow_flag */
	__u8 source; /* enum record_source, of receiver */
	__u8 reserved;

	struct party receiver;
	struct party sender; /* who last sent in its own system call */
};

/* Who has a socket; the value of `holders`, by the socket's id. */
struct holder {
	__u64 owner_check;  /* start_ns + pid; does not fit while another CPU writes it */
	struct owner owner; /* without a pid: the socket is closed */
	__u32 sweep;	    /* which last met the socket */
	__u8 source;
	__u8 reserved[3];
};

/* Value of `binds`, by a struct flow_key without what the socket has not got. */
struct bound {
	__u64 socket_id;
	__u64 met_id;		     /* the socket that this sweep met last */
	__u32 sweep;		     /* which last met a socket of this key */
	__u16 sockets, were_sockets; /* met by this sweep, by the last */
	__u8 source;
	__u8 is_connected; /* the key has both ends */
	__u8 reserved[6];
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
	 * after it is what this one consumed; 0: there was none before. Of one of
	 * several: its first packet, or before 6.3 its start; 0: the flow's first.
	 */
	__u64 used_ns;
	struct owner owner;
	__u8 kind;
	__u8 source;	/* enum record_source, what the flow's events would now say */
	__u8 is_shared; /* one of several who get the same packets (multicast, raw sockets) */
	__u8 reserved[5];
};

/*
 * What happened to a process, in a ring of its own, and what an iterator says
 * of those that are there at the start. Behind it stands text: the path of the
 * executable, then its arguments.
 */
enum process_record_kind {
	PROCESS_SNAPSHOT = 0,
	PROCESS_FORK = 1,
	PROCESS_EXEC = 2,
	PROCESS_RENAME = 3,
	PROCESS_EXIT = 4,
	CGROUP_MADE = 16, /* no process: cgroup_id and, as text, its path */
};
struct process_record {
	__u64 timestamp; /* CLOCK_BOOTTIME, ns */
	__u64 start_ns;
	__u64 parent_start_ns;
	__u64 cgroup_id;
	__u64 exe_inode; /* 0: not known, as the next two */
	__u32 exe_device;
	__u32 exe_filesystem; /* its magic */
	__u32 pid, parent_pid;
	__u32 uid, gid;
	__u32 netns, mntns, pidns; /* inode numbers; 0: not known */
	__u32 exit_code;	   /* as wait(2) has it */
	__u32 args_bytes;	   /* all of them, of which args_len are here */
	__u16 path_len;		   /* names, the last one first, each with a NUL behind it */
	__u16 args_len;
	__u8 kind;
	__u8 has_args;
	__u8 reserved[6];
	char comm[COMM_BYTES];
};
/* Of a list of them: each begins at an 8th byte. */
#define PROCESS_RECORD_BYTES(text_bytes) \
	(sizeof(struct process_record) + ((text_bytes) + 7) / 8 * 8)
#define PROCESS_PATH_BYTES 1024
#define PROCESS_ARGS_BYTES 1024
#define PROCESS_TEXT_BYTES (PROCESS_PATH_BYTES + PROCESS_ARGS_BYTES)

/* Key of send_bytes and recv_bytes; the unknown owner is all zero. */
struct throughput_key {
	__u32 pid;
	char name[COMM_BYTES];
};

/*
 * What a CPU has counted of one process since it last counted another: in
 * send_bytes and recv_bytes only once that one comes.
 */
struct throughput_run {
	__u64 bytes;
	__u64 name[COMM_BYTES / 8];
	__u32 pid;
	__u32 reserved;
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
	FILTER_CGROUP,
	FILTER_USER,
	FILTER_KINDS,
};
#define FILTER_INCLUDES(kind) (1u << 2 * (kind))
#define FILTER_EXCLUDES(kind) (2u << 2 * (kind))
#define FILTER_EITHER(kind) (3u << 2 * (kind))

/* Of some packets, as format/FORMAT.md defines them. */
struct sums {
	__u64 events;
	__u64 packets;
	__u64 bytes;
	__u64 payload_bytes;
	__u64 wire_bytes;
};

/* Key of sums, totals and spills: what all packets have in common that are added up. */
struct total_key {
	__u64 flow_id;
	__u64 start_ns;
	__u32 pid;
	__u32 ifindex;
	__u32 netns;
	__u16 ethertype;
	__u16 flags; /* those of RECORD_FLAGS_OF_TOTAL */
	__u8 protocol;
	__u8 is_send;
	__u8 owner_source;
	__u8 link_header_bytes;
	__u16 has; /* those of RECORD_HAS_OF_TOTAL */
	__u16 reserved;
};
#define RECORD_FLAGS_OF_TOTAL 0xff00
#define RECORD_HAS_OF_TOTAL                                                              \
	(RECORD_HAS_FLOW_ID | RECORD_HAS_OWNER | RECORD_HAS_IFINDEX | RECORD_HAS_NETNS | \
	 RECORD_HAS_PROTOCOL)

/*
 * Value of sums_a and sums_b, by keys without a flow, where `all` is counted; of totals_a
 * and totals_b, where `untold` is; and of spills_a and spills_b, by keys without flow and
 * owner, where both are. All but the sums is as the first packet had it.
 */
struct total {
	struct sums all;
	struct sums untold; /* of these, what no record tells */
	struct flow_key tuple;
	__u64 cgroup_id;
	char comm[COMM_BYTES];
};

/* What a CPU has added up of one key since it last met another one, and of what kind. */
enum run_kind {
	RUN_OF_ALL,    /* of all packets, by keys without a flow: goes to sums_a, sums_b */
	RUN_OF_UNTOLD, /* of those that no record tells: goes to totals_a, totals_b */
	RUN_KINDS,
};
struct run {
	__u64 lane; /* of which the last packet was, and its turn; that of the next one has the same key */
	struct total_key key;
	struct total total;
};

/*
 * What a CPU counted of the intervals of one generation; the value of `intervals`, by
 * generation. The counts are never set back; the rest is as of the last interval.
 */
enum interval_count {
	INTERVAL_EVENTS,	   /* passed the filters */
	INTERVAL_RING_FULL_EVENTS, /* of these, not in a ring for want of room */
	INTERVAL_RING_FULL_BYTES,
	INTERVAL_SUMMED_EVENTS, /* of these, not in a ring because only totals are wanted */
	INTERVAL_SUMMED_BYTES,
	INTERVAL_SUMS,	 /* elements that were made in sums_a or sums_b */
	INTERVAL_TOTALS, /* and in totals_a or totals_b */
	INTERVAL_COUNTS,
};
struct interval {
	__u64 count[INTERVAL_COUNTS];
	struct run runs[RUN_KINDS][2]; /* by is_send, and so the next */
	struct total rest[2];	       /* for what there was no room even in spills_a or spills_b */
};

/* What is recorded: the value of `detail`. */
enum detail {
	DETAIL_OF_PACKETS,
	DETAIL_OF_FLOWS, /* totals alone */
};

/* What a CPU has counted since the start, but for what is counted by interval. */
enum counter {
	COUNTER_THROUGHPUT_FULL_BYTES, /* in neither send_bytes nor recv_bytes */
	COUNTER_FLOW_TABLE_FULL,       /* events without a flow, or with a total without one */
	COUNTER_FILTERED,	       /* dropped by a filter, all in all */
	COUNTER_FILTERED_UNKNOWN,      /* of these, for want of an owner */
	COUNTER_NOT_IP,
	COUNTER_BAD_HEADER,
	COUNTER_SNOOP_FULL,	   /* children and cgroups that could not be followed */
	COUNTER_FLOWS,		   /* flow ids given out */
	COUNTER_OWNER_RING_FULL,   /* owner records that are not in their ring */
	COUNTER_PROCESS_RING_FULL, /* process records that are not in theirs */
	COUNTERS,
};
struct counters {
	__u64 value[COUNTERS];
};

/* A packet on its way: no stack has room for it beside what learning needs. */
struct in_hand {
	struct record record;
	struct flow_key key;
};

/* The last packet of one direction that may come again: see bpf/again.h. */
struct again {
	__u64 device; /* a number that is only compared; 0: there is none */
	__u64 addrs[4];
	__u64 flow_id;
	__u64 lane_words[2];
	__u32 slot;
	__u32 changes;
	__u32 answers;
	__u32 local_device;
	__u32 ifindex;
	__u32 netns;
	__u16 sport, dport;
	__u16 ethertype;
	__u16 has;
	__u8 protocol;
	__u8 link_header_bytes;
	__u8 is_told; /* by a record; else by the totals of its generation alone */
	__u8 generation;
	__u8 reserved[4];
};

/* What a CPU has for itself: one value, because looking one up costs more than using it. */
struct own {
	struct counters counters;
	struct throughput_run runs[2];
	__u32 last_slots[2]; /* by is_send: of the packet before */
	__u32 last_turn;     /* that it gave a lane */
	__u32 reserved;
	struct in_hand hand;
	struct again again[2]; /* by is_send */
};

#endif
