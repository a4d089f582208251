/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A made-up host and its traffic, the same for the same seed: what bench-mixed
 * writes as a trace, and beside it as CSV and pcap.
 *
 * mixed.c          options, and the packets of all conversations in order of time
 * mixed_host.c     the machine: its processes, and who talks to whom how often
 * mixed_talk.c     a conversation, packet by packet
 * mixed_trace.c    events, processes, owners and sums through the trace library
 * mixed_copies.c   the same events as CSV and pcap
 * mixed_random.h   numbers
 */
#ifndef NETSNOOP_TESTS_BENCH_MIXED_H
#define NETSNOOP_TESTS_BENCH_MIXED_H

#include "format/trace.h"
#include "tests/bench/mixed_random.h"

#include <stdio.h>

#define SECOND_NS UINT64_C(1000000000)
#define START_NS (UINT64_C(86400) * SECOND_NS)			   /* the host is up for a day */
#define REALTIME_NS (UINT64_C(1767323045) * SECOND_NS + 123456789) /* of the start */
#define NETNS 4026531840u
#define N_DEVICES 3
#define SLOTS_MAX 1200 /* conversations at a time */

enum device {
	LOOPBACK,
	FRONT,
	BACK
}; /* lo, eth0, eth1: ifindex less 1 */

enum kind {
	TALK_BULK, /* files, backups, replication */
	TALK_WEB,
	TALK_RPC, /* databases and caches */
	TALK_LOG, /* lines and metrics to a collector */
	TALK_TERMINAL,
	TALK_STREAM, /* QUIC, video over RTP */
	TALK_CALL,   /* voice over RTP */
	TALK_LOOKUP, /* DNS, NTP */
	TALK_PING,
	TALK_ARP,
};

struct role { /* of some processes that are alike */
	const char *comm, *exe, *unit;
	enum kind kind;
	enum device device;
	int8_t peer;	   /* on lo: the server's role; -1: somebody else's machine */
	bool is_server;	   /* takes conversations */
	bool is_short;	   /* a process, and a conversation, an exchange */
	bool is_download;  /* bulk from the server to the client */
	uint8_t processes; /* how many there are */
	uint8_t threads;   /* of each */
	uint8_t weight;	   /* how often a conversation is of this role */
	uint16_t port;	   /* of the server */
	uint32_t uid;
};

struct process {
	const struct role *role;
	uint64_t start_ns, cgroup_id;
	uint32_t pid;
};

/* What the kernel counts beside the events. */
struct tally {
	uint64_t events, packets, bytes, payload_bytes, wire_bytes;
};

struct end {			       /* a local end of a conversation, which is a flow */
	const struct process *process; /* NULL: the kernel's */
	bool is_accepted;	       /* was its listener's at first */
	struct net_event event[2];     /* by is_send: all but what a packet brings */
	struct tally tallies[2][NST_OWNER_SOURCES];
	char csv_head[2][96], csv_middle[2][160], csv_tail[2][128];
	uint32_t sequence[2]; /* what TCP and ping count, by is_send */
};

struct packet {
	uint32_t payload_bytes, segments;
	uint8_t tcp_flags, side; /* side: who sends it; 0 is the client */
	uint8_t header_bytes;
	bool is_in_call; /* by its process, and not from a softirq */
	bool is_before_accept;
};

enum stage {
	SYN,
	SYN_ACK,
	ESTABLISHED,
	PAUSE,
	DATA,
	ACK,
	FIN,
	FIN_ACK,
	LAST_ACK,
	OVER
};

struct conversation {
	const struct role *role;
	struct end end[2]; /* [0] alone, but on lo the client's and the server's */
	enum device device;
	enum stage stage;
	uint8_t local_side, side, unacked;
	bool is_v6, is_first_of_burst, is_fresh;
	uint32_t left_bytes[2]; /* of this exchange, by side */
	uint32_t mss_bytes, offload_segments, header_bytes;
	uint64_t now_ns, due_ns, end_ns;
	double round_trip_ns, events_a_second;
	uint32_t events_of_exchange;
	bool has_echo; /* on lo: sent, and to be received */
	struct packet packet;
};

struct trace_out;
struct copies;

struct host {
	struct random random;
	struct process processes[256];
	size_t n_processes;
	struct process short_processes[SLOTS_MAX]; /* by slot */
	struct conversation *slots;		   /* SLOTS_MAX of them */
	size_t n_slots;
	uint32_t next_pid;
	uint64_t next_flow, n_flows, n_conversations;
	double lifetime_ns;
	uint8_t clients[2048][16], servers[64][16]; /* elsewhere; 4 bytes of them are IPv4's */
	struct tally devices[N_DEVICES][2];
	struct trace_out *trace;
	struct copies *copies;
};

/* mixed_host.c */
void host_init(struct host *host, uint64_t n_events, uint64_t n_flows, double events_a_second);
void host_begin_conversation(struct host *host, size_t slot, uint64_t at_ns);
const char *kind_protocol(enum kind kind);

/* mixed_talk.c: the next packet and its time. A conversation that is over has none. */
bool talk_next(struct conversation *talk, struct random *random, uint64_t *ret_at_ns);

/* mixed_trace.c; all of them end the program if something fails */
struct trace_out *trace_begin(const char *path, const struct host *host);
void trace_event(struct trace_out *trace, struct host *host, const struct net_event *event);
void trace_process(struct trace_out *trace, const struct process *process, uint64_t at_ns,
		   enum nst_process_what what);
void trace_accepted(struct trace_out *trace, const struct end *end, uint64_t at_ns);
void trace_flow_over(struct trace_out *trace, const struct end *end);
void trace_end(struct trace_out *trace, struct host *host, uint64_t end_ns);

/* mixed_copies.c */
struct copies *copies_open(const char *csv, const char *pcap);
void copies_prepare(const struct copies *copies, struct end *end);
void copies_event(struct copies *copies, struct end *end, const struct net_event *event,
		  uint32_t payload_bytes);
void copies_close(struct copies *copies);

_Noreturn void die(const char *what, int err);

#endif
