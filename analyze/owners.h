/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose a flow is, from one time to another: the rows of the table OWNER of one
 * trace. They may come in any order, twice, or contradict each other (of two
 * that begin at the same time the later in the file counts): all of it costs
 * n log n, and one look-up log n.
 */
#ifndef NETSNOOP_ANALYZE_OWNERS_H
#define NETSNOOP_ANALYZE_OWNERS_H

#include "format/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum owner_view {
	OWNER_CONSUMED, /* who used the socket in the end */
	OWNER_HELD,	/* who held it when the packet came */
	OWNER_RECORDED, /* as the events were recorded */
};

/* "consumed", "held" or "recorded"; -EINVAL for another name. */
const char *owner_view_name(enum owner_view view);
int owner_view_parse(const char *name, enum owner_view *ret_view);

/* More processes than this that get one and the same packet are left out. */
#define OWNER_CONSUMERS_MAX 128

struct owners;
struct owned; /* a flow's rows */

/* 0 or -ENOMEM. NULL is fine for owners_free(). */
int owners_new(struct owners **ret_owners);
void owners_free(struct owners *owners);

/* Take over rows, which are copied; no look-ups before owners_close(). 0 or -ENOMEM. */
int owners_add(struct owners *owners, const struct nst_owner *rows, size_t n);
int owners_merge(struct owners *into, const struct owners *from); /* neither closed */
int owners_close(struct owners *owners);

/* How many rows there were. */
size_t owners_count(const struct owners *owners);

/* The rows of a flow; NULL: there are none. */
const struct owned *owners_find(const struct owners *owners, uint64_t flow_id);

/* The first time behind time_ns at which the answer of a look-up may be another. */
uint64_t owners_until(const struct owned *owned, uint64_t time_ns);

/* The number of a flow among those that have rows. */
size_t owners_flow_number(const struct owners *owners, const struct owned *owned);
size_t owners_flow_count(const struct owners *owners);

/* The answer of a look-up. */
struct owner_at {
	const struct nst_owner *owner; /* NULL: the event stays as it was recorded */
	/* others who get the same packets; none of them is owner's process */
	const struct nst_owner *consumers[OWNER_CONSUMERS_MAX];
	size_t n_consumers;
	uint64_t until_ns; /* the first time at which the answer may be another */
};

/*
 * To whom events of the flow at time_ns belong that were recorded with an owner
 * or without one.
 */
void owners_at(const struct owned *owned, enum owner_view view, bool has_owner, uint64_t time_ns,
	       struct owner_at *ret_at);

/* False: the row says that it is the kernel's or forwarded, and names no process. */
bool owner_is_process(const struct nst_owner *owner);

/* May events of such a lane belong to another process than was recorded? */
bool owners_may_rebind(const struct nst_lane *lane);

#endif
