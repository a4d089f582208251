/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which sockets get the packets of which flows, as far as that matters to their owners. */
#ifndef NETSNOOP_RECORD_OWNER_FLOWS_H
#define NETSNOOP_RECORD_OWNER_FLOWS_H

#include "record/idmap.h"
#include "record/owner_change.h"

struct nst_owner;

struct flow {		  /* by its id */
	uint64_t seen_ns; /* its last event in the trace; 0: none yet */
	bool wants_look;  /* at its next event: something may have changed since the last */
	bool is_owned;	  /* it has rows */
	uint64_t over_ns; /* by when the kernel had forgotten it; 0: it has not */
};

/*
 * A socket that gets a flow's packets; by the flow's id. It is active while its
 * flow has had an event since the socket's owner last changed: of a socket with
 * thousands of flows only these may need a row when it changes again.
 */
struct claim {
	struct flow *flow;
	uint64_t socket_id;
	uint64_t joined_ns;	       /* its first packet of the flow's; 0: the flow's first */
	uint64_t shared_start_ns;      /* with shared_pid, whom a row names as one of several */
	uint64_t active_ns;	       /* since that event; 0: since one of any time */
	struct claim *next, *previous; /* of the socket's active ones */
	uint32_t shared_pid;
	uint32_t version; /* of the socket's owner that has been told; 0: none */
	bool is_shared, is_active;
};

struct socket {				    /* by its id; as long as it has claims */
	struct claim *active, *last_active; /* in order of time */
	bool is_dirty;			    /* some active flow has to be told of its change */
	uint32_t n_claims;
	uint32_t version; /* counts its owners; 0: none is known */
	struct owner_change change;
};

/* A row of the trace that still counts for what is to come of its flow; by the flow's id. */
struct told {
	uint64_t from_ns, start_ns, cgroup_id;
	uint32_t has, pid, tid;
	uint8_t what, source, comm_len; /* enum nst_owner_what, enum nst_owner_source */
	char comm[16];
};

struct owner_flows {
	struct idmap flows, claims, sockets, told;
	struct idmap held;    /* changes of flows without events, by the flow's id */
	struct idmap unbound; /* changes of sockets without claims, by the socket's id */
	uint64_t *dirty;      /* ids of sockets */
	size_t n_dirty, dirty_room;
	struct flow *last; /* of the last event */
	uint64_t last_id;
	uint64_t until_ns; /* up to which events have been met */
	uint64_t lost;
};

/* 0 or -ENOMEM. */
int owner_flows_open(struct owner_flows *flows, uint32_t max_flows);
void owner_flows_close(struct owner_flows *flows);

/* The flow, made if it is new. */
struct flow *owner_flow(struct owner_flows *flows, uint64_t id);
void owner_flow_remove(struct owner_flows *flows, struct flow *flow);

/* That socket of the flow, made if it is new; NULL: there is no room for it, or no socket. */
struct claim *owner_claim(struct owner_flows *flows, struct flow *flow,
			  const struct owner_change *change);

/* One socket that is not shared takes the flow from all others that are not. */
void owner_claim_alone(struct owner_flows *flows, struct claim *claim);

/* Remember a row of the flow, in place of the one that it ends. */
void owner_flow_tell(struct owner_flows *flows, const struct nst_owner *row, const char *comm);

/* How many sockets of the flow have had packets, and nobody is known to use them. */
size_t owner_flow_unresolved(const struct owner_flows *flows, const struct flow *flow);

/* Keep a change until the flow has an event. */
void owner_flow_hold(struct owner_flows *flows, struct flow *flow, const struct claim *claim,
		     const struct owner_change *change);

/* Keep a change until a flow of the socket is known. */
void owner_socket_hold(struct owner_flows *flows, const struct owner_change *change);

/* at_ns is not before that of any active one, or 0. */
void claim_activate(struct claim *claim, struct socket *socket, uint64_t at_ns);
void claim_deactivate(struct claim *claim, struct socket *socket);

/* Remember that some flow of the socket has to be told of its change. 0 or -ENOMEM. */
int owner_socket_dirty(struct owner_flows *flows, struct socket *socket);

#endif
