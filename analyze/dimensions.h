/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The things that events belong to, numbered over all chunks and traces:
 * boots, traces, processes, protocols, flows, conversations and lanes. Every
 * chunk has dictionaries of its own; here its lanes become the numbers of the
 * whole. A number is also the row's id in the database (see *_ID).
 */
#ifndef NETSNOOP_ANALYZE_DIMENSIONS_H
#define NETSNOOP_ANALYZE_DIMENSIONS_H

#include "analyze/intern.h"
#include "analyze/timeline.h"
#include "common/protocol.h"
#include "format/trace.h"

/* Processes that stand for none; the number is the row's id as well. */
enum {
	NOBODY,	   /* the owner is not known */
	KERNEL,	   /* the kernel's own: replies, resets, kernel sockets */
	FORWARDED, /* routed or bridged through */
	OWNERS_RESERVED,
};

/* Keys are compared as bytes: every one is zeroed before it is filled. */
struct boot_key {
	uint8_t uuid[16]; /* of the boot, or of the trace */
	uint8_t is_trace; /* the boot is not known: each trace its own */
};

struct process_key {
	uint64_t start_ns;
	uint32_t boot;
	uint32_t pid;
};

struct flow_key {
	uint64_t id;
	uint32_t has;
	uint32_t trace;
	uint32_t netns;
	uint16_t ethertype, local_port, remote_port;
	uint8_t protocol;
	uint8_t local_len, remote_len;
	uint8_t local_addr[16], remote_addr[16];
};

struct conversation_key {
	uint32_t boot, protocol, process;
	uint32_t has; /* PORT, NETNS */
	uint32_t netns;
	uint16_t local_port, remote_port;
	uint8_t local_len, remote_len;
	uint8_t local_addr[16], remote_addr[16];
};

struct lane_key {
	uint64_t cgroup_id;
	uint32_t trace, flow, process, conversation, protocol;
	uint32_t name;	    /* the owner's name, with HAS_OWNER */
	uint32_t has;	    /* OWNER, CGROUP, VLAN, IFINDEX, LINK_HEADER */
	uint32_t consumers; /* who gets the same packets beside process: of dims_consumers() */
	uint32_t ifindex;
	uint16_t vlan_id;
	uint16_t flags; /* NST_LANE_FLAGS of them */
	uint8_t is_send, owner_source, link_header_bytes;
	uint8_t counts_elsewhere; /* the same packets are seen on another device and count there */
};

/* What is known of a chunk's lane beside what the chunk says; all zero: nothing. */
struct lane_change {
	const struct nst_owner *owner; /* charge it to this one instead; NULL: as recorded */
	const struct nst_owner *const *consumers; /* others who get the same packets */
	size_t n_consumers;
	bool keeps_cgroup; /* of the recording: the owner is the same, and its row says nothing */
	bool counts_elsewhere;
};

struct process_name {	  /* the last one known */
	uint64_t seen_ns; /* on the trace's clock */
	int64_t start_realtime_ns;
	uint32_t name;
	bool has_name;
};

/* One row of a report that a lane counts in (see grouping.h). */
struct member {
	uint32_t grouping; /* enum grouping */
	uint32_t id;	   /* number of the process, protocol, conversation or group key */
};

struct lane_members { /* a stretch of dims.members */
	size_t first, n;
	bool is_known;
};

struct dims_trace {
	uint8_t uuid[16];
	uint32_t boot;
	uint64_t end_ordinal;  /* behind the last event that was read */
	uint64_t end_sequence; /* behind the last chunk */
	struct timeline timeline;
};

struct dimensions {
	struct intern boots, names, processes, protocols, flows, conversations, lanes;
	struct intern consumers; /* sets of processes: keys are arrays of their numbers, sorted */
	struct intern labels, texts, group_keys; /* see label.h and grouping.h */
	uint32_t *label_texts;			 /* by label */
	size_t n_label_texts;
	struct process_info *process_infos; /* see process.h */
	size_t n_process_infos;		    /* allocated, as all that follow */
	struct lane_members *lane_members;
	size_t n_lane_members;
	struct member *members;
	size_t n_members, n_members_allocated;
	struct process_name *process_names;
	size_t n_process_names; /* allocated */
	struct dims_trace *traces;
	size_t n_traces, n_traces_allocated;
	/* ids already taken in the database that this is added to */
	int64_t first_trace_id, first_flow_id, first_lane_id;
	const struct tally *tally; /* what the reading of the traces is allowed; NULL: anything */
};

#define BOOT_ID(index) ((int64_t)(index) + 1)
#define PROTOCOL_ID(index) ((int64_t)(index) + 1)
#define CONVERSATION_ID(index) ((int64_t)(index) + 1)
#define PROCESS_ID(index) ((int64_t)(index)) /* NOBODY is row 0 */
#define GROUP_KEY_ID(index) ((int64_t)(index) + 1)
#define TRACE_ID(dims, index) ((dims)->first_trace_id + (int64_t)(index))
#define FLOW_ID(dims, index) ((dims)->first_flow_id + (int64_t)(index))
#define LANE_ID(dims, index) ((dims)->first_lane_id + (int64_t)(index))

/* 0 or -ENOMEM. */
int dims_init(struct dimensions *dims);
void dims_free(struct dimensions *dims);

/* The next trace, with its header. 0 or -ENOMEM. */
int dims_add_trace(struct dimensions *dims, const struct nst_header *header, uint32_t *ret_trace);

/* True, and its number, if a trace with this uuid was added. */
bool dims_find_trace(const struct dimensions *dims, const uint8_t uuid[16], uint32_t *ret_trace);

/*
 * The numbers of a chunk's lanes, into ret_lanes[dictionaries->n_lanes]; new
 * ones are added. 0 or -ENOMEM.
 */
int dims_map(struct dimensions *dims, uint32_t trace, const struct nst_dictionaries *dictionaries,
	     uint32_t *ret_lanes);

/* The number of one lane, changed so; it is added if it is new. 0 or -ENOMEM. */
int dims_map_lane(struct dimensions *dims, uint32_t trace,
		  const struct nst_dictionaries *dictionaries, const struct nst_lane *lane,
		  const struct lane_change *change, uint32_t *ret_lane);

/* The numbers of flows into ret_flows[n], NO_FLOW for one that was not met before. */
#define NO_FLOW UINT32_MAX
void dims_find_flows(const struct dimensions *dims, uint32_t trace, const struct nst_flow *flows,
		     size_t n, uint32_t *ret_flows);

/* The processes of a set of lane_key.consumers; 0 is the empty one. */
const uint32_t *dims_consumers(const struct dimensions *dims, uint32_t consumers, size_t *ret_n);

static inline const struct lane_key *dims_lane(const struct dimensions *dims, uint32_t lane)
{
	return intern_key(&dims->lanes, lane);
}

/* A process was seen with a name at a time; the latest counts. 0 or -ENOMEM. */
int dims_name_process(struct dimensions *dims, uint32_t process, uint32_t name, uint64_t seen_ns);

/* The number of a name, or of a process of a trace. 0 or -ENOMEM. */
int dims_name(struct dimensions *dims, struct nst_bytes comm, uint32_t *ret_name);
int dims_process(struct dimensions *dims, uint32_t trace, uint32_t pid, uint64_t start_ns,
		 uint32_t *ret_process);

/* The protocol of a flow by name, as protocol_name() has it; "unknown" without a link type. */
const char *flow_protocol_name(uint32_t has, uint8_t protocol, uint16_t ethertype,
			       char name[PROTOCOL_NAME_MAX]);

#endif
