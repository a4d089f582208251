/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From what becomes known about owners to the trace's rows of them: each says
 * that a flow belongs to a process from some time on. A flow gets rows only if
 * it has events in the trace, and what is known of a socket holds for all of its
 * flows.
 *
 * In each round: owners_met() for the round's events, owners_take() for what
 * became known, owners_settle() with the time up to which events were taken.
 */
#ifndef NETSNOOP_RECORD_OWNERS_H
#define NETSNOOP_RECORD_OWNERS_H

#include <stddef.h>
#include <stdint.h>

struct nst_owner;
struct nst_writer;
struct owner_change;
struct owners;

/*
 * max_flows is what the kernel's table of flows holds at once; memory is bound
 * by it (500 bytes for each flow there is, and at most for 2.5 times as many). 0
 * or -ENOMEM.
 */
int owners_open(struct nst_writer *writer, uint32_t max_flows, struct owners **ret_owners);

/*
 * Give every owner of which a row will be written to sink first. 0, or what ends it.
 */
typedef int (*owner_sink)(void *context, const struct nst_owner *row, const char *comm);
void owners_tell(struct owners *owners, owner_sink sink, void *context);

/* An event of the flow was recorded. 0, -ENOMEM, or what the writer gives. */
int owners_met(struct owners *owners, uint64_t flow_id, uint64_t at_ns);

/*
 * The same, by who asks for the flow again and again and keeps where it was found (NULL at
 * first); what stands there is only followed while it is that flow.
 */
struct flow;
int owners_met_known(struct owners *owners, uint64_t flow_id, uint64_t at_ns, struct flow **known);

/*
 * Packets of the flow that no event tells of are known by a total of an interval that ends
 * at to_ns. 0, -ENOMEM, or what the writer gives.
 */
int owners_met_until(struct owners *owners, uint64_t flow_id, uint64_t to_ns);

/* Something became known; it is copied, and heeded by owners_settle(). 0 or -ENOMEM. */
int owners_take(struct owners *owners, const struct owner_change *change);

/*
 * All events up to until_ns (UINT64_MAX: all there are) have been met: turn what
 * became known up to then into rows, and write the rows that are due.
 * 0, -ENOMEM, or what the writer gives.
 */
int owners_settle(struct owners *owners, uint64_t until_ns);

/* Write the rows that wait, due or not. 0 or what the writer gives. */
int owners_write(struct owners *owners);

/* What comes goes into another file. */
void owners_move(struct owners *owners, struct nst_writer *writer);

/*
 * Write the rows of flows that are not over as far as they count from now on, for a
 * file of its own: what is charged by them is charged as in the files before. 0,
 * -ENOMEM, or what the writer gives.
 */
int owners_describe(const struct owners *owners, struct nst_writer *writer);

/*
 * The kernel has forgotten these flows by at_ns, and all totals up to totals_ns have been
 * met: nothing more comes of them but totals of before at_ns and, of sockets that nobody
 * has used yet, their owners.
 */
void owners_gone(struct owners *owners, const uint64_t *flow_ids, size_t n, uint64_t at_ns,
		 uint64_t totals_ns);

/* What became known and is not in the trace, for want of room. */
uint64_t owners_lost(const struct owners *owners);

/* Writes nothing. NULL is fine. */
void owners_close(struct owners *owners);

#endif
