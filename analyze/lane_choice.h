/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which lanes bounds on lane, process and flow leave, of those that dims has, and so
 * which chunks need not be decoded: those whose dictionary has none of their flows.
 */
#ifndef NETSNOOP_ANALYZE_LANE_CHOICE_H
#define NETSNOOP_ANALYZE_LANE_CHOICE_H

#include "analyze/dimensions.h"

struct lane_bounds { /* the values are as the tables of schema.sql have them */
	bool has_lane, has_pid, has_flow;
	int64_t lane_id, pid;
	int64_t flow; /* its id in the trace */
};

struct lane_choice {	     /* zeros: everything is chosen */
	bool *lanes, *flows; /* by number in dims, as far as there were any */
	size_t n_lanes, n_flows;
	uint32_t *of_chunk;
	size_t n_of_chunk_allocated;
	bool is_bounded;
};

/* Choose anew. 0 or -ENOMEM. */
int lane_choice_make(struct lane_choice *choice, const struct dimensions *dims,
		     const struct lane_bounds *bounds);
void lane_choice_free(struct lane_choice *choice);

/* Is any lane of the chunk chosen? *ret_any is true where that is not known. 0 or -ENOMEM. */
int lane_choice_look(struct lane_choice *choice, const struct dimensions *dims, uint32_t trace,
		     const struct nst_dictionaries *dictionaries, bool *ret_any);

static inline bool lane_is_chosen(const struct lane_choice *choice, uint32_t lane)
{
	return lane >= choice->n_lanes || choice->lanes[lane];
}

/* The values of a lane. False: it has none. */
bool lane_pid(const struct dimensions *dims, uint32_t lane, int64_t *ret_pid);
bool lane_flow(const struct dimensions *dims, uint32_t lane, int64_t *ret_flow);

#endif
